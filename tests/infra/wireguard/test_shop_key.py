"""Whoever steals the shop's SSH key can talk to the program, and do nothing else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest

from sandbox.node.ready import Ready


@pytest.fixture
async def thief(node: Ready, shop_key: Path) -> AsyncIterator[asyncssh.SSHClientConnection]:
    host_key = asyncssh.import_known_hosts(f"[127.0.0.1]:{node.port} {node.host_key}\n")
    async with asyncssh.connect(
        "127.0.0.1",
        node.port,
        username=node.ssh_user,
        client_keys=[str(shop_key)],
        known_hosts=host_key,
        agent_path=None,
        config=None,
    ) as connection:
        yield connection


@pytest.mark.parametrize("command", ["cat /etc/passwd", "", "sh -i", "; touch /tmp/owned"])
async def test_any_command_reaches_only_the_program(
    thief: asyncssh.SSHClientConnection, command: str
) -> None:
    done = await thief.run(command, input='{"op": "info"}', timeout=10)
    assert json.loads(str(done.stdout))["ok"] is True


async def test_a_shell_is_the_program_too(thief: asyncssh.SSHClientConnection) -> None:
    done = await thief.run(input="id\n", timeout=10)
    assert json.loads(str(done.stdout))["error"] == "malformed"


async def test_there_is_no_sftp(thief: asyncssh.SSHClientConnection) -> None:
    with pytest.raises((asyncssh.Error, asyncssh.SFTPError)):
        await thief.start_sftp_client()


async def test_there_is_no_terminal(thief: asyncssh.SSHClientConnection) -> None:
    with pytest.raises(asyncssh.ChannelOpenError):
        await thief.create_process(term_type="xterm")


async def test_there_is_no_forwarding_to_elsewhere(
    thief: asyncssh.SSHClientConnection, node: Ready
) -> None:
    with pytest.raises(asyncssh.ChannelOpenError):
        await thief.open_connection("127.0.0.1", node.control_port)


async def test_there_is_no_forwarding_from_elsewhere(thief: asyncssh.SSHClientConnection) -> None:
    with pytest.raises(asyncssh.ChannelListenError):
        await thief.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 1)
