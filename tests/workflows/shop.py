"""The whole shop on a real Temporal server, with its neighbours in memory."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper

from domain.ids import ChatId, MessageId, PlanId, PurchaseId, RefundId, SubscriptionId
from domain.languages import Language
from domain.money import roubles
from domain.ports import PeerGateway
from domain.purchases import (
    ChatMessage,
    PurchaseOrder,
    PurchasePolicy,
    PurchaseStage,
    Repair,
    RepairAction,
)
from domain.refund_orders import CancelOrder, RefundDecision
from temporal.starter import Starter
from tests.workflows.fake_changes import FakeChanges
from tests.workflows.fake_devices import FakeDevices, FakeQuotas, FakeSpeeds, FakeTraffic
from tests.workflows.fake_evacuations import FakeEvacuations
from tests.workflows.fake_health import FakeHealth, well_canary
from tests.workflows.fake_ledger import USER, FakeLedger
from tests.workflows.fake_outside import FakeNotices, FakePeers
from tests.workflows.fake_personal_data import FakePersonalData
from tests.workflows.fake_provider import FakeProvider
from tests.workflows.fake_reconciling import FakeReconciling
from tests.workflows.fake_refunds import FakeRefunds
from tests.workflows.fake_renewals import FakeRenewals
from tests.workflows.journal import Journal
from workers.gateways import Gateways
from workers.shop_worker import VPN_PLACES, build_workers
from workflows.names import (
    purchase_workflow_id,
    refund_workflow_id,
    subscription_workflow_id,
)
from workflows.purchase import PurchaseWorkflow
from workflows.refund_case import RefundWorkflow
from workflows.subscription import SubscriptionWorkflow

SWIFT = PurchasePolicy(
    swift_setup=timedelta(seconds=0.4),
    setup_budget=timedelta(seconds=0.8),
    invoice_budget=timedelta(seconds=1),
)
"""Budgets that a test can wait for: activities run in real time whatever the workflow's clock."""

RARELY = SWIFT.model_copy(
    update={"first_poll": timedelta(hours=30), "slowest_poll": timedelta(hours=30)}
)
"""As good as no polling: what happens is due to news, or to the end of the payment window."""

WINDOW = SWIFT.payment_window
LAST_LOOK = timedelta(hours=30)
"""From the end of the window to the look after which a purchase with `RARELY` gives up."""

ANSWER = timedelta(seconds=15)
"""How long a test waits for one answer of the server."""

PLAN_NAME = "30 days in the Netherlands"
EMAIL = "anna@example.com"


def an_order(**changes: Any) -> PurchaseOrder:
    """A month for 299 roubles, bought in the chat."""
    order = PurchaseOrder(
        purchase_id=PurchaseId(uuid4()),
        user_id=USER,
        plan_id=PlanId(1),
        plan_name=PLAN_NAME,
        price=roubles(299),
        duration=timedelta(days=30),
        language=Language.ENGLISH,
        message=ChatMessage(chat_id=ChatId(USER), message_id=MessageId(7)),
        receipt_email=EMAIL,
        policy=SWIFT,
    )
    return order.model_copy(update=changes)


def a_trial() -> PurchaseOrder:
    """Three days at no price."""
    return an_order(price=roubles(0), duration=timedelta(days=3), plan_name="Free trial")


def an_opening() -> PurchaseOrder:
    """A gift that somebody opens."""
    return an_order(price=roubles(0), gift=PurchaseId(uuid4()), plan_name="A gift: 30 days")


def a_cancelling(subscription_id: SubscriptionId) -> CancelOrder:
    """A tap on the button that cancels."""
    return CancelOrder(
        refund_id=RefundId(uuid4()),
        subscription_id=subscription_id,
        made_at=datetime.now(UTC),
        fingerprint="12345678",
    )


