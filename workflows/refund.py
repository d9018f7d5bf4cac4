"""Giving money back until it is back."""

from datetime import timedelta
from typing import NamedTuple

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.ledger import LedgerActivities, RecordRefund
    from activities.payments import PaymentActivities, RefundPayment
    from domain.payments import (
        PaymentSnapshot,
        Provider,
        RefundRequest,
        RefundSnapshot,
        RefundStatus,
    )
    from domain.purchases import PurchaseStage, StuckReason
    from workflows.options import LEDGER, PROVIDER, REFUND
    from workflows.parking import Parking
    from workflows.progress import Problem, Progress, words_of
    from workflows.removal import start_removals

_FIRST_LOOK = timedelta(seconds=5)
_SLOWEST_LOOK = timedelta(minutes=10)


class Setback(NamedTuple):
    """Why a refund has no end, and whether a further one needs a key of its own."""

    detail: str
    key_is_spent: bool


async def give_back(progress: Progress, parking: Parking, payment: PaymentSnapshot) -> None:
    """Refund the whole payment and take back what it gave; parks while the provider refuses."""
    attempt = 1
    progress.enter(PurchaseStage.REFUNDING)
    await progress.publish()
    while isinstance(outcome := await _refund(progress, payment, attempt), Setback):
        await parking.decision(Problem(StuckReason.REFUND, outcome.detail))
        attempt += outcome.key_is_spent
        progress.enter(PurchaseStage.REFUNDING)
        await progress.publish()
    await start_removals(
        tuple(
            await workflow.execute_activity_method(
                LedgerActivities.record_refund_and_revoke,
                RecordRefund(
                    purchase_id=progress.order.purchase_id, refund=outcome, now=workflow.now()
                ),
                **LEDGER,
            )
        )
    )
    progress.enter(PurchaseStage.REFUNDED)


async def _refund(
    progress: Progress, payment: PaymentSnapshot, attempt: int
) -> RefundSnapshot | Setback:
    return await settled_refund(
        RefundPayment(
            purchase_id=progress.order.purchase_id,
            provider=progress.order.provider,
            attempt=attempt,
            request=RefundRequest(
                provider_payment_id=payment.provider_payment_id,
                amount=payment.amount,
                description=progress.order.plan_name,
            ),
        )
    )


async def settled_refund(wanted: RefundPayment) -> RefundSnapshot | Setback:
    """One refund up to its end, or why it has none."""
    try:
        refund = await workflow.execute_activity_method(
            PaymentActivities.refund_payment,
            wanted,
            summary=f"give back {wanted.request.amount}",
            **REFUND,
        )
    except ActivityError as error:
        return Setback(words_of(error), key_is_spent=True)
    try:
        refund = await _final(refund, wanted.provider)
    except ActivityError as error:
        # There is a refund, only its end is unknown: another key could pay back twice.
        return Setback(words_of(error), key_is_spent=False)
    if refund.status is RefundStatus.CANCELED:
        reason = refund.cancellation.reason if refund.cancellation else "no reason given"
        detail = f"the provider cancelled the refund: {reason}"
        return Setback(detail, key_is_spent=True)
    return refund


async def _final(refund: RefundSnapshot, provider: Provider) -> RefundSnapshot:
    pause = _FIRST_LOOK
    while refund.status is RefundStatus.PENDING:
        await workflow.sleep(pause, summary="next look at the refund")
        pause = min(pause * 2, _SLOWEST_LOOK)
        refund = await workflow.execute_activity_method(
            PaymentActivities.fetch_refund,
            args=[refund.provider_refund_id, provider],
            **PROVIDER,
        )
    return refund
