"""Waiting for a payment to become final: by news, by looking, however late."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.payments import FetchedPayment, FetchPayment, PaymentActivities
    from domain.payments import Invoice, PaymentStatus
    from domain.purchases import PurchasePolicy, PurchaseStage
    from workflows.options import FETCH_BUDGET, PROVIDER
    from workflows.progress import Progress


LATE_PAUSE = timedelta(hours=1)
"""Between two looks at a page whose time is over: years of them fit into one history."""


class PaymentWatch:
    """Watches one payment page. News wakes it; only the provider's own answer is believed."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._opened_at = workflow.now()
        self._news = False
        self._is_settled = False
        self.page_is_wanted = False

    @property
    def has_unheard_news(self) -> bool:
        """Whether news came that no look at the provider has followed."""
        return self._news and not self._is_settled

    def hear_news(self) -> None:
        """Somebody says that something happened to the payment."""
        self._news = True

    def want_page(self) -> None:
        """The customer asks for a page again; while one is open there is nothing to want."""
        if not self._progress.page_is_open:
            self.page_is_wanted = True

    async def final_payment(self, invoice: Invoice) -> FetchedPayment | None:
        """The payment once it is final; None when it stayed pending beyond all patience.

        A provider that does not answer is asked on and on: unknown is not unpaid.
        """
        fetched = await self._first_look(invoice)
        pause = self._policy.first_poll
        while not self._is_settled and not self._is_hopeless(fetched):
            if not await self._something_happens(pause):
                pause = min(pause * 2, self._longest_pause)
            fetched = await self._closer_look(invoice)
            if not self._is_settled:
                await self._turn_page()
        return fetched if self._is_settled else None

    async def _first_look(self, invoice: Invoice) -> FetchedPayment | None:
        """Open the page, or look at once where an earlier run had opened it: news opens none.

        A kept card is charged at once, so that too is worth a look.
        """
        if self._progress.is_resumed:
            self._opened_at -= self._policy.payment_window
            return await self._closer_look(invoice)
        self._open_page()
        if self._progress.order.charged_method is not None:
            return await self._closer_look(invoice)
        return None

    async def _closer_look(self, invoice: Invoice) -> FetchedPayment | None:
        fetched = await self.look(invoice)
        self._is_settled = _is_final(fetched)
        return fetched

    async def _turn_page(self) -> None:
        """Open the page for whoever wants it again; close it when its time is over.

        A late payment is still welcome.
        """
        if self.page_is_wanted:
            self._open_page()
            await self._progress.publish()
        elif self._progress.page_is_open and self._age >= self._policy.payment_window:
            self._progress.enter(PurchaseStage.EXPIRED)
            await self._progress.publish()

    def _open_page(self) -> None:
        self.page_is_wanted = False
        self._opened_at = workflow.now()
        self._progress.enter(PurchaseStage.AWAITING_PAYMENT)

    async def _something_happens(self, pause: timedelta) -> bool:
        try:
            await workflow.wait_condition(
                self._is_called, timeout=self._until_next_look(pause), timeout_summary="next look"
            )
        except TimeoutError:
            return False
        finally:
            self._news = False
        return True

    def _is_called(self) -> bool:
        return self._news or self.page_is_wanted

    def _until_next_look(self, pause: timedelta) -> timedelta:
        """The pause, cut so that the end of the payment window is not overslept."""
        left = self._policy.payment_window - self._age
        return min(pause, left) if left > timedelta(0) else pause

    @property
    def _longest_pause(self) -> timedelta:
        return self._policy.slowest_poll if self._progress.page_is_open else LATE_PAUSE

    async def look(self, invoice: Invoice) -> FetchedPayment | None:
        """The provider's answer now; None when it gave none within the budget."""
        try:
            return await workflow.execute_activity_method(
                PaymentActivities.fetch_payment,
                FetchPayment(payment_id=invoice.provider_payment_id, order=self._progress.order),
                summary="ask the provider",
                schedule_to_close_timeout=FETCH_BUDGET,
                **PROVIDER,
            )
        except ActivityError as error:
            workflow.logger.warning("the provider gave no answer: %s", error.cause)
            return None

    def _is_hopeless(self, fetched: FetchedPayment | None) -> bool:
        patience = self._policy.payment_window + self._policy.late_watch
        return fetched is not None and self._age >= patience

    @property
    def _age(self) -> timedelta:
        return workflow.now() - self._opened_at

    @property
    def _policy(self) -> PurchasePolicy:
        return self._progress.order.policy


def _is_final(fetched: FetchedPayment | None) -> bool:
    return fetched is not None and fetched.payment.status in {
        PaymentStatus.SUCCEEDED,
        PaymentStatus.CANCELED,
    }
