"""Waiting for the access that a payment buys."""

import asyncio

from api.parts import ApiParts
from api.problems import Kind, Refusal
from api.v1.payment_status import PaymentStatus, failure_reason, payment_status
from domain.purchases import PurchaseRecord, PurchaseStage, StuckReason
from domain.subscriptions import Grant

_FIRST_LOOK_SECONDS = 0.03
_SLOWEST_LOOK_SECONDS = 0.5
_SLOWING = 1.6

_GIVEN_BACK = frozenset({PaymentStatus.REFUNDING, PaymentStatus.REFUNDED})


async def granted_access(record: PurchaseRecord, parts: ApiParts) -> Grant:
    """The access that the purchase led to; asks the workflow to look if there is none yet.

    Refuses with 409 when the payment has not succeeded, with 503 when it has and the grant is
    not decided within `activation_patience`.
    """
    if payment_status(record.stage) in _GIVEN_BACK:
        raise Refusal(Kind.NOT_PAID, failure_reason(record))
    grant = await parts.payments.grant_of(record.order.purchase_id)
    if grant is not None:
        return grant
    if not await _nudge(record, parts):
        raise Refusal(Kind.NOT_PAID, "there is no payment page yet")
    try:
        async with asyncio.timeout(parts.options.activation_patience.total_seconds()):
            return await _decided_grant(record, parts)
    except TimeoutError:
        raise await _why_not(record, parts) from None


async def _nudge(record: PurchaseRecord, parts: ApiParts) -> bool:
    """Make the workflow look at the payment now; False when there is none to look at."""
    payment_id = await parts.payments.payment_of(record.order.purchase_id)
    if payment_id is None:
        return False
    await parts.starter.payment_seen(record.order.for_attempt(record.attempt), payment_id)
    return True


async def _decided_grant(record: PurchaseRecord, parts: ApiParts) -> Grant:
    """Look into the ledger until the grant is there; the caller bounds the wait.

    Looking beats an update of the workflow: the grant may have been decided by another replica,
    by a person, or long ago.
    """
    pause = _FIRST_LOOK_SECONDS
    while (grant := await parts.payments.grant_of(record.order.purchase_id)) is None:
        await asyncio.sleep(pause)
        pause = min(pause * _SLOWING, _SLOWEST_LOOK_SECONDS)
    return grant


async def _why_not(record: PurchaseRecord, parts: ApiParts) -> Refusal:
    present = await parts.purchases.find(record.order.purchase_id) or record
    is_disputed = (
        present.stage is PurchaseStage.STUCK and present.stuck_reason is StuckReason.MISMATCH
    )
    if present.stage.is_paid and not is_disputed:
        return Refusal(Kind.SETTING_UP, "paid; access is being set up, nothing is lost")
    return Refusal(Kind.NOT_PAID, failure_reason(present) or f"the payment is {present.stage}")
