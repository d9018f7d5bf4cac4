"""A small shop on a real database: customers, servers and purchases made in a line."""

import asyncio
from asyncio import Task
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from domain.customers import Introduction
from domain.ids import (
    DeviceId,
    PlanId,
    ProviderPaymentId,
    ProviderRefundId,
    PurchaseId,
    ServerId,
    UserId,
)
from domain.languages import Language
from domain.money import roubles
from domain.payments import (
    Invoice,
    PaymentSnapshot,
    PaymentStatus,
    RefundSnapshot,
    RefundStatus,
)
from domain.purchases import PurchaseOrder, PurchaseStage
from domain.servers import DeviceKeys, Server, ServerState
from domain.subscriptions import Grant, PlacedPeer
from infra.keyring import KeyRing
from infra.postgres.changes import PostgresChangeLedger
from infra.postgres.customers import Customers
from infra.postgres.devices import Devices
from infra.postgres.former_customers import FormerCustomers
from infra.postgres.ledger import PostgresPurchaseLedger
from infra.postgres.plans import Plans
from infra.postgres.pool import Pool
from infra.postgres.purchases import Purchases, insert_purchase
from infra.postgres.quotas import PostgresQuotaLedger
from infra.postgres.refunds import PostgresRefundLedger
from infra.postgres.servers import ServerRegistration, Servers
from infra.postgres.setups import PostgresDeviceLedger
from infra.postgres.speeds import PostgresSpeedLedger
from infra.postgres.subscriptions import Subscriptions
from infra.postgres.traffic import PostgresTrafficLedger
from infra.postgres.trials import Trials
from infra.wireguard_keys import new_device_keys

T = TypeVar("T")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)


class Shop:
    """The ledger with all that a test arranges and looks at."""

    def __init__(
        self,
        pool: Pool,
        sealer: KeyRing,
        mint_keys: Callable[[], DeviceKeys] = new_device_keys,
    ) -> None:
        self.pool = pool
        self.sealer = sealer
        self.ledger = PostgresPurchaseLedger(pool, sealer, mint_keys)
        self.access = Subscriptions(pool, sealer)
        self.devices = Devices(pool, sealer, mint_keys)
        self.setups = PostgresDeviceLedger(pool)
        self.traffic = PostgresTrafficLedger(pool)
        self.quotas = PostgresQuotaLedger(pool)
        self.speeds = PostgresSpeedLedger(pool)
        self.trials = Trials(pool, FormerCustomers(pool, sealer))
        self.refunds = PostgresRefundLedger(pool)
        self.changes = PostgresChangeLedger(pool)
        self.customers = Customers(pool)
        self.purchases = Purchases(pool)
        self.plans = Plans(pool)
        self.servers = Servers(pool)
        self._numbers = count(1)

    async def customer(self) -> UserId:
        user_id = UserId(1000 + next(self._numbers))
        await self.customers.greet(Introduction(user_id=user_id, first_name="Anna"), NOW)
        return user_id

    async def server(self, slug: str, *, capacity: int = 4, **changes: Any) -> ServerId:
        return await self.servers.register(registration(slug, capacity=capacity, **changes))

    async def order(self, user_id: UserId, plan: str = "month") -> PurchaseOrder:
        """A purchase that is written down and awaits its payment."""
        order = await self._draft(user_id, plan)
        await self.purchases.open(order, NOW)
        return order

    async def pay_late(self, user_id: UserId, plan: str = "month") -> Grant:
        """A purchase that began while there was room, and is paid when that may be gone."""
        order = await self._draft(user_id, plan)
        async with self.pool.acquire() as connection:
            await insert_purchase(connection, order, NOW)
        return await self.pay(order)

    async def _draft(self, user_id: UserId, plan: str) -> PurchaseOrder:
        found = next(one for one in await self.plans.for_sale() if one.slug == plan)
        return PurchaseOrder(
            purchase_id=PurchaseId(uuid4()),
            user_id=user_id,
            plan_id=found.plan_id,
            plan_name=found.name.ru,
            price=found.price,
            duration=found.duration,
            language=Language.RUSSIAN,
        )

    async def pay(self, order: PurchaseOrder, now: datetime = NOW) -> Grant:
        return await self.ledger.record_payment_and_grant(order.purchase_id, payment_of(order), now)

    async def buy(self, user_id: UserId, now: datetime = NOW) -> Grant:
        """A month."""
        return await self.pay(await self.order(user_id), now)

    async def pay_to_the_end(self, order: PurchaseOrder, now: datetime = NOW) -> Grant:
        """Paid, and everything set up."""
        grant = await self.pay(order, now)
        await self.ledger.enter_stage(order.purchase_id, PurchaseStage.DONE)
        return grant

    async def buy_to_the_end(self, user_id: UserId, now: datetime = NOW) -> Grant:
        """A month, with everything set up."""
        return await self.pay_to_the_end(await self.order(user_id), now)

    @asynccontextmanager
    async def paid_but_not_committed(self, order: PurchaseOrder) -> AsyncIterator[Task[Grant]]:
        """Within, all that the purchase gives is decided, and nobody can see it yet."""
        async with self.pool.acquire() as bystander, bystander.transaction():
            # The grant's last step waits for this row.
            await bystander.execute(
                "select from purchases where purchase_id = $1 for no key update",
                order.purchase_id,
            )
            granting = asyncio.create_task(self.pay(order))
            await lock_waiters(self.pool, 1)
            yield granting

    async def refund(self, order: PurchaseOrder, now: datetime = NOW) -> tuple[PlacedPeer, ...]:
        return tuple(
            await self.ledger.record_refund_and_revoke(order.purchase_id, refund_of(order), now)
        )

    async def end(self, grant: Grant, now: datetime) -> tuple[PlacedPeer, ...]:
        return (await self.access.end_subscription(grant.subscription_id, now)).removals

    async def leave(self, grant: Grant, now: datetime) -> None:
        """The subscription ends, and the server confirms that the peer is gone."""
        for placed in await self.end(grant, now):
            await self.access.confirm_removal(placed)

    async def add_device(
        self, user_id: UserId, name: str = "Phone", now: datetime = NOW
    ) -> DeviceId:
        """A device beside the first; its button is tapped once."""
        device_id = DeviceId(uuid4())
        await self.devices.add(user_id, device_id, name, now)
        return device_id

    async def allow_devices(self, number: int, plan: str = "month") -> None:
        await self.pool.execute(
            "update tariffs set device_limit = $2 where slug = $1", plan, number
        )

    async def sell_only_in(self, plan: str, *locations: str) -> None:
        await self.pool.execute(
            "update tariffs set locations = $2 where slug = $1", plan, list(locations)
        )

    async def count(self, table: str) -> int:
        return int(await self.pool.fetchval(f"select count(*) from {table}"))

    async def address_of(self, device_id: DeviceId) -> tuple[str, IPv4Address] | None:
        row = await self.pool.fetchrow(
            """
            select slug, ipv4 from tunnel_addresses join vpn_servers using (server_id)
            where device_id = $1 and leaving_revision is null
            """,
            device_id,
        )
        return None if row is None else (row["slug"], row["ipv4"])


