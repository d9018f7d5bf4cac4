"""What `wgshop server list` prints, on a real database."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.keyring import KeyRing
from infra.postgres.pool import Pool
from tests.infra.postgres.shop import Shop
from tests.infra.wireguard.conftest import write_key
from workers.cli import app

KEYS = KeyRing.generate_entry("test")


async def test_each_server_has_a_line_with_its_traffic(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_key(tmp_path / "shop")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENCRYPTION_KEYS", KEYS)
    monkeypatch.setenv("VPN_SSH_KEY_FILE", str(tmp_path / "shop"))
    shop = Shop(pool, KeyRing.parse(KEYS))
    server_id = await shop.server("nl1")
    await shop.server("de1", location="de", network_v4="10.67.0.0/24")
    grant = await shop.buy(await shop.customer())
    await pool.execute(
        """
        insert into device_traffic values ($1, $2, 345000000, 12000000000, now(), 'key', 0, 0)
        """,
        grant.device_id,
        server_id,
    )

    result = await asyncio.to_thread(CliRunner().invoke, app, ["server", "list"])

    assert result.exit_code == 0, result.output
    head, de1, nl1 = result.stdout.splitlines()
    at = head.index("traffic")
    assert de1[at:].startswith("0 KB ")
    assert nl1[at:].startswith("12.3 GB ")
