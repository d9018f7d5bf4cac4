"""The stand-in for `wg` behaves as the real one does, where the program depends on it."""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from sandbox.node import stand_in_wg
from sandbox.node.tunnel import Tunnel, raise_tunnel
from tests.sandbox.node.conftest import needs_root

ONE, OTHER = "A" * 43 + "=", "B" * 42 + "A="


@pytest.fixture(params=["stand-in", pytest.param("real", marks=needs_root)])
async def tunnel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Tunnel]:
    """The same tests run over both, so that the one cannot drift from the other."""
    stand_in = request.param == "stand-in"
    tunnel = await raise_tunnel(f"wgt{uuid4().hex[:8]}", tmp_path, stand_in=stand_in)
    yield tunnel
    await tunnel.close()


def wg(tunnel: Tunnel, *arguments: str, stdin: str = "") -> list[list[str]]:
    output = subprocess.run(
        [tunnel.wg, *arguments], input=stdin, capture_output=True, text=True, check=True
    ).stdout
    return [line.split("\t") for line in output.splitlines()]


def dump(tunnel: Tunnel) -> list[list[str]]:
    return wg(tunnel, "show", tunnel.interface, "dump")


def test_a_new_interface_shows_its_key_and_port(tunnel: Tunnel) -> None:
    [[_private_key, public_key, port, mark]] = dump(tunnel)
    assert (public_key, port, mark) == (tunnel.public_key, str(tunnel.listen_port), "off")


def test_a_peer_without_traffic_is_shown_with_eight_columns(tunnel: Tunnel) -> None:
    addresses = "10.66.0.2/32,fd66::2/128"
    arguments = ("set", tunnel.interface, "peer", ONE, "preshared-key", "/dev/stdin")
    wg(tunnel, *arguments, "allowed-ips", addresses, stdin=OTHER)
    assert dump(tunnel)[1] == [ONE, OTHER, "(none)", addresses, "0", "0", "0", "off"]


def test_an_address_that_a_second_peer_claims_is_silently_taken_from_the_first(
    tunnel: Tunnel,
) -> None:
    for key in (ONE, OTHER):
        wg(tunnel, "set", tunnel.interface, "peer", key, "allowed-ips", "10.66.0.2/32")
    held = {row[0]: row[3] for row in dump(tunnel)[1:]}
    assert held == {ONE: "(none)", OTHER: "10.66.0.2/32"}


def test_removing_a_peer_that_is_not_there_is_no_error(tunnel: Tunnel) -> None:
    wg(tunnel, "set", tunnel.interface, "peer", ONE, "remove")
    assert len(dump(tunnel)) == 1


def test_syncconf_wipes_what_the_file_leaves_out(tunnel: Tunnel) -> None:
    wg(tunnel, "set", tunnel.interface, "peer", ONE, "allowed-ips", "10.66.0.2/32")
    peers_only = f"[Peer]\nPublicKey={OTHER}\nAllowedIPs=10.66.0.3/32\n"
    wg(tunnel, "syncconf", tunnel.interface, "/dev/stdin", stdin=peers_only)
    interface, *peers = dump(tunnel)
    assert interface[0] == "(none)"
    assert [row[0] for row in peers] == [OTHER]


@pytest.mark.skipif(shutil.which("wg") is None, reason="needs Debian's wireguard-tools")
def test_public_keys_are_derived_as_wg_derives_them() -> None:
    for _ in range(20):
        private_key = base64.b64encode(os.urandom(32)).decode()
        real = subprocess.run(
            ["wg", "pubkey"], input=private_key, capture_output=True, text=True, check=True
        )
        assert stand_in_wg.public_key_of(private_key) == real.stdout.strip()


def test_a_command_that_it_does_not_know_fails(tmp_path: Path) -> None:
    command = [sys.executable, "-IS", stand_in_wg.__file__, str(tmp_path / "state")]
    assert subprocess.run([*command, "genkey", "wg0"], check=False).returncode != 0