async def lock_waiters(pool: Pool, number: int) -> list[int]:
    """The process ids of the sessions that wait for a lock, once there are that many."""
    waiters: list[int] = []
    async with asyncio.timeout(10):
        while len(waiters) < number:
            rows = await pool.fetch(
                """
                select pid from pg_stat_activity
                where wait_event_type = 'Lock' and datname = current_database()
                """
            )
            waiters = [row["pid"] for row in rows]
    return waiters


async def all_at_once(pool: Pool, table: str, steps: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Let every step run up to its first look at the table, then all of them on together."""
    async with pool.acquire() as gate, gate.transaction():
        await gate.execute(f"lock table {table} in access exclusive mode")
        waiting = [asyncio.create_task(step) for step in steps]
        await lock_waiters(pool, len(waiting))
    return await asyncio.gather(*waiting)


def registration(
    slug: str,
    *,
    capacity: int = 4,
    location: str = "nl",
    state: ServerState = ServerState.SELLING,
    network_v4: str = "10.66.0.0/24",
    network_v6: str = "fd66::/64",
    host: str = "vpn.example",
) -> ServerRegistration:
    return ServerRegistration(
        server=Server(
            server_id=ServerId(0),
            slug=slug,
            location=location,
            state=state,
            endpoint_host=host,
            endpoint_port=51820,
            public_key="A" * 43 + "=",
            interface="wg0",
            dns=(IPv4Address("1.1.1.1"),),
            ssh_host="127.0.0.1",
            ssh_user="wgshop",
            ssh_host_key="ssh-ed25519 AAAA",
        ),
        network_v4=IPv4Network(network_v4),
        network_v6=IPv6Network(network_v6),
        capacity=capacity,
    )


def payment_of(
    order: PurchaseOrder, status: PaymentStatus = PaymentStatus.SUCCEEDED
) -> PaymentSnapshot:
    return PaymentSnapshot(
        provider_payment_id=ProviderPaymentId(f"pay-{order.purchase_id}"),
        status=status,
        amount=order.price,
        purchase_id=str(order.purchase_id),
        shop_id="1",
        created_at=NOW,
        captured_at=NOW,
        method_title="Bank card *4477",
    )


def refund_of(order: PurchaseOrder) -> RefundSnapshot:
    return RefundSnapshot(
        provider_refund_id=ProviderRefundId(f"refund-{order.purchase_id}"),
        provider_payment_id=ProviderPaymentId(f"pay-{order.purchase_id}"),
        status=RefundStatus.SUCCEEDED,
        amount=order.price,
    )


def invoice_of(order: PurchaseOrder, attempt: int = 1) -> Invoice:
    return Invoice(
        provider_payment_id=ProviderPaymentId(f"pay-{order.purchase_id}-{attempt}"),
        confirmation_url=f"https://pay.example/{attempt}",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )


def stray_order() -> PurchaseOrder:
    """An order that nobody has written down."""
    return PurchaseOrder(
        purchase_id=PurchaseId(uuid4()),
        user_id=UserId(1),
        plan_id=PlanId(1),
        plan_name="30 дней",
        price=roubles(Decimal(299)),
        duration=MONTH,
        language=Language.RUSSIAN,
    )
