"""A real server and a real ledger: whole again after one reconcile, whatever happens beside it."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest

from activities.reconciling import ReconcileActivities
from domain.errors import ServerUnavailable
from domain.reconciling import Drift, PeerSet, ReconcileOrder
from domain.servers import Peer, Server
from infra.keyring import KeyRing
from infra.postgres.pool import Pool
from infra.postgres.reconciling import PostgresReconcileLedger
from infra.postgres.servers import ServerRegistration
from infra.wireguard import SshPeerGateway
from sandbox.node.client import peers_on
from sandbox.node.ready import Ready, SshKind
from tests.infra.postgres.shop import MONTH, NOW, Shop
from tests.infra.wireguard.conftest import gateway, node, running, server, shop_key

__all__ = ["gateway", "node", "running", "server", "shop_key"]

pytestmark = pytest.mark.parametrize("running", [SshKind.ASYNCSSH], indirect=True)


class Desk:
    """A shop with one server, and an operator who looks at it."""

    def __init__(self, shop: Shop, activities: ReconcileActivities, server: Server) -> None:
        self.shop, self.activities, self.server = shop, activities, server
        self.order = ReconcileOrder(server_id=server.server_id, slug=server.slug)

    async def customer(self) -> Peer:
        """A customer whose peer the server has confirmed."""
        peer = await self.bought()
        await self.set_up(peer)
        return peer

    async def bought(self) -> Peer:
        grant = await self.shop.buy(await self.shop.customer())
        return await self.shop.access.placed_peer(grant.device_id)

    async def set_up(self, peer: Peer) -> None:
        await self.activities.gateway.ensure_peer(peer)
        await self.shop.setups.confirm_peer(peer.device_id, peer.revision)

    async def loses_everything(self) -> None:
        """As a machine that was installed anew, and whose generation is ahead of the ledger's."""
        listing = await self.activities.gateway.listing(self.server)
        nothing = PeerSet(
            generation=listing.generation + 5,
            as_of=listing.serial,
            peers=(),
            departed=(),
            spared=(),
            astray=frozenset(),
            version=listing.version,
        )
        await self.activities.gateway.sync(self.server, nothing)

    async def reconciled(self) -> Drift:
        return (await self.activities.reconcile(self.order)).drift


@pytest.fixture
async def desk(
    pool: Pool, key_ring: KeyRing, gateway: SshPeerGateway, server: Server
) -> AsyncIterator[Desk]:
    shop = Shop(pool, key_ring)
    server_id = await shop.servers.register(
        ServerRegistration(
            server=server,
            network_v4=IPv4Network("10.66.0.0/24"),
            network_v6=IPv6Network("fd66::/64"),
            capacity=50,
        )
    )
    ledger = PostgresReconcileLedger(pool, key_ring)
    desk = Desk(
        shop,
        ReconcileActivities(ledger, gateway),
        server.model_copy(update={"server_id": server_id}),
    )
    yield desk
    await desk.loses_everything()


async def keys_on(node: Ready) -> set[str]:
    return {peer.public_key for peer in await peers_on(node)}


async def test_a_server_that_lost_its_peers_is_whole_after_one_reconcile(
    desk: Desk, node: Ready
) -> None:
    held = {(await desk.customer()).public_key for _ in range(3)}
    await desk.loses_everything()
    assert await keys_on(node) == set()
    assert await desk.reconciled() == Drift(missing=3)
    assert await keys_on(node) == held
    assert await desk.reconciled() == Drift()


async def test_what_an_old_backup_brought_back_leaves_again(desk: Desk, node: Ready) -> None:
    peer = await desk.customer()
    grant = await desk.shop.buy(await desk.shop.customer())
    gone = await desk.shop.access.placed_peer(grant.device_id)
    await desk.set_up(gone)
    # The ledger has it that the server confirmed the removal; the server has forgotten that.
    await desk.shop.leave(grant, NOW + MONTH)
    assert await desk.reconciled() == Drift(returned=1)
    assert await keys_on(node) == {peer.public_key}


async def test_a_purchase_beside_it_is_not_undone(desk: Desk, node: Ready) -> None:
    held = [await desk.customer()]
    for _ in range(3):
        peer = await desk.bought()
        await asyncio.gather(desk.reconciled(), desk.set_up(peer))
        held.append(peer)
    assert await keys_on(node) == {peer.public_key for peer in held}


async def test_several_at_once_leave_what_the_ledger_says(desk: Desk, node: Ready) -> None:
    held = {(await desk.customer()).public_key for _ in range(2)}
    await desk.loses_everything()
    outcomes = await asyncio.gather(*(desk.reconciled() for _ in range(4)), return_exceptions=True)
    assert {type(one) for one in outcomes} <= {Drift, ServerUnavailable}
    assert await keys_on(node) == held


async def test_a_stranger_stays_until_an_operator_says_otherwise(desk: Desk, node: Ready) -> None:
    peer = await desk.customer()
    stranger = peer.model_copy(
        update={
            "public_key": "S" * 42 + "A=",
            "ipv4": IPv4Address("10.66.0.77"),
            "ipv6": IPv6Address("fd66::77"),
        }
    )
    await desk.activities.gateway.ensure_peer(stranger)
    for _ in range(2):
        assert await desk.reconciled() == Drift(strangers=(stranger.public_key,))
    assert await keys_on(node) == {peer.public_key, stranger.public_key}
    desk.order = desk.order.model_copy(update={"removes_strangers": True})
    assert await desk.reconciled() == Drift(strangers=(stranger.public_key,))
    assert await keys_on(node) == {peer.public_key}
    assert await desk.reconciled() == Drift()


class DiesAfterwards(SshPeerGateway):
    """Its process is killed once the server has been told."""

    async def sync(self, server: Server, wanted: PeerSet) -> None:
        await super().sync(server, wanted)
        raise ServerUnavailable("killed")


async def test_killed_before_it_could_say_so_what_it_mended_is_still_counted(
    desk: Desk, node: Ready, gateway: SshPeerGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await desk.customer()
    await desk.loses_everything()
    with monkeypatch.context() as dying:
        dying.setattr(gateway, "__class__", DiesAfterwards)
        with pytest.raises(ServerUnavailable, match="killed"):
            await desk.reconciled()
    assert await keys_on(node) == {peer.public_key}
    assert await desk.reconciled() == Drift(missing=1)
    assert await desk.reconciled() == Drift()
