"""Typed identifiers: a purchase id cannot be passed where a subscription id is expected."""

from datetime import datetime
from typing import NewType
from uuid import UUID, uuid5

UserId = NewType("UserId", int)
"""The customer's Telegram user id; also the id of their private chat with the bot."""

ChatId = NewType("ChatId", int)
"""A Telegram chat: a customer's private chat, or the staff's admin chat."""

MessageId = NewType("MessageId", int)
"""A message inside one Telegram chat."""

PlanId = NewType("PlanId", int)
ServerId = NewType("ServerId", int)
PromoId = NewType("PromoId", int)

PurchaseId = NewType("PurchaseId", UUID)
"""Minted when a "buy" button is drawn, so that two taps on it are one purchase."""

SubscriptionId = NewType("SubscriptionId", UUID)
ErasureId = NewType("ErasureId", UUID)
DeviceId = NewType("DeviceId", UUID)
GrantId = NewType("GrantId", UUID)

ProviderPaymentId = NewType("ProviderPaymentId", str)
"""The payment provider's own id of a payment (YooKassa: 36 characters)."""

ProviderRefundId = NewType("ProviderRefundId", str)
"""The payment provider's own id of a refund."""

PaymentId = NewType("PaymentId", int)
"""The ledger's own id of a payment."""

EvacuationId = NewType("EvacuationId", int)
"""The ledger's own id of a server's evacuation."""

RefundId = NewType("RefundId", UUID)
"""Minted when a "give the money back" button is drawn, or by a command of the staff."""

ChangeId = NewType("ChangeId", UUID)
"""Minted when a "change the plan" button is drawn."""

SavedMethodId = NewType("SavedMethodId", str)
"""The payment provider's own id of a card that it keeps for us."""


def grant_id_of(purchase_id: PurchaseId) -> GrantId:
    """The grant that a purchase leads to: derived, so that a retry cannot mint a second one."""
    return GrantId(uuid5(purchase_id, "grant"))


def change_grant_id_of(change_id: ChangeId) -> GrantId:
    """The grant on the new plan, where nothing was paid for the change."""
    return GrantId(uuid5(change_id, "grant"))


def restored_grant_id_of(refund_id: RefundId, payment_id: PaymentId) -> GrantId:
    """The grant that brings time back whose money could not be given back."""
    return GrantId(uuid5(refund_id, f"restored:{payment_id}"))


_NAMESPACE = UUID("8a5f2d0c-3b52-4a4e-9d0b-8d0a3f6f1c77")
"""Where ids come from that belong to a customer. Never change it."""


def reward_grant_id_of(friend_id: UserId) -> GrantId:
    """The grant for having invited that friend."""
    return GrantId(uuid5(_NAMESPACE, f"reward:{friend_id}"))


def renewal_purchase_id(
    subscription_id: SubscriptionId, expires_at: datetime, attempt: int
) -> PurchaseId:
    """The purchase that one try of renewing by itself is: derived, so that a repeat is the same."""
    return PurchaseId(uuid5(subscription_id, f"renewal:{int(expires_at.timestamp())}:{attempt}"))
