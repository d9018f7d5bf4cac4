"""One customer's life with the real ledger, the real workflows and a clock that can be turned.

PostgreSQL, the Temporal server, every workflow, activity and notice are the real ones. In memory
are what cannot be reached here: the payment provider, Telegram, and the VPN servers' side.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from aiogram import Bot
from aiogram.methods import SendMessage
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import TimeSkipper

from domain.ids import (
    ChangeId,
    ChatId,
    PurchaseId,
    RefundId,
    SavedMethodId,
    SubscriptionId,
    UserId,
)
from domain.languages import Language
from domain.payments import PaymentStatus, Provider
from domain.plan_changes import AgreedChange, ChangeOffer, ChangeOrder
from domain.plans import Plan
from domain.purchases import PurchaseKind, PurchaseOrder, PurchasePolicy, PurchaseStage
from domain.refund_orders import CancelOrder
from domain.renewals import Consent
from domain.servers import Peer, PeerRemoval, PeerStatistics, Server, ServerInfo
from infra.keyring import KeyRing
from infra.postgres.auto_renewals import AutoRenewals
from infra.postgres.changes import PostgresChangeLedger
from infra.postgres.pool import Pool
from infra.postgres.refunds import PostgresRefundLedger
from temporal.starter import Starter
from tests.bot.phone import RecordedTelegram
from tests.infra.postgres.shop import Shop as LedgerShop
from tests.workflows.fake_provider import FakeProvider
from tests.workflows.journal import Journal
from workers.gateways import Choices, Outside, compose
from workers.shop_worker import build_workers
from workflows.names import purchase_workflow_id, subscription_workflow_id

ANSWER = timedelta(seconds=30)
STAFF = ChatId(-100)

UNHURRIED = PurchasePolicy(
    payment_window=timedelta(days=3650),
    first_poll=timedelta(days=3650),
    slowest_poll=timedelta(days=3650),
)
"""The clock is turned while a page is open: it must not close by that."""

CARD = SavedMethodId("card-1")


class PeersInMemory:
    """VPN servers that hold what they are told to; fulfils `domain.ports.PeerGateway`."""

    def __init__(self) -> None:
        self.held: defaultdict[str, set[str]] = defaultdict(set)

    async def ensure_peer(self, peer: Peer) -> None:
        self.held[peer.server.slug].add(peer.public_key)

    async def remove_peer(self, removal: PeerRemoval) -> None:
        self.held[removal.server.slug].discard(removal.public_key)

    async def info(self, server: Server) -> ServerInfo:
        raise NotImplementedError(f"nobody asks {server.slug} about itself")

    async def statistics(self, server: Server) -> Sequence[PeerStatistics]:
        return ()


class World:
    """The shop around one customer, as `async with World(...)`."""

    def __init__(self, pool: Pool, client: Client, key_ring: KeyRing) -> None:
        self.pool = pool
        self._key_ring = key_ring
        self.client = client
        self.starter = Starter(client)
        self.ledger = LedgerShop(pool, key_ring)
        self.renewals = AutoRenewals(pool, key_ring, UNHURRIED)
        self.refunds = PostgresRefundLedger(pool)
        self.changes = PostgresChangeLedger(pool)
        self.provider = FakeProvider(Journal())
        self.telegram = RecordedTelegram()
        self.peers = PeersInMemory()
        self.turned = timedelta(0)
        """How far the customer's clock is ahead of the wall's."""
        self.user_id: UserId
        self.plan: Plan
        self._turned_runs: dict[str, timedelta] = {}
        self._skipper = TimeSkipper(client)
        self._turning = asyncio.Lock()
        self._workers = AsyncExitStack()

    async def __aenter__(self) -> "World":
        await self.ledger.server("nl1", capacity=8)
        self.user_id = await self.ledger.customer()
        self.plan = next(
            each for each in await self.ledger.plans.for_sale() if each.slug == "month"
        )
        await self.pool.execute("update tariffs set freeze_days_per_period = 366")
        await self._start_workers()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._workers.aclose()

    @property
    def now(self) -> datetime:
        """The customer's present."""
        return datetime.now(UTC) + self.turned

    # What happens

    async def crash(self) -> None:
        """Every worker dies and comes back."""
        await self._workers.aclose()
        await self._start_workers()

    async def buy(self, *, keeps_card: bool = False) -> PurchaseStage:
        """A month, paid by card."""
        order = await self._open(keeps_card=keeps_card)
        oddity: dict[str, Any] = {"saved_method": CARD} if keeps_card else {}
        payment_id = self.provider.pay(order.purchase_id, oddity)
        await self.starter.payment_seen(order, payment_id)
        return await self._rests(order.purchase_id)

    async def fail_to_buy(self) -> PurchaseStage:
        """A month, declined by the bank."""
        order = await self._open()
        payment_id = self.provider.decline(order.purchase_id, "insufficient_funds")
        await self.starter.payment_seen(order, payment_id)
        return await self._rests(order.purchase_id)

    async def unlink(self) -> None:
        """One tap."""
        subscription_id = await self.renewals.unlink(self.user_id, self.now)
        if subscription_id is not None:
            await self._tell_workflow(subscription_id)

    async def cancel(self) -> None:
        """Cancel for the money that is offered."""
        offered = await self.refunds.offer(self.user_id, self.now.replace(microsecond=0))
        assert offered is not None
        subscription_id, offer = offered
        await self.starter.cancel(
            CancelOrder(
                refund_id=RefundId(uuid4()),
                subscription_id=subscription_id,
                made_at=offer.made_at,
                fingerprint=offer.fingerprint,
            )
        )

    async def change_plan(self) -> datetime | None:
        """Take the other plan; the end that was offered, None where it was refused."""
        current = await self.pool.fetchval(
            "select slug from subscriptions join tariffs using (tariff_id) where user_id = $1",
            self.user_id,
        )
        other = "month" if current == "quarter" else "quarter"
        plans = await self.ledger.plans.for_sale()
        wanted = next(each for each in plans if each.slug == other)
        found = await self.changes.offers(self.user_id, (wanted,), self.now.replace(microsecond=0))
        assert found is not None
        subscription_id, ((_, offer),) = found
        if not isinstance(offer, ChangeOffer):
            return None
        if offer.is_free:
            await self._change_for_nothing(subscription_id, offer)
        else:
            await self._change_for_money(subscription_id, offer)
        return offer.ends_at

    async def freeze(self) -> None:
        """Let it stand still."""
        await self.starter.freeze(await self._known_subscription())

    async def resume(self) -> None:
        """Let it go on."""
        await self.starter.resume(await self._known_subscription())

    async def turn_clock(self, time: timedelta) -> None:
        """Let time pass for everything that is under way."""
        self.turned += time
        await self.keep_time()

    async def keep_time(self) -> None:
        """Bring the subscription's workflow to the customer's present, whenever it began."""
        async with self._turning:
            await self._keep_time()

    async def _keep_time(self) -> None:
        subscription_id = await self.subscription_id()
        if subscription_id is None:
            return
        handle = self.client.get_workflow_handle(subscription_workflow_id(subscription_id))
        description = await handle.describe()
        if description.status is not WorkflowExecutionStatus.RUNNING:
            return
        first = description.raw_description.workflow_execution_info.first_run_id
        behind = self.turned - self._turned_runs.get(first, timedelta(0))
        if behind > timedelta(0):
            await self._skipper.fast_forward(handle, behind)
            self._turned_runs[first] = self.turned

    # What can be seen

    async def subscription_id(self) -> SubscriptionId | None:
        """The customer's one subscription."""
        found = await self.pool.fetchval(
            "select subscription_id from subscriptions where user_id = $1", self.user_id
        )
        return None if found is None else SubscriptionId(found)

    async def reminders_sent(self) -> int:
        """Messages about an end to come, or one that came."""
        marks = ("⏳", "⏰", "⌛", "👋")
        return sum(each.text.startswith(marks) for each in self.telegram.asked(SendMessage))

    # How

    async def _known_subscription(self) -> SubscriptionId:
        found = await self.subscription_id()
        assert found is not None
        return found

    async def _change_for_nothing(
        self, subscription_id: SubscriptionId, offer: ChangeOffer
    ) -> None:
        await self.starter.change(
            ChangeOrder(
                change_id=ChangeId(uuid4()),
                subscription_id=subscription_id,
                plan_id=offer.plan.plan_id,
                made_at=offer.made_at,
                fingerprint=offer.fingerprint,
            )
        )

    async def _change_for_money(self, subscription_id: SubscriptionId, offer: ChangeOffer) -> None:
        order = self._order(offer.plan).model_copy(
            update={
                "price": offer.to_pay,
                "full_price": offer.plan.price,
                "discounts": (offer.discount,),
                "kind": PurchaseKind.CHANGE,
                "change": AgreedChange(
                    subscription_id=subscription_id,
                    revision=offer.revision,
                    made_at=offer.made_at,
                ),
            }
        )
        await self._open_page(order)
        await self.starter.payment_seen(order, self.provider.pay(order.purchase_id))
        assert await self._rests(order.purchase_id) is PurchaseStage.DONE

    async def _open(self, *, keeps_card: bool = False) -> PurchaseOrder:
        order = self._order(self.plan).model_copy(update={"saves_method": keeps_card})
        await self.ledger.purchases.open(order, self.now)
        if keeps_card:
            await self.renewals.note_consent(
                Consent(
                    purchase_id=order.purchase_id,
                    user_id=self.user_id,
                    plan_id=self.plan.plan_id,
                    price=self.plan.price,
                    wording_version="1",
                    wording="I agree.",
                    given_at=self.now,
                )
            )
        await self._open_page(order)
        return order

    def _order(self, plan: Plan) -> PurchaseOrder:
        return PurchaseOrder(
            purchase_id=PurchaseId(uuid4()),
            user_id=self.user_id,
            plan_id=plan.plan_id,
            plan_name=plan.name.ru,
            price=plan.price,
            duration=plan.duration,
            language=Language.RUSSIAN,
            policy=UNHURRIED,
        )

    async def _open_page(self, order: PurchaseOrder) -> None:
        await self.ledger.purchases.open(order, self.now)
        await self.starter.invoice(order, ANSWER)
        if self.turned:
            await self._skipper.fast_forward(self._purchase(order.purchase_id), self.turned)

    async def _rests(self, purchase_id: PurchaseId) -> PurchaseStage:
        stage = await self._purchase(purchase_id).result(rpc_timeout=ANSWER)
        await self.keep_time()
        return PurchaseStage(stage)

    def _purchase(self, purchase_id: PurchaseId) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(purchase_workflow_id(purchase_id))

    async def _tell_workflow(self, subscription_id: SubscriptionId) -> None:
        state = await self.ledger.access.subscription_state(subscription_id)
        await self.starter.open_or_extend(state)
        await self.keep_time()

    async def _start_workers(self) -> None:
        gateways = compose(
            self.pool,
            self._key_ring,
            Bot("42:token", session=self.telegram),
            Outside(
                provider=self.provider,
                stars=FakeProvider(Journal()),
                peers=self.peers,
                desk=self.starter,
            ),
            Choices(
                policy=UNHURRIED,
                accepted=(Provider.YOOKASSA,),
                admin_chat_id=STAFF,
                staff_language=Language.ENGLISH,
            ),
        )
        self._workers = AsyncExitStack()
        for worker in build_workers(self.client, gateways, timedelta(0)):
            await self._workers.enter_async_context(worker)


def declined() -> dict[str, Any]:
    """A bank that says no to every charge of the kept card."""
    return {"status": PaymentStatus.CANCELED}


def approved() -> dict[str, Any]:
    """A bank that says yes."""
    return {"status": PaymentStatus.SUCCEEDED}
