"""The canary tells a server that serves customers from one that only looks alive."""

import os
import shutil
import socket
from pathlib import Path
from uuid import uuid4

import pytest

from domain.canaries import Canary, Handshake
from domain.obfuscation import Obfuscation
from infra.canary.probe import ProbePatience, probe
from infra.wireguard_keys import new_device_keys
from sandbox.node.commands import run
from sandbox.node.tunnel import raise_tunnel
from tests.infra.canary.conftest import DISGUISE, Answering, server_at

HASTY = ProbePatience(tries=2, answer=0.2)


@pytest.mark.parametrize("disguise", [None, DISGUISE], ids=["wireguard", "amneziawg"])
async def test_a_server_that_serves_is_greeted_and_carries_a_question(
    canary: Canary, answering: Answering, disguise: Obfuscation | None
) -> None:
    async with answering(disguise) as (server, responder):
        report = await probe(canary, server)
    assert (report.handshake, report.passes) == (Handshake.ANSWERED, True)
    assert report.is_well
    assert report.took
    assert responder.noise == (0 if disguise is None else disguise.jc)


async def test_a_server_that_shakes_hands_and_carries_nothing_is_not_well(
    canary: Canary, answering: Answering
) -> None:
    async with answering(None) as (server, responder):
        responder.has_resolver = False
        report = await probe(canary, server, HASTY)
    assert (report.handshake, report.passes) == (Handshake.ANSWERED, False)
    assert not report.is_well


@pytest.mark.parametrize("changed", ["s1", "s2", "h1", "h2"])
async def test_a_disguise_that_differs_in_one_number_gets_no_answer(
    canary: Canary, answering: Answering, changed: str
) -> None:
    async with answering(DISGUISE) as (server, _):
        other = DISGUISE.model_copy(update={changed: getattr(DISGUISE, changed) + 100})
        report = await probe(canary, server.model_copy(update={"obfuscation": other}), HASTY)
    assert report.handshake is Handshake.SILENT


async def test_a_server_under_load_is_told_from_a_silent_one(
    canary: Canary, answering: Answering
) -> None:
    async with answering(None) as (server, responder):
        responder.is_under_load = True
        report = await probe(canary, server, HASTY)
    assert report.handshake is Handshake.LOADED
    assert "under load" in report.detail


async def test_a_server_with_another_preshared_key_is_not_believed(
    canary: Canary, answering: Answering
) -> None:
    other = canary.model_copy(
        update={
            "keys": canary.keys.model_copy(
                update={"preshared_key": new_device_keys().preshared_key}
            )
        }
    )
    async with answering(None) as (server, _):
        report = await probe(other, server, HASTY)
    assert report.handshake is Handshake.SILENT


async def test_a_port_where_nobody_listens_is_unreachable(canary: Canary) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
    report = await probe(canary, server_at(port, canary.keys.public_key), HASTY)
    assert report.handshake is Handshake.UNREACHABLE
    assert f"127.0.0.1:{port}" in report.detail


async def test_a_name_that_does_not_resolve_is_unreachable(canary: Canary) -> None:
    server = server_at(1, canary.keys.public_key)
    nowhere = server.model_copy(update={"endpoint_host": "nl1.invalid"})
    report = await probe(canary, nowhere, HASTY)
    assert report.handshake is Handshake.UNREACHABLE


@pytest.mark.root
@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("wg") or not shutil.which("ip"),
    reason="needs root and Debian's wireguard-tools, wireguard-go and iproute2",
)
async def test_wireguard_itself_takes_the_canary_for_a_peer(canary: Canary, tmp_path: Path) -> None:
    tunnel = await raise_tunnel(f"wgc{uuid4().hex[:8]}", tmp_path, stand_in=False)
    server = server_at(tunnel.listen_port, tunnel.public_key).model_copy(update={"dns": ()})
    wg = ["wg", "set", tunnel.interface, "peer", canary.keys.public_key]
    preshared = canary.keys.preshared_key.get_secret_value()
    try:
        assert (await probe(canary, server, HASTY)).handshake is Handshake.SILENT
        secret = ("preshared-key", "/dev/stdin")
        await run(*wg, *secret, "allowed-ips", f"{canary.ipv4}/32", stdin=preshared.encode())
        for _ in range(2):
            report = await probe(canary, server)
            assert (report.handshake, report.passes) == (Handshake.ANSWERED, None)
        shown = await run("wg", "show", tunnel.interface, "dump")
        assert int(shown.splitlines()[1].split("\t")[4]) > 0, "the session was confirmed"
    finally:
        await tunnel.close()
