"""Money that came for a purchase that was paid before: it goes back."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.notices import NoticeActivities
    from activities.payments import PaymentActivities, RefundPayment
    from domain.purchases import Alarm, StuckReason
    from domain.stars import Surplus
    from workflows.options import ALARM, REFUND
    from workflows.progress import words_of

_AFTER_A_REFUSAL = timedelta(hours=1)

_OCCASION = 0
"""A purchase counts its own parkings from 1."""


@workflow.defn(name="SurplusRefund")
class SurplusRefundWorkflow:
    """Gives one surplus payment back; a refusal calls a person once and is tried again hourly."""

    @workflow.run
    async def run(self, surplus: Surplus) -> None:
        """Tries until the provider has given it back."""
        try:
            await workflow.execute_activity_method(
                PaymentActivities.refund_payment,
                RefundPayment(
                    purchase_id=surplus.purchase_id,
                    provider=surplus.provider,
                    request=surplus.request,
                ),
                summary=f"give back {surplus.request.amount}",
                **REFUND,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.set_current_details(f"**Refused**, tried again hourly: {words_of(error)}")
            await self._call_a_person(surplus, words_of(error))
            await workflow.sleep(_AFTER_A_REFUSAL, summary="until the next try")
            workflow.continue_as_new(surplus)

    async def _call_a_person(self, surplus: Surplus, why: str) -> None:
        await workflow.execute_activity_method(
            NoticeActivities.raise_alarm,
            Alarm(
                purchase_id=surplus.purchase_id,
                user_id=surplus.user_id,
                reason=StuckReason.REFUND,
                detail=f"it was paid twice, and {surplus.request.amount} did not go back: {why}",
                occasion=_OCCASION,
                repairs=(),
            ),
            **ALARM,
        )
