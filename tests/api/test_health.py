import asyncio
from dataclasses import replace

import pytest

from api import probes
from api.app import build_app
from api.parts import ApiParts
from api.probes import Probe
from tests.api.conftest import asking


async def works() -> str:
    return "works"


async def fails() -> str:
    raise ConnectionRefusedError("postgresql://user:password@db")


async def hangs() -> str:
    await asyncio.Event().wait()
    return "never"


async def health_with(parts: ApiParts, *asked: Probe) -> tuple[int, dict[str, object]]:
    async with asking(build_app(replace(parts, probes=asked))) as client:
        answer = await client.get("/health")
    return answer.status_code, answer.json()


async def test_with_every_part_working_it_is_ready(parts: ApiParts) -> None:
    status, report = await health_with(parts, Probe(name="database", ask=works))
    assert (status, report["status"]) == (200, "ready")


async def test_a_broken_vital_part_makes_it_not_ready(parts: ApiParts) -> None:
    status, report = await health_with(
        parts, Probe(name="database", ask=fails), Probe(name="temporal", ask=works)
    )
    assert (status, report["status"]) == (503, "not_ready")
    assert report["parts"]["temporal"]["ok"] is True  # type: ignore[index]  # plain JSON
    assert report["parts"]["database"]["detail"] == "ConnectionRefusedError"  # type: ignore[index]


async def test_a_broken_part_that_is_not_vital_degrades_it(parts: ApiParts) -> None:
    status, report = await health_with(
        parts,
        Probe(name="database", ask=works),
        Probe(name="telegram", ask=fails, is_vital=False),
    )
    assert (status, report["status"]) == (200, "degraded")


async def test_a_silent_part_counts_as_broken(
    parts: ApiParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "PATIENCE_SECONDS", 0.01)
    status, report = await health_with(parts, Probe(name="temporal", ask=hangs))
    assert status == 503
    assert report["parts"]["temporal"]["detail"] == "no answer in 0.01 s"  # type: ignore[index]


async def test_it_lives_even_when_nothing_else_does(parts: ApiParts) -> None:
    app = build_app(replace(parts, probes=(Probe(name="database", ask=fails),)))
    async with asking(app) as client:
        assert (await client.get("/health/live")).status_code == 204


async def test_metrics_name_routes_and_never_paths(parts: ApiParts) -> None:
    async with asking(build_app(parts)) as client:
        await client.get("/c/secret-token/wireguard.conf")
        await client.get("/wp-login.php")
        text = (await client.get("/metrics")).text
    assert 'route="/c/{token}/wireguard.conf",status="404"' in text
    assert 'route="unmatched",status="404"' in text
    assert "secret-token" not in text
    assert "wp-login" not in text
