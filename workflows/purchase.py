"""A purchase: from the payment page to access, or to the money given back."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.ledger import LedgerActivities, Recall, RecordPayment
    from activities.payments import FetchedPayment, PaymentActivities
    from domain.errors import (
        MethodRefused,
        ProviderUnavailable,
        PurchaseRefused,
        RepairRefused,
    )
    from domain.ids import ProviderPaymentId
    from domain.payments import Cancellation, Invoice, PaymentSnapshot, PaymentStatus
    from domain.purchases import (
        EXPIRED_REASON,
        INVOICE_FAILED,
        METHOD_REFUSED,
        PurchaseKind,
        PurchaseOrder,
        PurchaseStage,
        Repair,
        RepairAction,
        StuckReason,
    )
    from domain.subscriptions import Grant
    from workflows import options
    from workflows.handover import hand_over
    from workflows.parking import Parking
    from workflows.payment_watch import PaymentWatch
    from workflows.presents import grant_free, take_back, tell_giver, wrap_gift
    from workflows.progress import Problem, Progress
    from workflows.provisioning import Provisioning
    from workflows.refund import give_back
    from workflows.reward import start_reward


@workflow.defn(name="Purchase")
class PurchaseWorkflow:
    """One payment page and all that follows from it; another attempt is another run.

    It never fails: it rests done, refunded, declined or expired, and until then it waits.
    """

    @workflow.init
    def __init__(self, order: PurchaseOrder) -> None:
        self._order = order
        self._progress = Progress(order)
        self._watch = PaymentWatch(self._progress)
        self._parking = Parking(self._progress)
        self._wanted_attempt = order.attempt
        self._is_over = False

    @workflow.run
    async def run(self, order: PurchaseOrder) -> PurchaseStage:
        """Live through the purchase; returns the stage in which it rests."""
        try:
            await self._story()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # A step that cannot be refused was: suspend, with the customer's money safe, until
            # a person resets the run to before it (`temporal workflow reset`).
            raise RuntimeError(f"a bug: {error.activity_type} was refused") from error
        self._is_over = True
        await self._progress.shown()
        await workflow.wait_condition(workflow.all_handlers_finished)
        self._go_on_if_wanted()
        return self._stage

    def _go_on_if_wanted(self) -> None:
        """Begin another run for a customer who tries again, or for news that nobody looked at."""
        if not self._stage.is_unpaid_end:
            return
        if self._watch.page_is_wanted:
            again = {"attempt": self._wanted_attempt, "is_woken": False}
            workflow.continue_as_new(self._order.model_copy(update=again))
        if self._watch.has_unheard_news:
            workflow.continue_as_new(self._order.model_copy(update={"is_woken": True}))

    async def _story(self) -> None:
        if (self._order.is_woken or self._order.attempt > 1) and await self._was_over():
            return
        if self._order.is_free:
            await self._give_free()
            return
        payment = await self._payment()
        if payment is None:
            return
        if self._order.kind is PurchaseKind.GIFT:
            await wrap_gift(self._progress, self._paid(payment))
            await self._rest_done()
            return
        grant = await self._grant(payment)
        await start_reward(grant.reward)
        if not await Provisioning(self._progress, self._parking, grant).succeeds():
            await give_back(self._progress, self._parking, payment)
            return
        await hand_over(self._progress, grant)
        await self._rest_done()

    async def _give_free(self) -> None:
        grant = await grant_free(self._order)
        if not await Provisioning(self._progress, self._parking, grant).succeeds():
            await take_back(self._progress)
            return
        await hand_over(self._progress, grant)
        await self._rest_done()
        await tell_giver(self._order)

    async def _rest_done(self) -> None:
        self._progress.enter(PurchaseStage.DONE)
        await self._progress.publish()

    # What comes from outside

    @workflow.signal
    def payment_seen(self, payment_id: ProviderPaymentId) -> None:
        """News of a payment: a reason to ask the provider, never a proof."""
        workflow.logger.info("news of payment %s", payment_id)
        self._watch.hear_news()

    @workflow.signal
    def try_again(self, attempt: int) -> None:
        """The customer wants to pay after all."""
        if attempt > self._order.attempt:
            self._wanted_attempt = max(self._wanted_attempt, attempt)
            self._watch.want_page()

    @workflow.update
    async def invoice(self, attempt: int) -> Invoice:
        """The payment page of this attempt, as soon as there is one."""
        self.try_again(attempt)
        await workflow.wait_condition(
            lambda: self._progress.page_is_open or not self._may_open_page
        )
        if self._progress.invoice is None or not self._progress.page_is_open:
            raise self._no_page()
        return self._progress.invoice

    @property
    def _may_open_page(self) -> bool:
        is_reopening = self._stage.is_unpaid_end and self._watch.page_is_wanted
        return not self._is_over and (self._stage is PurchaseStage.PREPARING or is_reopening)

    def _no_page(self) -> ApplicationError:
        if self._stage.is_unpaid_end and self._watch.page_is_wanted:
            return ApplicationError(
                "the next page is being made", type=ProviderUnavailable.__name__
            )
        return ApplicationError(
            f"there is no open payment page: the purchase is {self._stage}",
            type=PurchaseRefused.__name__,
            non_retryable=True,
        )

    @workflow.update
    def repair(self, repair: Repair) -> None:
        """A person's decision about a stuck purchase."""
        self._parking.decide(repair)

    @repair.validator
    def _repair_makes_sense(self, repair: Repair) -> None:
        refusal = self._parking.refusal(repair)
        if refusal is not None:
            raise ApplicationError(refusal, type=RepairRefused.__name__, non_retryable=True)

    # Until the money is there

    async def _was_over(self) -> bool:
        """Whether there is nothing left to do; else pick up what an earlier run left."""
        known = await workflow.execute_activity_method(
            LedgerActivities.recall_purchase,
            Recall(purchase_id=self._order.purchase_id, attempt=self._order.attempt),
            **options.LEDGER,
        )
        is_over = known.stage in {PurchaseStage.DONE, PurchaseStage.REFUNDED}
        # News makes no payment page: without one there is nothing to look at.
        is_idle = self._order.is_woken and known.invoice is None
        if is_over or is_idle or known.invoice is not None:
            self._progress.resume(known)
        return is_over or is_idle

    async def _payment(self) -> PaymentSnapshot | None:
        """The payment as it was agreed; None when the purchase rests without it."""
        invoice = self._progress.invoice or await self._make_invoice()
        if not isinstance(invoice, Invoice):
            await self._rest_unpaid(invoice)
            return None
        self._progress.invoice = invoice
        fetched = await self._watch.final_payment(invoice)
        if fetched is None or fetched.payment.status is not PaymentStatus.SUCCEEDED:
            await self._rest_unpaid(fetched.payment.cancellation if fetched else None)
            return None
        if fetched.mismatches:
            return await self._settle_mismatch(invoice, fetched)
        return fetched.payment

    async def _make_invoice(self) -> Invoice | Cancellation:
        try:
            return await workflow.execute_activity_method(
                PaymentActivities.create_invoice,
                self._order,
                summary=f"payment page for {self._order.price}",
                schedule_to_close_timeout=self._order.policy.invoice_budget,
                **options.PROVIDER,
            )
        except ActivityError as error:
            workflow.logger.error("no payment page: %s", error.cause)
            return METHOD_REFUSED if _is_refused_method(error) else INVOICE_FAILED

    async def _rest_unpaid(self, cancellation: Cancellation | None) -> None:
        expired = cancellation is None or cancellation.reason == EXPIRED_REASON
        self._progress.enter(
            PurchaseStage.EXPIRED if expired else PurchaseStage.DECLINED,
            cancellation=cancellation,
        )
        await self._progress.publish()

    async def _settle_mismatch(
        self, invoice: Invoice, fetched: FetchedPayment
    ) -> PaymentSnapshot | None:
        """Money that is not what was agreed grants nothing: a person looks at it."""
        await workflow.execute_activity_method(
            LedgerActivities.record_payment, self._paid(fetched.payment), **options.LEDGER
        )
        while fetched.mismatches:
            detail = f"the payment differs in: {', '.join(fetched.mismatches)}"
            decision = await self._parking.decision(Problem(StuckReason.MISMATCH, detail))
            fetched = await self._watch.look(invoice) or fetched
            if decision is RepairAction.REFUND:
                await give_back(self._progress, self._parking, fetched.payment)
                return None
        return fetched.payment

    # When the money is there

    async def _grant(self, payment: PaymentSnapshot) -> Grant:
        self._progress.enter(PurchaseStage.PAID)
        return await workflow.execute_activity_method(
            LedgerActivities.record_payment_and_grant,
            self._paid(payment),
            summary="record the payment, grant access",
            **options.LEDGER,
        )

    def _paid(self, payment: PaymentSnapshot) -> RecordPayment:
        return RecordPayment(
            purchase_id=self._order.purchase_id, payment=payment, now=workflow.now()
        )

    @property
    def _stage(self) -> PurchaseStage:
        return self._progress.stage


def _is_refused_method(error: ActivityError) -> bool:
    cause = error.cause
    return isinstance(cause, ApplicationError) and cause.type == MethodRefused.__name__
