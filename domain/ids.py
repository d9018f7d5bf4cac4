"""Typed identifiers: a purchase id cannot be passed where a subscription id is expected."""

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

PurchaseId = NewType("PurchaseId", UUID)
"""Minted when a "buy" button is drawn, so that two taps on it are one purchase."""

SubscriptionId = NewType("SubscriptionId", UUID)
DeviceId = NewType("DeviceId", UUID)
GrantId = NewType("GrantId", UUID)

ProviderPaymentId = NewType("ProviderPaymentId", str)
"""The payment provider's own id of a payment (YooKassa: 36 characters)."""

ProviderRefundId = NewType("ProviderRefundId", str)
"""The payment provider's own id of a refund."""


def grant_id_of(purchase_id: PurchaseId) -> GrantId:
    """The grant that a purchase leads to: derived, so that a retry cannot mint a second one."""
    return GrantId(uuid5(purchase_id, "grant"))