class Shop:
    """Starter, workers and neighbours, and the words that tests tell stories with."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.starter = Starter(client)
        self.journal = Journal()
        self.provider = FakeProvider(self.journal)
        self.stars = FakeProvider(self.journal)
        self.ledger = FakeLedger(self.journal)
        self.renewals = FakeRenewals(self.ledger)
        self.refunds = FakeRefunds(self.ledger, self.journal)
        self.changes = FakeChanges(self.ledger, self.journal)
        self.devices = FakeDevices(self.journal)
        self.traffic = FakeTraffic(self.journal)
        self.quotas = FakeQuotas(self.journal)
        self.speeds = FakeSpeeds(self.journal)
        self.reconciling = FakeReconciling(self.journal)
        self.health = FakeHealth(self.journal)
        self.evacuations = FakeEvacuations(self.journal)
        self.peers = FakePeers(self.journal)
        self.notices = FakeNotices(self.journal)
        self.personal_data = FakePersonalData(self.journal)
        self._skipper = TimeSkipper(client)

    @asynccontextmanager
    async def at_work(
        self, peers: PeerGateway | None = None, *, vpn_places: int = VPN_PLACES
    ) -> AsyncIterator[None]:
        """Run the workers; may be left and entered again, like a worker that is restarted."""
        gateways = Gateways(
            provider=self.provider,
            stars=self.stars,
            peers=peers or self.peers,
            notices=self.notices,
            ledger=self.ledger,
            rewards=self.ledger,
            access=self.ledger,
            renewals=self.renewals,
            refunds=self.refunds,
            changes=self.changes,
            devices=self.devices,
            keeper=self.devices,
            traffic=self.traffic,
            quotas=self.quotas,
            speeds=self.speeds,
            reconciling=self.reconciling,
            evacuations=self.evacuations,
            health=self.health,
            probe=well_canary,
            desk=self.starter,
            personal_data=self.personal_data,
        )
        async with AsyncExitStack() as stack:
            for worker in build_workers(self.client, gateways, timedelta(0), vpn_places=vpn_places):
                await stack.enter_async_context(worker)
            yield

    async def begin(self, order: PurchaseOrder | None = None) -> PurchaseOrder:
        """A customer taps on a price, and the payment page opens."""
        order = order or an_order()
        self.ledger.open(order)
        await self.starter.begin_purchase(order)
        await self.reaches(PurchaseStage.AWAITING_PAYMENT)
        return order

    async def take_for_free(self, order: PurchaseOrder | None = None) -> PurchaseOrder:
        """A customer taps on what costs nothing."""
        order = order or a_trial()
        self.ledger.open(order)
        await self.starter.begin_purchase(order)
        return order

    async def buy(
        self, order: PurchaseOrder | None = None, oddity: dict[str, Any] | None = None
    ) -> PurchaseOrder:
        """A customer begins and pays, and the provider says so."""
        order = await self.begin(order)
        await self.pay(order, oddity)
        return order

    async def pay(self, order: PurchaseOrder, oddity: dict[str, Any] | None = None) -> None:
        """The page is paid, and the provider says so."""
        payment_id = self.provider.pay(order.purchase_id, oddity)
        await self.starter.payment_seen(order, payment_id)

    async def decline(self, order: PurchaseOrder, reason: str = "insufficient_funds") -> None:
        """The payment does not go through, and the provider says so."""
        payment_id = self.provider.decline(order.purchase_id, reason)
        await self.starter.payment_seen(order, payment_id)

    async def repair(self, order: PurchaseOrder, action: RepairAction) -> None:
        """A person decides."""
        await self.starter.repair(order.purchase_id, Repair(action=action, actor="telegram:42"))

    async def opened(self, time: timedelta) -> SubscriptionId:
        """A subscription for that time from now, with its workflow."""
        subscription_id = SubscriptionId(uuid4())
        self.ledger.sell(subscription_id, datetime.now(UTC), time)
        await self.starter.open_or_extend(self.ledger.states[subscription_id])
        return subscription_id

    def subscription(
        self, subscription_id: SubscriptionId
    ) -> WorkflowHandle[SubscriptionWorkflow, None]:
        """The subscription's newest run."""
        workflow_id = subscription_workflow_id(subscription_id)
        return self.client.get_workflow_handle_for(SubscriptionWorkflow.run, workflow_id)

    async def cancel(self, subscription_id: SubscriptionId) -> RefundDecision:
        """The customer takes an offer."""
        return await self.starter.cancel(a_cancelling(subscription_id))

    def refund(self, refund_id: RefundId) -> WorkflowHandle[RefundWorkflow, None]:
        """A refund that customers or staff decided for."""
        return self.client.get_workflow_handle_for(
            RefundWorkflow.run, refund_workflow_id(refund_id)
        )

    async def try_again(self, order: PurchaseOrder, attempt: int = 2) -> PurchaseOrder:
        """The customer taps on "try again"."""
        again = order.model_copy(update={"attempt": attempt})
        await self.starter.begin_purchase(again)
        return again

    async def reaches(self, stage: PurchaseStage, *, times: int = 1) -> None:
        """Wait until the ledger has been told that stage so often."""
        await self.journal.until("stage", stage, times=times)

    async def rests(self, order: PurchaseOrder) -> PurchaseStage:
        """Wait until the purchase, with all its runs so far, has come to rest."""
        return await self.purchase(order).result(rpc_timeout=ANSWER)

    def purchase(self, order: PurchaseOrder) -> WorkflowHandle[PurchaseWorkflow, PurchaseStage]:
        """The purchase's newest run."""
        workflow_id = purchase_workflow_id(order.purchase_id)
        return self.client.get_workflow_handle_for(PurchaseWorkflow.run, workflow_id)

    async def forward(self, handle: WorkflowHandle[Any, Any], time: timedelta) -> None:
        """Turn the clock of one workflow."""
        await self._skipper.fast_forward(handle, time)
