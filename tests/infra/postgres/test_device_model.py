"""Whatever dies at whatever step, servers end up with each device's newest key and no other.

The ledger and the steps are the real ones, the servers decide by the real server-side program's
rules. Messages to them are lost before or after they are carried out, or come much later; work that
was begun is begun again at any time, also when it is long out of date.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.vpn import VpnActivities
from domain.devices import DeviceWork, SetupOutcome
from domain.errors import AccessEnded, DeviceRefused, NoFreeAddress, PeerSuperseded
from domain.errors import ServerUnavailable as Lost
from domain.ids import DeviceId, UserId
from domain.locations import LocationOrder
from domain.servers import Peer, PeerRemoval
from infra.keyring import KeyRing
from infra.node import wgshop_peer as node
from infra.postgres.pool import Pool
from tests.infra.postgres.shop import NOW, Shop

SERVERS = ("nl1", "de1")
FATES = ("fine", "fine", "lost before", "lost after", "late")

who = st.integers(0, 1)
which = st.integers(0, 20)
steps = st.one_of(
    st.tuples(st.sampled_from(("buy", "add", "end", "work")), who, which),
    st.tuples(st.sampled_from(("leak", "drop", "move", "go")), who, which),
    st.tuples(st.sampled_from(("allow", "arrive", "again")), st.just(0), which),
)


@dataclass
class Fleet:
    """Servers behind a bad line; fulfils the part of `PeerGateway` that changes them."""

    fates: list[str] = field(default_factory=list)
    """What becomes of the next messages; after the last all goes well."""
    states: dict[str, node.State] = field(
        default_factory=lambda: {slug: node.State() for slug in SERVERS}
    )
    late: list[Callable[[], bool]] = field(default_factory=list)

    async def ensure_peer(self, peer: Peer) -> None:
        wanted = node.Peer(peer.public_key, "", str(peer.ipv4), str(peer.ipv6), peer.revision)
        self._send(lambda: node.add(self.states[peer.server.slug], wanted))

    async def remove_peer(self, removal: PeerRemoval) -> None:
        state = self.states[removal.server.slug]
        self._send(lambda: node.remove(state, removal.public_key, removal.revision, now=0))

    def arrive(self, message: Callable[[], bool]) -> None:
        """A stale word is refused; a shared address or two meanings of one revision is a bug."""
        try:
            message()
        except node.Refusal as refusal:
            if refusal.error != "stale":
                raise
            raise PeerSuperseded(refusal.detail) from refusal

    def _send(self, message: Callable[[], bool]) -> None:
        fate = self.fates.pop(0) if self.fates else "fine"
        if fate == "late":
            self.late.append(message)
        if fate in {"late", "lost before"}:
            raise Lost(fate)
        self.arrive(message)
        if fate == "lost after":
            raise Lost(fate)


class Story:
    """Two customers' devices, and all work that was ever begun."""

    def __init__(self, shop: Shop, customers: list[UserId]) -> None:
        self.shop = shop
        self.customers = customers
        self.fleet = Fleet()
        self.steps = VpnActivities(shop.access, shop.setups, self.fleet)  # type: ignore[arg-type]
        self.now: datetime = NOW
        self.begun: list[DeviceWork] = []

    async def buy(self, customer: UserId, _: int) -> None:
        grant = await self.shop.buy(customer, self.now)
        await self.shop.pool.execute("update purchases set stage = 'done'")
        self.begun.append(await self.shop.setups.work(grant.subscription_id))

    async def end(self, customer: UserId, _: int) -> None:
        subscription = await self.shop.access.subscription_of(customer)
        if subscription is not None:
            self.now = max(self.now, subscription.expires_at)
            ending = await self.shop.access.end_subscription(subscription.subscription_id, self.now)
            self.begun.append(DeviceWork(removals=ending.removals))

    async def add(self, customer: UserId, _: int) -> None:
        device_id = DeviceId(uuid4())
        self.begun.append(await self.shop.devices.add(customer, device_id, "Phone", self.now))

    async def leak(self, customer: UserId, number: int) -> None:
        device_id, revision = await self._one(customer, number)
        self.begun.append(await self.shop.devices.reissue(customer, device_id, revision, self.now))

    async def drop(self, customer: UserId, number: int) -> None:
        device_id, _ = await self._one(customer, number)
        self.begun.append(await self.shop.devices.remove(customer, device_id, self.now))

    async def move(self, customer: UserId, number: int) -> None:
        device_id, _ = await self._one(customer, number)
        place = await self.shop.address_of(device_id)
        move = await self.shop.access.move_device(device_id, place and place[0])
        if move.left is not None:
            self.begun.append(DeviceWork(removals=(move.left,)))

    async def go(self, customer: UserId, number: int) -> None:
        device_id, revision = await self._one(customer, number)
        place = await self.shop.address_of(device_id)
        subscription = await self.shop.access.subscription_of(customer)
        assert subscription is not None
        order = LocationOrder(
            subscription_id=subscription.subscription_id,
            user_id=customer,
            device_id=device_id,
            revision=revision,
            location="nl" if place and place[0] == "de1" else "de",
        )
        self.begun.append(await self.shop.devices.change_location(order, self.now))

    async def work(self, customer: UserId, number: int) -> None:
        """What is to be done for the customer, over a line that fails somewhere."""
        self.fleet.fates = [FATES[(number * step) % len(FATES)] for step in range(1, 7)]
        subscription = await self.shop.access.subscription_of(customer)
        if subscription is not None:
            await self.carry_out(await self.shop.setups.work(subscription.subscription_id))
        self.fleet.fates = []

    async def again(self, _: UserId, number: int) -> None:
        """Work that was begun at any time is begun once more."""
        if self.begun:
            await self.carry_out(self.begun[number % len(self.begun)])

    async def arrive(self, _: UserId, number: int) -> None:
        """A message that was held up comes after all."""
        if self.fleet.late:
            message = self.fleet.late.pop(number % len(self.fleet.late))
            with suppress(PeerSuperseded):
                self.fleet.arrive(message)

    async def allow(self, _: UserId, number: int) -> None:
        await self.shop.allow_devices(number % 3 + 1)

    async def carry_out(self, work: DeviceWork) -> None:
        for turn in work.setups:
            with suppress(Lost, NoFreeAddress):
                if await self.steps.set_up_device(turn) is SetupOutcome.HELD:
                    for placed in await self.shop.setups.left_behind(turn.device_id):
                        await self.steps.remove_peer(placed)
        for placed in work.removals:
            with suppress(Lost):
                await self.steps.remove_peer(placed)

    async def come_to_rest(self) -> None:
        """Everything that was begun, and everything that is late, is carried out in the end."""
        for message in self.fleet.late:
            with suppress(PeerSuperseded):
                self.fleet.arrive(message)
        for work in self.begun:
            await self.carry_out(work)
        for customer in self.customers:
            subscription = await self.shop.access.subscription_of(customer)
            if subscription is not None:
                await self.carry_out(await self.shop.setups.work(subscription.subscription_id))

    async def _one(self, customer: UserId, number: int) -> tuple[DeviceId, int]:
        shelf = await self.shop.devices.shelf(customer)
        if shelf is None:
            raise AccessEnded("never bought")
        device = shelf.devices[number % len(shelf.devices)]
        return device.device_id, device.revision


