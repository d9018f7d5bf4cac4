"""What the ledger, the nodes and the chat hold of one customer: the outcome, seen from outside."""

import asyncio
from dataclasses import dataclass

from infra.postgres.pool import Connection
from sandbox.node.client import NodePeer, peers_on, speeds_on
from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper


@dataclass(frozen=True)
class Outcome:
    """How much of everything a customer has."""

    payments: int
    grants: int
    devices: int
    peers: int


STAGE_CHANNEL = "purchase_stage"

ANNOUNCE_STAGES = f"""
create or replace function announce_stage() returns trigger language plpgsql as $$
begin
    perform pg_notify('{STAGE_CHANNEL}', new.stage);
    return new;
end $$;
create or replace trigger announce_stage after insert or update on purchases
    for each row execute function announce_stage();
"""
"""For tests only: the ledger tells who listens of each change, so that they need not poll."""

ONE_OF_EACH = Outcome(payments=1, grants=1, devices=1, peers=1)
NOTHING = Outcome(payments=0, grants=0, devices=0, peers=0)
SPEED_SECONDS = 20.0
"""A node tells nobody what it was told: it has to be asked."""


class Ledger:
    """Reads the real tables and the real interfaces."""

    def __init__(self, database: Connection, shop: EmbeddedShop) -> None:
        self._database = database
        self._shop = shop

    async def outcome(self, customer: Shopper) -> Outcome:
        """What the customer has now."""
        row = await self._database.fetchrow(
            """
            select (select count(*) from payments join purchases using (purchase_id)
                    where user_id = $1) as payments,
                   (select count(*) from grants join subscriptions using (subscription_id)
                    where user_id = $1 and revoked_at is null) as grants,
                   (select count(*) from devices join subscriptions using (subscription_id)
                    where user_id = $1) as devices
            """,
            customer.user_id,
        )
        assert row is not None
        return Outcome(**row, peers=len(await self.peers(customer)))

    async def peers(self, customer: Shopper) -> list[NodePeer]:
        """The customer's peers on every node."""
        keys = {
            record["public_key"]
            for record in await self._database.fetch(
                """
                select public_key from devices join subscriptions using (subscription_id)
                where user_id = $1
                """,
                customer.user_id,
            )
        }
        held = await asyncio.gather(*(peers_on(node) for node in self._shop.nodes.values()))
        return [peer for peers in held for peer in peers if peer.public_key in keys]

    async def speed(self, customer: Shopper) -> float | None:
        """Megabits a second to which the customer's one node holds them; None: to nothing."""
        slug, (peer,) = await self.server_of(customer), await self.peers(customer)
        speeds = await speeds_on(self._shop.nodes[slug])
        return speeds.get(peer.allowed_ips[0].split("/")[0])

    async def slows_to(self, customer: Shopper, speed: float | None) -> None:
        """Wait until the customer's node holds them to that speed."""
        async with asyncio.timeout(SPEED_SECONDS):
            while await self.speed(customer) != speed:
                pass

    async def peers_with(self, public_key: str) -> list[NodePeer]:
        """The peers with this key, on any node."""
        held = await asyncio.gather(*(peers_on(node) for node in self._shop.nodes.values()))
        return [peer for peers in held for peer in peers if peer.public_key == public_key]

    async def stage(self, customer: Shopper) -> str | None:
        """The stage of the customer's newest purchase."""
        stage = await self._database.fetchval(
            "select stage from purchases where user_id = $1 order by created_at desc limit 1",
            customer.user_id,
        )
        return None if stage is None else str(stage)

    async def purchase_id(self, customer: Shopper) -> str:
        """The customer's newest purchase."""
        return str(
            await self._database.fetchval(
                "select purchase_id from purchases where user_id = $1 "
                "order by created_at desc limit 1",
                customer.user_id,
            )
        )

    async def reaches(self, customer: Shopper, *stages: str, seconds: float = 60) -> str:
        """Wait until the newest purchase is in one of these stages."""
        changed = asyncio.Event()

        def wake(*_: object) -> None:
            changed.set()

        await self._database.add_listener(STAGE_CHANNEL, wake)
        try:
            async with asyncio.timeout(seconds):
                while (stage := await self.stage(customer)) not in stages:
                    await changed.wait()
                    changed.clear()
        finally:
            await self._database.remove_listener(STAGE_CHANNEL, wake)
        return str(stage)

    async def days_of_access(self, customer: Shopper) -> int:
        """The length of the customer's subscription, from its start to its end."""
        return int(
            await self._database.fetchval(
                "select extract(days from expires_at - starts_at) from subscriptions "
                "where user_id = $1",
                customer.user_id,
            )
        )

    async def repairs(self, customer: Shopper) -> list[tuple[str, str]]:
        """Who decided what about the customer's newest purchase."""
        rows = await self._database.fetch(
            "select actor, action from admin_logs where subject = $1 order by log_id",
            f"purchase:{await self.purchase_id(customer)}",
        )
        return [(row["actor"], row["action"]) for row in rows]

    async def server_of(self, customer: Shopper) -> str:
        """Where the customer's one device belongs."""
        return str(
            await self._database.fetchval(
                """
                select slug from vpn_servers join tunnel_addresses using (server_id)
                join devices using (device_id) join subscriptions using (subscription_id)
                where user_id = $1 and leaving_revision is null
                """,
                customer.user_id,
            )
        )

    async def device_of(self, customer: Shopper) -> str:
        """The customer's device."""
        return str(
            await self._database.fetchval(
                "select device_id from devices join subscriptions using (subscription_id) "
                "where user_id = $1",
                customer.user_id,
            )
        )
