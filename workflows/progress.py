"""Where a purchase stands, and the one place that changes and publishes it."""

from typing import NamedTuple, Self

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.ledger import LedgerActivities, RecordStage
    from domain.payments import Cancellation, Invoice
    from domain.purchases import (
        PurchaseNotice,
        PurchaseOrder,
        PurchaseStage,
        Recollection,
        StuckReason,
    )
    from workflows.names import PURCHASE_STAGE, VPN_SERVER
    from workflows.options import BOOKKEEPING
    from workflows.payment_message import PaymentMessage


class Problem(NamedTuple):
    """Why a paid purchase cannot go on by itself."""

    reason: StuckReason
    detail: str

    @classmethod
    def of(cls, error: ActivityError, reason: StuckReason) -> Self:
        """The problem in the words of the error itself."""
        return cls(reason, words_of(error))


def words_of(error: ActivityError) -> str:
    """What went wrong, as the activity's own error says it."""
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) else str(cause or error)


WAITS_FOR = {
    PurchaseStage.PREPARING: "the payment provider, for a payment page",
    PurchaseStage.AWAITING_PAYMENT: "the customer, to pay",
    PurchaseStage.EXPIRED: "a late payment, while the provider still calls it pending",
    PurchaseStage.PAID: "the ledger, to grant access",
    PurchaseStage.SETTING_UP: "the VPN server, to take the peer",
    PurchaseStage.DELAYED: "the VPN server, which has not answered yet; it is asked again",
    PurchaseStage.STUCK: "a person: send the update `repair`",
    PurchaseStage.REFUNDING: "the payment provider, to give the money back",
}
"""What an operator reads in the Temporal UI."""


class Progress:
    """The purchase's stage with all that belongs to it."""

    def __init__(self, order: PurchaseOrder) -> None:
        self.order = order
        self.stage = PurchaseStage.PREPARING
        self.invoice: Invoice | None = None
        self.problem: Problem | None = None
        self.cancellation: Cancellation | None = None
        self.is_resumed = False
        """An earlier run had opened the page: news or a repeat began this one."""
        self._message = PaymentMessage()

    @property
    def page_is_open(self) -> bool:
        """Whether there is a payment page that the customer may use."""
        return self._open_page is not None

    def resume(self, known: Recollection) -> None:
        """Be where an earlier run left the purchase; nobody is told anything new."""
        self.is_resumed = True
        self.invoice = known.invoice
        self._be_in(known.stage)

    def enter(
        self,
        stage: PurchaseStage,
        *,
        problem: Problem | None = None,
        cancellation: Cancellation | None = None,
        server: str | None = None,
    ) -> None:
        """Be in this stage, on that server if any, and let the operator and the customer see it."""
        is_news = not _is_told_already(self.stage, stage)
        self.problem, self.cancellation = problem, cancellation
        self._be_in(stage, server)
        workflow.logger.info("purchase.stage", extra={"stage": stage.value, "server": server})
        workflow.metric_meter().create_counter(
            "wgshop_purchase_stages", "How often purchases entered a stage"
        ).add(1, {"stage": stage})
        if is_news:
            self._show()

    async def publish(self) -> None:
        """Write the stage into the ledger, where no other step has done so."""
        await workflow.execute_local_activity_method(
            LedgerActivities.publish_stage,
            RecordStage(
                purchase_id=self.order.purchase_id,
                stage=self.stage,
                stuck_reason=self.problem.reason if self.problem else None,
                cancellation=self.cancellation,
            ),
            **BOOKKEEPING,
        )

    async def shown(self) -> None:
        """Wait until the customer sees the present stage, or Telegram has had its chances."""
        await self._message.settled()

    def _be_in(self, stage: PurchaseStage, server: str | None = None) -> None:
        self.stage = stage
        # Together, because each command is an event and a write to the visibility store.
        placed = [] if server is None else [VPN_SERVER.value_set(server)]
        workflow.upsert_search_attributes([PURCHASE_STAGE.value_set(stage), *placed])
        workflow.set_current_details(self._details())

    def _show(self) -> None:
        if self.order.message is None:
            return
        self._message.show(
            PurchaseNotice(
                purchase_id=self.order.purchase_id,
                message=self.order.message,
                language=self.order.language,
                stage=self.stage,
                plan_name=self.order.plan_name,
                price=self.order.price,
                kind=self.order.kind,
                full_price=self.order.full_price,
                discounts=self.order.discounts,
                confirmation_url=self._open_page,
                cancellation=self.cancellation,
                attempt=self.order.attempt,
            )
        )

    @property
    def _open_page(self) -> str | None:
        if self.invoice is None or self.stage is not PurchaseStage.AWAITING_PAYMENT:
            return None
        return self.invoice.confirmation_url

    def _details(self) -> str:
        lines = [f"**{self.stage}**: {self.order.plan_name}, {self.order.price}"]
        if self.stage in WAITS_FOR:
            lines.append(f"Waits for {WAITS_FOR[self.stage]}.")
        if self.problem:
            lines.append(f"Problem ({self.problem.reason}): {self.problem.detail}")
        if self.cancellation:
            lines.append(f"Cancelled by {self.cancellation.party}: {self.cancellation.reason}")
        return "\n\n".join(lines)


def _is_told_already(before: PurchaseStage, stage: PurchaseStage) -> bool:
    """Whether "ready" is said by the configuration itself, or "setting up" by "paid".

    A grant takes milliseconds: an edit for each would flicker, and cost a turn of the workflow.
    """
    is_begun = before is PurchaseStage.PAID and stage is PurchaseStage.SETTING_UP
    return is_begun or stage is PurchaseStage.DONE
