"""Means of payment: the card that a payment was made with, and whether it was saved."""

from datetime import datetime
from enum import StrEnum

from sandbox.yookassa.cards import Cancellation, CardType, Party, TestCard
from sandbox.yookassa.objects import ApiObject

CARD_EXPIRED = Cancellation(party=Party.PAYMENT_NETWORK, reason="card_expired")


class MethodStatus(StrEnum):
    """Whether a saved method can be charged."""

    PENDING = "pending"
    ACTIVE = "active"
    INACTIVE = "inactive"


class BankCard(ApiObject):
    """The part of a card's data that the API shows."""

    first6: str
    last4: str
    expiry_year: str
    expiry_month: str
    card_type: CardType
    issuer_country: str = "RU"

    def has_expired(self, now: datetime) -> bool:
        """Whether the last month printed on the card is over."""
        return (int(self.expiry_year), int(self.expiry_month)) < (now.year, now.month)


class PaymentMethod(ApiObject):
    """The means that a payment was made with."""

    type: str = "bank_card"
    id: str
    saved: bool
    status: MethodStatus
    title: str
    card: BankCard


class SavedMethod(ApiObject):
    """A card that may be charged again without its owner."""

    method: PaymentMethod
    decline: Cancellation | None = None
    """Why every charge of it is declined, if it is."""
    stays_pending: bool = False
    """Whether its charges wait to be settled, as YooKassa's sometimes do."""
    revoked: bool = False
    """Whether the request itself is refused, as happens when a bank withdrew the consent."""

    def refusal(self, now: datetime) -> Cancellation | None:
        """Why a charge at this moment is declined, if it is."""
        return self.decline or (CARD_EXPIRED if self.method.card.has_expired(now) else None)


def saved_method_of(method: PaymentMethod, card: TestCard) -> SavedMethod:
    """The method of a payment as it is once it is saved."""
    active = method.but(saved=True, status=MethodStatus.ACTIVE)
    return SavedMethod(method=active, decline=card.autopay_decline)


def method_of(
    payment_id: str, card: TestCard, expiry_month: str, expiry_year: str
) -> PaymentMethod:
    """The method of a payment: its id is the payment's own id, and it is not saved yet."""
    return PaymentMethod(
        id=payment_id,
        saved=False,
        status=MethodStatus.INACTIVE,
        title=f"Bank card *{card.last4}",
        card=BankCard(
            first6=card.number[:6],
            last4=card.last4,
            expiry_month=expiry_month,
            expiry_year=expiry_year,
            card_type=card.card_type,
        ),
    )
