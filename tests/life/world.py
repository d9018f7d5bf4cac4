"""One customer's life with the real ledger, the real workflows and a clock that can be turned.

PostgreSQL, the Temporal server, every workflow, activity and notice are the real ones. In memory
are what cannot be reached here: the payment provider, Telegram, and the VPN servers' side.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from aiogram import Bot
from aiogram.methods import SendMessage
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper

from bot.notices import TelegramNotices
from bot.renewals import Renewals
from domain.ids import ChatId, PurchaseId, SavedMethodId, SubscriptionId, UserId
from domain.languages import Language
from domain.payments import PaymentStatus, Provider
from domain.plans import Plan
from domain.purchases import PurchaseOrder, PurchasePolicy, PurchaseStage
from domain.renewals import Consent
from domain.servers import Peer, PeerRemoval, PeerStatistics, Server, ServerInfo
from infra.keyring import KeyRing
from infra.postgres.auto_renewals import AutoRenewals
from infra.postgres.devices import PostgresDeviceLedger
from infra.postgres.gifts import Gifts
from infra.postgres.notices import PostgresNoticeBook
from infra.postgres.offers import CustomerOffers
from infra.postgres.pool import Pool
from infra.postgres.traffic import PostgresTrafficLedger
from infra.telegram import TelegramMessenger
from temporal.starter import Starter
from tests.bot.phone import RecordedTelegram
from tests.infra.postgres.shop import Shop as LedgerShop
from tests.workflows.fake_provider import FakeProvider
from tests.workflows.journal import Journal
from workers.gateways import Gateways
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
        self.client = client
        self.starter = Starter(client)
        self.ledger = LedgerShop(pool, key_ring)
        self.renewals = AutoRenewals(pool, key_ring, UNHURRIED)
        self.provider = FakeProvider(Journal())
        self.telegram = RecordedTelegram()
        self.peers = PeersInMemory()
        self.turned = timedelta(0)
        """How far the customer's clock is ahead of the wall's."""
        self.user_id: UserId
        self.plan: Plan
        self._turned_runs: dict[str, timedelta] = {}
        self._skipper = TimeSkipper(client)
        self._workers = AsyncExitStack()

    async def __aenter__(self) -> "World":
        await self.ledger.server("nl1", capacity=8)
        self.user_id = await self.ledger.customer()
        self.plan = next(
            each for each in await self.ledger.plans.for_sale() if each.slug == "month"
        )
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

    async def turn_clock(self, time: timedelta) -> None:
        """Let time pass for everything that is under way."""
        self.turned += time
        await self.keep_time()

    async def keep_time(self) -> None:
        """Bring the subscription's workflow to the customer's present, whenever it began."""
        subscription_id = await self.subscription_id()
        if subscription_id is None:
            return
        handle = self.client.get_workflow_handle(subscription_workflow_id(subscription_id))
        try:
            description = await handle.describe()
        except RPCError:
            return
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

    async def _open(self, *, keeps_card: bool = False) -> PurchaseOrder:
        order = PurchaseOrder(
            purchase_id=PurchaseId(uuid4()),
            user_id=self.user_id,
            plan_id=self.plan.plan_id,
            plan_name=self.plan.name.ru,
            price=self.plan.price,
            duration=self.plan.duration,
            language=Language.RUSSIAN,
            policy=UNHURRIED,
            saves_method=keeps_card,
        )
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
        await self.starter.invoice(order, ANSWER)
        if self.turned:
            await self._skipper.fast_forward(self._purchase(order.purchase_id), self.turned)
        return order

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
        bot = Bot("42:token", session=self.telegram)
        plans, purchases = self.ledger.plans, self.ledger.purchases
        offers = CustomerOffers(self.pool)
        accepted = (Provider.YOOKASSA,)
        gateways = Gateways(
            provider=self.provider,
            stars=FakeProvider(Journal()),
            peers=self.peers,
            notices=TelegramNotices(
                TelegramMessenger(bot),
                PostgresNoticeBook(self.pool),
                self.ledger.customers,
                Renewals(purchases, plans, offers, lambda: self.now, accepted),
                self.renewals,
                gifts=Gifts(self.pool),
                admin_chat_id=STAFF,
            ),
            ledger=self.ledger.ledger,
            access=self.ledger.access,
            renewals=self.renewals,
            devices=PostgresDeviceLedger(self.pool),
            traffic=PostgresTrafficLedger(self.pool),
            desk=self.starter,
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
