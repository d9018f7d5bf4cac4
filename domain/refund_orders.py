"""Refunds that are asked for and decided, and what is told of them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.ids import (
    PaymentId,
    ProviderPaymentId,
    PurchaseId,
    RefundId,
    SubscriptionId,
    UserId,
)
from domain.languages import Language
from domain.model import Value
from domain.money import Money
from domain.payments import Provider


class CancelOrder(Value):
    """A customer takes an offer."""

    kind: Literal["cancel"] = "cancel"
    refund_id: RefundId
    subscription_id: SubscriptionId
    made_at: datetime
    """When the offer was made: it is computed for that moment again."""
    fingerprint: str
    """Of the offer that the customer saw."""


class StaffRefund(Value):
    """Staff gives a part of a purchase's price back, or all of it."""

    kind: Literal["staff"] = "staff"
    refund_id: RefundId
    purchase_id: PurchaseId
    amount: Money
    actor: str
    """Who decided, for the audit log: `cli:alice`."""


RefundOrder = Annotated[CancelOrder | StaffRefund, Field(discriminator="kind")]


class OwedRefund(Value):
    """A refund of one payment that was decided and has to be made."""

    payment_id: PaymentId
    purchase_id: PurchaseId
    provider: Provider
    provider_payment_id: ProviderPaymentId
    amount: Money
    is_partial: bool
    """Whether less than the payment's whole amount goes back."""
    description: str
    receipt_email: str | None = None


class RefundDecision(Value):
    """What the ledger decided about a refund."""

    refund_id: RefundId
    user_id: UserId
    language: Language
    subscription_id: SubscriptionId | None = None
    """Whose access was shortened; None where the purchase gave none."""
    owed: tuple[OwedRefund, ...] = ()
    """What is still to be given back."""

    @property
    def totals(self) -> tuple[Money, ...]:
        """What is still to be given back, in each currency."""
        currencies = dict.fromkeys(each.amount.currency for each in self.owed)
        return tuple(
            Money(
                amount=sum(
                    (each.amount.amount for each in self.owed if each.amount.currency == currency),
                    Decimal(0),
                ),
                currency=currency,
            )
            for currency in currencies
        )


class RefundRepair(StrEnum):
    """What a person can do about a refund that the provider refused."""

    RETRY = "retry"
    GIVE_UP = "give_up"
    """The money stays; the time that was taken for it comes back."""


class RefundVerdict(Value):
    """A person's decision about a refused refund."""

    action: RefundRepair
    actor: str


class RefundAlarm(Value):
    """A call for a person: a refund was refused."""

    refund_id: RefundId
    user_id: UserId
    amount: Money
    detail: str
    occasion: int
    """Which parking of this refund it is: one alarm for each."""


class RefundNews(StrEnum):
    """What a customer is told of a refund."""

    DONE = "done"
    """The provider has it: the money is on its way."""
    RESTORED = "restored"
    """It could not be given back, and the access is there again."""


class RefundNotice(Value):
    """One such word to a customer."""

    news: RefundNews
    refund_id: RefundId
    payment_id: PaymentId
    user_id: UserId
    language: Language
    amount: Money