async def wanted_peers(pool: Pool) -> set[tuple[str, str, str]]:
    """What the ledger wants: server, key, address."""
    rows = await pool.fetch(
        """
        select slug, devices.public_key, host(ipv4) as ipv4
        from devices join tunnel_addresses using (device_id) join vpn_servers using (server_id)
        where is_wanted and leaving_revision is null
        """
    )
    return {(row["slug"], row["public_key"], row["ipv4"]) for row in rows}


@settings(
    max_examples=40,
    deadline=timedelta(seconds=20),
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps, min_size=5, max_size=25))
async def test_servers_end_up_with_the_newest_keys_and_no_others(
    pool: Pool, key_ring: KeyRing, script: list[tuple[str, int, int]]
) -> None:
    await pool.execute(
        "set session_replication_role = replica; "
        "truncate users, vpn_servers, subscriptions, devices cascade; "
        "reset session_replication_role"
    )
    shop = Shop(pool, key_ring)
    await shop.server("nl1", capacity=6)
    await shop.server(
        "de1", capacity=6, location="de", network_v4="10.67.0.0/24", network_v6="fd67::/64"
    )
    await shop.allow_devices(3)
    await pool.execute("update tariffs set location_changes = null")
    story = Story(shop, [await shop.customer(), await shop.customer()])
    for customer in story.customers:
        for step in (story.buy, story.add, story.work):
            await step(customer, 0)
    for name, index, number in script:
        with suppress(AccessEnded, DeviceRefused, NoFreeAddress):
            await getattr(story, name)(story.customers[index], number)

    await story.come_to_rest()

    held = {
        (slug, peer.public_key, peer.ipv4)
        for slug, state in story.fleet.states.items()
        for peer in state.peers.values()
    }
    assert held == await wanted_peers(pool)
