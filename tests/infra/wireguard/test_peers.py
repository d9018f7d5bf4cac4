"""What the gateway does on a server that is well."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from domain.errors import PeerSuperseded, ServerRefused, ServerUnavailable, SettingsError
from domain.reconciling import DepartedPeer, PeerSet
from domain.servers import Peer, PeerRemoval, Server
from infra.admission import LineLimits
from infra.peer_sets import sync_requests
from infra.ssh import SshConnection
from infra.wireguard import SshPeerGateway
from sandbox.node.client import peers_on
from sandbox.node.process import running_node
from sandbox.node.ready import Ready


def removal_of(peer: Peer, revision: int) -> PeerRemoval:
    return PeerRemoval(server=peer.server, public_key=peer.public_key, revision=revision)


async def keys_on(node: Ready) -> set[str]:
    return {peer.public_key for peer in await peers_on(node)}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[SshConnection]:
    """Every connection that the gateway makes."""
    connections = []
    real = SshConnection.open

    def watched(*arguments: object) -> SshConnection:
        connections.append(real(*arguments))  # type: ignore[arg-type]  # passed on as they are
        return connections[-1]

    monkeypatch.setattr(SshConnection, "open", watched)
    return connections


async def test_an_ensured_peer_is_on_the_server_with_its_addresses_and_its_secret(
    gateway: SshPeerGateway, node: Ready, new_peer: Callable[[], Peer]
) -> None:
    peer = new_peer()
    await gateway.ensure_peer(peer)
    held = {one.public_key: one for one in await peers_on(node)}[peer.public_key]
    assert held.allowed_ips == (f"{peer.ipv4}/32", f"{peer.ipv6}/128")
    assert held.has_preshared_key


async def test_a_removed_peer_is_gone_and_a_repeat_changes_nothing(
    gateway: SshPeerGateway, node: Ready, new_peer: Callable[[], Peer]
) -> None:
    peer = new_peer()
    for _ in range(2):
        await gateway.ensure_peer(peer)
    for _ in range(2):
        await gateway.remove_peer(removal_of(peer, revision=2))
    assert peer.public_key not in await keys_on(node)


async def test_an_add_that_dawdled_until_after_the_removal_is_refused(
    gateway: SshPeerGateway, node: Ready, new_peer: Callable[[], Peer]
) -> None:
    peer = new_peer()
    await gateway.remove_peer(removal_of(peer, revision=2))
    with pytest.raises(ServerRefused, match="stale: revision 2"):
        await gateway.ensure_peer(peer)
    assert peer.public_key not in await keys_on(node)


async def test_an_address_of_another_customer_is_refused(
    gateway: SshPeerGateway, node: Ready, new_peer: Callable[[], Peer]
) -> None:
    first, thief = new_peer(), new_peer()
    await gateway.ensure_peer(first)
    with pytest.raises(ServerRefused, match="belongs to another peer"):
        await gateway.ensure_peer(thief.model_copy(update={"ipv4": first.ipv4}))
    held = {one.public_key: one for one in await peers_on(node)}
    assert held[first.public_key].allowed_ips == (f"{first.ipv4}/32", f"{first.ipv6}/128")
    assert thief.public_key not in held


async def test_info_tells_what_the_ledger_can_be_compared_with(
    gateway: SshPeerGateway, node: Ready, server: Server
) -> None:
    info = await gateway.info(server)
    assert (info.interface, info.public_key) == (node.interface, node.public_key)
    assert info.listen_port == node.listen_port
    assert info.peer_count == len(await peers_on(node))


async def test_a_peer_that_never_connected_has_counters_of_nothing(
    gateway: SshPeerGateway, server: Server, new_peer: Callable[[], Peer]
) -> None:
    peer = new_peer()
    await gateway.ensure_peer(peer)
    counters = {one.public_key: one for one in await gateway.statistics(server)}
    never = counters[peer.public_key]
    assert (never.endpoint, never.latest_handshake) == (None, None)
    assert (never.received_bytes, never.sent_bytes) == (0, 0)


async def test_a_set_puts_back_what_is_missing_and_leaves_a_stranger_until_told(
    gateway: SshPeerGateway, node: Ready, server: Server, new_peer: Callable[[], Peer]
) -> None:
    stranger, lost, departed = new_peer(), new_peer(), new_peer()
    for peer in (stranger, departed):
        await gateway.ensure_peer(peer)
    listing = await gateway.listing(server)
    gone = DepartedPeer(public_key=departed.public_key, revision=2, was_gone=True)
    others = tuple(listing.keys - {departed.public_key})
    wanted = PeerSet(
        generation=listing.generation + 1,
        as_of=listing.serial,
        peers=(lost,),
        departed=(gone,),
        spared=others,
        astray=frozenset({lost.public_key}),
        version=listing.version,
    )
    await gateway.sync(server, wanted)
    assert await keys_on(node) == {*others, lost.public_key}
    with pytest.raises(PeerSuperseded):
        await gateway.sync(server, wanted.model_copy(update={"generation": listing.generation}))
    later = (await gateway.listing(server)).serial
    await gateway.sync(server, wanted.model_copy(update={"spared": (), "as_of": later}))
    assert await keys_on(node) == {lost.public_key}


async def test_a_listing_tells_the_file_and_the_interface(
    gateway: SshPeerGateway, server: Server, new_peer: Callable[[], Peer]
) -> None:
    peer = new_peer()
    await gateway.ensure_peer(peer)
    listing = await gateway.listing(server)
    (saved,) = (one for one in listing.saved if one.public_key == peer.public_key)
    assert (saved.ipv4, saved.ipv6, saved.revision) == (peer.ipv4, peer.ipv6, peer.revision)
    assert listing.live[peer.public_key] == {f"{peer.ipv4}/32", f"{peer.ipv6}/128"}


def test_an_old_program_is_told_of_strangers_peer_by_peer(new_peer: Callable[[], Peer]) -> None:
    kept, lost = new_peer(), new_peer()
    wanted = PeerSet(
        generation=3,
        as_of=7,
        peers=(kept, lost),
        departed=(DepartedPeer(public_key=kept.public_key, revision=2, was_gone=False),),
        spared=("stranger",),
        astray=frozenset({lost.public_key}),
        version="1.1.0",
    )
    requests = list(sync_requests(wanted))
    assert [request["op"] for request in requests] == ["remove", "add"]
    assert requests[1]["public_key"] == lost.public_key
    (whole,) = sync_requests(wanted.model_copy(update={"spared": ()}))
    assert set(whole) == {"op", "generation", "as_of", "peers"}


async def test_a_peers_speed_is_told_and_listed(
    gateway: SshPeerGateway, server: Server, new_peer: Callable[[], Peer]
) -> None:
    peer = new_peer().model_copy(update={"speed_mbit": 50})
    await gateway.ensure_peer(peer)
    listing = await gateway.listing(server)
    assert listing.limits_speeds
    assert {one.public_key: one.speed_mbit for one in listing.saved}[peer.public_key] == 50


def test_a_set_tells_of_speeds_only_whom_that_means_something(
    new_peer: Callable[[], Peer],
) -> None:
    limited, free = new_peer().model_copy(update={"speed_mbit": 50}), new_peer()
    wanted = PeerSet(
        generation=3,
        as_of=7,
        peers=(limited, free),
        departed=(),
        spared=(),
        astray=frozenset(),
        version="1.3.0",
    )
    (told,) = sync_requests(wanted)
    assert [peer.get("speed_mbit") for peer in told["peers"]] == [50, None]
    (old,) = sync_requests(wanted.model_copy(update={"version": "1.2.0"}))
    assert all("speed_mbit" not in peer for peer in old["peers"])


def write_older(program: Path) -> str:
    """A program from before speeds; the present one."""
    known = Path("infra/node/wgshop_peer.py").read_text()
    older = known.replace('PEER_DEFAULTS = {"speed_mbit": None}', "PEER_DEFAULTS = {}")
    program.write_text(older.replace('fields["speed_mbit"]', "None").replace('"1.3.0"', '"1.2.0"'))
    return known


async def test_a_program_that_knows_no_speeds_serves_the_customer_all_the_same(
    gateway: SshPeerGateway,
    server: Server,
    shop_key: Path,
    tmp_path: Path,
    new_peer: Callable[[], Peer],
) -> None:
    program = tmp_path / "wgshop_peer.py"
    known = write_older(program)
    public_key = shop_key.with_suffix(".pub").read_text()
    peer = new_peer().model_copy(update={"speed_mbit": 50})
    async with running_node(tmp_path / "data", public_key, program, stand_in=True) as node:
        old = {"server_id": 2, "ssh_port": node.port, "ssh_host_key": node.host_key}
        there = server.model_copy(update=old)
        await gateway.ensure_peer(peer.model_copy(update={"server": there}))
        assert await keys_on(node) == {peer.public_key}
        assert not (await gateway.listing(there)).limits_speeds
        program.write_text(known)
        await gateway.ensure_peer(peer.model_copy(update={"server": there}))
        (saved,) = (await gateway.listing(there)).saved
        assert saved.speed_mbit == 50


async def test_calls_one_after_the_other_share_a_connection(
    gateway: SshPeerGateway, server: Server, opened: list[SshConnection]
) -> None:
    for _ in range(3):
        await gateway.info(server)
    assert len(opened) == 1


async def test_many_calls_at_once_are_carried_by_a_few_connections(
    gateway: SshPeerGateway,
    node: Ready,
    new_peer: Callable[[], Peer],
    opened: list[SshConnection],
) -> None:
    peers = [new_peer() for _ in range(LineLimits().room)]
    await asyncio.gather(*(gateway.ensure_peer(peer) for peer in peers))
    assert {peer.public_key for peer in peers} <= await keys_on(node)
    assert len(opened) <= LineLimits().calls


async def test_a_server_whose_record_changed_is_reached_at_its_new_port(
    gateway: SshPeerGateway, server: Server, unused_port: int
) -> None:
    with pytest.raises(ServerUnavailable):
        await gateway.info(server.model_copy(update={"ssh_port": unused_port}))
    await gateway.info(server)


async def test_a_server_without_its_program_says_what_to_check(
    gateway: SshPeerGateway, server: Server, shop_key: Path, tmp_path: Path
) -> None:
    program = tmp_path / "wgshop_peer.py"
    shutil.copy("infra/node/wgshop_peer.py", program)
    public_key = shop_key.with_suffix(".pub").read_text()
    async with running_node(tmp_path / "data", public_key, program, stand_in=True) as broken:
        program.unlink()
        bare = {"ssh_port": broken.port, "ssh_host_key": broken.host_key}
        with pytest.raises(ServerUnavailable, match=r"No such file.*check that it is installed"):
            await gateway.info(server.model_copy(update=bare))


async def test_a_closed_gateway_takes_no_more_calls(shop_key: Path, server: Server) -> None:
    gateway = SshPeerGateway(shop_key)
    await gateway.info(server)
    await gateway.close()
    with pytest.raises(ServerUnavailable, match="stopping"):
        await gateway.info(server)


def test_the_key_may_be_given_as_text_or_as_a_file_and_must_be_one(
    shop_key: Path, tmp_path: Path
) -> None:
    SshPeerGateway(SecretStr(shop_key.read_text()))
    with pytest.raises(SettingsError, match="is not an ed25519 key"):
        SshPeerGateway(SecretStr("not a key"))
    with pytest.raises(SettingsError, match="missing"):
        SshPeerGateway(tmp_path / "missing")
