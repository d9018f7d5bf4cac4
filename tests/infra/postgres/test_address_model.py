"""Whatever happens in whatever order, no server is ever told to hold one address for two.

The ledger is the real one, the servers decide by the real server-side program's rules, and the
messages between them are late, repeated and out of order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import AccessEnded, NoFreeAddress
from domain.ids import UserId
from domain.servers import Peer, PeerRemoval
from domain.subscriptions import Grant, PlacedPeer
from infra.keyring import KeyRing
from infra.node import wgshop_peer as node
from infra.postgres.pool import Pool
from tests.infra.postgres.shop import NOW, Shop

CUSTOMERS = 4
SERVERS = ("nl1", "nl2")
"""Two addresses each: everybody fits, and a move or a return may not."""

whose = st.integers(0, CUSTOMERS - 1)
which = st.integers(0, 20)
steps = st.one_of(
    st.tuples(st.sampled_from(("buy", "end", "move", "place")), whose),
    st.tuples(st.sampled_from(("add", "remove")), which),
)


@dataclass
class Fleet:
    """The servers, and the messages that are still on their way to them."""

    states: dict[str, node.State] = field(
        default_factory=lambda: {slug: node.State() for slug in SERVERS}
    )
    adds: list[Peer] = field(default_factory=list)
    removals: list[PlacedPeer] = field(default_factory=list)

    def add(self, peer: Peer) -> None:
        wanted = node.Peer(peer.public_key, "", str(peer.ipv4), str(peer.ipv6), peer.revision)
        _decide(lambda: node.add(self.states[peer.server.slug], wanted))

    def remove(self, removal: PeerRemoval) -> None:
        state = self.states[removal.server.slug]
        _decide(lambda: node.remove(state, removal.public_key, removal.revision, now=0))


def _decide(decision: Callable[[], bool]) -> None:
    """A stale word is ignored; a shared address or two meanings of one revision is a failure."""
    try:
        decision()
    except node.Refusal as refusal:
        if refusal.error != "stale":
            raise


class Story:
    """One sequence of steps and what it has led to."""

    def __init__(self, shop: Shop, customers: list[UserId]) -> None:
        self.shop = shop
        self.customers = customers
        self.fleet = Fleet()
        self.now: datetime = NOW
        self.grants: dict[int, Grant] = {}

    async def buy(self, who: int) -> None:
        self.grants[who] = await self.shop.buy(self.customers[who], self.now)

    async def end(self, who: int) -> None:
        if who in self.grants:
            grant = self.grants[who]
            self.now = max(self.now, grant.expires_at)
            self.fleet.removals += await self.shop.end(grant, grant.expires_at)

    async def place(self, who: int) -> None:
        if who in self.grants:
            self.fleet.adds.append(await self.shop.access.placed_peer(self.grants[who].device_id))

    async def move(self, who: int) -> None:
        if who in self.grants:
            device_id = self.grants[who].device_id
            place = await self.shop.address_of(device_id)
            move = await self.shop.access.move_device(device_id, place and place[0])
            if move.left is not None:
                self.fleet.removals.append(move.left)

    async def add(self, number: int) -> None:
        if self.fleet.adds:
            self.fleet.add(self.fleet.adds[number % len(self.fleet.adds)])

    async def remove(self, number: int) -> None:
        if self.fleet.removals:
            placed = self.fleet.removals[number % len(self.fleet.removals)]
            self.fleet.remove(await self.shop.access.removal(placed))
            await self.shop.access.confirm_removal(placed)

    async def settle(self) -> None:
        """Every message arrives after all, in whatever order."""
        for placed in self.fleet.removals:
            self.fleet.remove(await self.shop.access.removal(placed))
            await self.shop.access.confirm_removal(placed)
        for peer in self.fleet.adds:
            self.fleet.add(peer)


async def _empty(pool: Pool) -> None:
    # `payments` refuses to be emptied, as it must; a replica's session does not ask triggers.
    await pool.execute(
        "set session_replication_role = replica; "
        "truncate users, vpn_servers, subscriptions cascade; "
        "reset session_replication_role"
    )


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps, min_size=8, max_size=30))
async def test_no_order_of_events_gives_one_address_to_two_devices(
    pool: Pool, key_ring: KeyRing, script: list[tuple[str, int]]
) -> None:
    await _empty(pool)
    shop = Shop(pool, key_ring)
    for slug in SERVERS:
        await shop.server(slug, capacity=2)
    story = Story(shop, [await shop.customer() for _ in range(CUSTOMERS)])
    for step, subject in script:
        try:
            await getattr(story, step)(subject)
        except (NoFreeAddress, AccessEnded):
            continue
    await story.settle()
    for slug, state in story.fleet.states.items():
        for peer in state.peers.values():
            holder = await pool.fetchval(
                """
                select d.public_key from tunnel_addresses
                join devices d using (device_id) join vpn_servers using (server_id)
                where slug = $1 and ipv4 = $2::inet and is_wanted
                """,
                slug,
                peer.ipv4,
            )
            assert holder == peer.public_key
