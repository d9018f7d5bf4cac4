"""Begins purchases: written down first, then handed to their workflows."""

import structlog

from bot.phrasebook import Phrasebook
from bot.replies import Toast
from bot.screens.checkout import not_started_screen, sold_out_screen
from bot.screens.purchase import notice_of, purchase_screen
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import (
    CustomerUnreachable,
    MessageGone,
    SoldOut,
    TelegramOutcomeUnknown,
    TelegramUnavailable,
    TemporalUnavailable,
)
from domain.payments import Provider
from domain.purchases import ChatMessage, PurchaseOrder, PurchaseStage

_log = structlog.get_logger(__name__)


async def begin_purchase(
    draft: PurchaseOrder, message: ChatMessage, shop: Shop, phrases: Phrasebook
) -> Toast | None:
    """Write the purchase down and start its workflow, which owns the message from then on.

    "Preparing" is shown before the start, or it might overwrite what the workflow shows.

    Raises:
        PromoRefused: A discount of the order can no longer be had; nothing has begun.
    """
    order = draft.model_copy(update={"message": message})
    try:
        is_new = await shop.purchases.open(order, shop.now())
    except SoldOut:
        await _show(shop, message, sold_out_screen(phrases))
        return None
    if is_new:
        await show_preparing(order, message, shop, phrases)
    return await start_purchase(order, message, shop, phrases, is_new=is_new)


async def show_preparing(
    order: PurchaseOrder, message: ChatMessage, shop: Shop, phrases: Phrasebook
) -> None:
    """Show that the purchase has begun."""
    preparing = notice_of(order, message, PurchaseStage.PREPARING)
    await _show(shop, message, purchase_screen(phrases, preparing))


async def start_purchase(
    order: PurchaseOrder, message: ChatMessage, shop: Shop, phrases: Phrasebook, *, is_new: bool
) -> Toast | None:
    """Start the workflow of a purchase that is written down; it may be running already."""
    try:
        await shop.starter.begin_purchase(order)
    except TemporalUnavailable:
        _log.warning("a purchase could not be started", purchase_id=str(order.purchase_id))
        await _show(shop, message, not_started_screen(phrases, order))
        return None
    return None if is_new else await _was_under_way(order, message, shop, phrases)


async def go_on_with(
    order: PurchaseOrder,
    message: ChatMessage,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
) -> Toast | None:
    """A purchase that was written down goes on at the price that was agreed then."""
    if order.user_id != customer.user_id:
        return Toast(text=phrases.label("fallback.stale_button"), alert=True)
    email = customer.email if needs_address(order.provider, shop) else None
    agreed = order.model_copy(update={"message": message, "receipt_email": email})
    return await start_purchase(agreed, message, shop, phrases, is_new=False)


def needs_address(provider: Provider, shop: Shop) -> bool:
    """YooKassa sends receipts (54-FZ); for Stars there are none."""
    return shop.receipts and provider is Provider.YOOKASSA


async def _was_under_way(
    order: PurchaseOrder, message: ChatMessage, shop: Shop, phrases: Phrasebook
) -> Toast:
    """Answer a repeated tap.

    A start that seemed to fail may have succeeded, and "try again" may cover the payment page;
    then the ledger knows the page, and it is shown again.
    """
    record = await shop.purchases.find(order.purchase_id)
    if record is not None and record.stage is PurchaseStage.AWAITING_PAYMENT:
        notice = notice_of(order, message, record.stage, record.confirmation_url)
        await _show(shop, message, purchase_screen(phrases, notice))
    return Toast(text=phrases.label("checkout.under_way"))


async def _show(shop: Shop, message: ChatMessage, screen: Screen) -> None:
    """Edit the payment message if it can be done; the workflow tells the truth in any case."""
    try:
        await shop.messenger.edit_text(message, screen.text, screen.keyboard)
    except (TelegramUnavailable, TelegramOutcomeUnknown, CustomerUnreachable, MessageGone) as error:
        _log.warning("the payment message could not be edited", why=str(error))
