"""What the gateway does when a server is down, hangs, loses the line, or is another machine."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import paramiko
import pytest

from domain.errors import ServerBusy, ServerRefused, ServerUnavailable
from domain.servers import Peer, Server
from infra.ssh import SshConnection
from infra.wireguard import SshPeerGateway
from sandbox.node.client import order, peers_on
from sandbox.node.keys import kept_host_key
from sandbox.node.ready import Ready


async def test_a_server_that_is_down_is_unavailable_and_its_peer_is_added_once_it_is_back(
    gateway: SshPeerGateway, node: Ready, new_peer: Callable[[], Peer]
) -> None:
    peer = new_peer()
    await order(node, "down")
    with pytest.raises(ServerUnavailable, match=r"nl1 \(.*cannot be reached: .*refused"):
        await gateway.ensure_peer(peer)
    await order(node, "up")
    await gateway.ensure_peer(peer)
    assert peer.public_key in {one.public_key for one in await peers_on(node)}


async def test_a_server_that_accepts_and_says_nothing_is_given_up(
    impatient: SshPeerGateway, node: Ready, server: Server
) -> None:
    await order(node, "hang")
    with pytest.raises(ServerUnavailable):
        await impatient.info(server)
    await order(node, "up")
    await impatient.info(server)


async def test_a_held_connection_that_freezes_is_given_up_and_replaced(
    impatient: SshPeerGateway, node: Ready, server: Server
) -> None:
    await impatient.info(server)
    await order(node, "hang")
    with pytest.raises(ServerUnavailable):
        await impatient.info(server)
    await order(node, "up")
    await impatient.info(server)


async def test_a_slow_server_is_waited_for(
    gateway: SshPeerGateway, node: Ready, server: Server
) -> None:
    await order(node, "slow 50")
    assert (await gateway.info(server)).public_key == node.public_key


async def test_a_held_connection_that_was_reset_is_replaced_without_an_error(
    gateway: SshPeerGateway, node: Ready, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gateway.info(server)
    await order(node, "down")
    await order(node, "up")
    # As when the reset has not been heard of yet.
    monkeypatch.setattr(SshConnection, "is_alive", True)
    await gateway.info(server)


async def test_a_server_with_another_host_key_is_refused(
    gateway: SshPeerGateway, server: Server, tmp_path: Path
) -> None:
    other = server.model_copy(update={"ssh_host_key": kept_host_key(tmp_path / "other")})
    with pytest.raises(ServerRefused, match=r"SHA256:.*is not the pinned one"):
        await gateway.info(other)


async def test_a_pinned_key_that_is_none_is_refused(
    gateway: SshPeerGateway, server: Server
) -> None:
    with pytest.raises(ServerRefused, match="pinned host key is malformed"):
        await gateway.info(server.model_copy(update={"ssh_host_key": "ssh-ed25519 ???"}))


async def test_a_key_that_the_server_does_not_know_is_refused(
    strangers_key: Path, server: Server
) -> None:
    gateway = SshPeerGateway(strangers_key)
    with pytest.raises(ServerRefused, match="does not let the shop's SSH key in"):
        await gateway.info(server)
    await gateway.close()


async def test_a_name_that_does_not_resolve_is_unavailable(
    gateway: SshPeerGateway, server: Server
) -> None:
    with pytest.raises(ServerUnavailable):
        await gateway.info(server.model_copy(update={"ssh_host": "nl1.invalid"}))


@pytest.fixture
async def silent_port() -> AsyncIterator[int]:
    """A port that accepts and never speaks."""
    listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    yield listener.sockets[0].getsockname()[1]
    listener.close()


async def test_a_silent_server_keeps_no_other_server_waiting(
    impatient: SshPeerGateway, server: Server, silent_port: int
) -> None:
    silent = server.model_copy(update={"server_id": 2, "ssh_port": silent_port})
    waiting = [asyncio.create_task(impatient.info(silent)) for _ in range(30)]
    await impatient.info(server)
    let_in = [task for task in waiting if not task.done()]
    assert len(let_in) == 2
    await impatient.close()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    kinds = Counter(type(outcome) for outcome in outcomes)
    assert kinds == {ServerUnavailable: 2, ServerBusy: 28}


class NeverGrants(paramiko.ServerInterface):
    """Opens a session and then thinks about the command until the test is over."""

    def __init__(self) -> None:
        self.is_over = threading.Event()

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.is_over.wait()
        return False


@pytest.fixture
def never_grants(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """The port and host key of such a server."""
    host_key = kept_host_key(tmp_path / "host_key")
    listener = socket.create_server(("127.0.0.1", 0))
    answers = NeverGrants()
    transports = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transports.append(paramiko.Transport(connection))
            transports[-1].add_server_key(
                paramiko.Ed25519Key.from_private_key_file(str(tmp_path / "host_key"))
            )
            transports[-1].start_server(event=threading.Event(), server=answers)

    accepting = threading.Thread(target=accept)
    accepting.start()
    yield listener.getsockname()[1], host_key
    answers.is_over.set()
    for transport in transports:
        transport.close()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    accepting.join()


async def test_a_server_that_never_grants_the_command_frees_its_thread(
    impatient: SshPeerGateway, server: Server, never_grants: tuple[int, str]
) -> None:
    port, host_key = never_grants
    stuck = server.model_copy(update={"ssh_port": port, "ssh_host_key": host_key})
    for _ in range(2):
        with pytest.raises(ServerUnavailable, match=r"no answer in 1\.5 s"):
            await impatient.info(stuck)
    threads = [one for one in threading.enumerate() if one.name.startswith("ssh-nl1")]
    await impatient.close()
    await asyncio.gather(*(asyncio.to_thread(one.join) for one in threads))
