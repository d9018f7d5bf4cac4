"""Try again: a further payment page for a purchase that was declined or has expired."""

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.buttons import Again
from bot.catalogue import catalogue_of
from bot.phrasebook import Phrasebook
from bot.replies import Toast, turn_page
from bot.screens.checkout import sold_out_screen
from bot.screens.plans import changed_plans_screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import PromoRefused, SoldOut, TemporalUnavailable
from domain.ids import PurchaseId
from domain.purchases import PurchaseOrder, PurchaseRecord


def again_router() -> Router:
    """Goes on with purchases."""
    router = Router(name="again")
    router.callback_query.register(try_again, Again.filter())
    return router


async def try_again(
    tap: CallbackQuery, callback_data: Again, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast | None:
    """Ask for the attempt of the button; the workflow shows its page in the same message."""
    record = await shop.purchases.find(PurchaseId(callback_data.purchase))
    if record is None or record.order.user_id != customer.user_id:
        return Toast(text=phrases.label("fallback.stale_button"), alert=True)
    if not record.stage.is_unpaid_end or callback_data.attempt != record.attempt + 1:
        return Toast(text=phrases.label("checkout.under_way"))
    if not await _can_still_be_had(record, shop):
        catalogue = await catalogue_of(shop, customer.user_id)
        await turn_page(shop.messenger, tap, changed_plans_screen(phrases, catalogue), fresh=True)
        return None
    try:
        await shop.purchases.require_room(record.order)
        await shop.starter.begin_purchase(_next_attempt(record, callback_data, shop))
    except SoldOut:
        await turn_page(shop.messenger, tap, sold_out_screen(phrases), fresh=True)
        return None
    except TemporalUnavailable:
        return Toast(text=phrases.label("checkout.not_started_again"), alert=True)
    return Toast(text=phrases.label("checkout.again"))


async def _can_still_be_had(record: PurchaseRecord, shop: Shop) -> bool:
    """Whether the plan costs in the list what it did, and the discounts can be held again."""
    order = record.order
    plan = await shop.plans.find(order.plan_id)
    if plan is None or plan.price_by(order.provider) != order.list_price:
        return False
    try:
        await shop.offers.hold_again(order, shop.now())
    except PromoRefused:
        return False
    return True


def _next_attempt(record: PurchaseRecord, button: Again, shop: Shop) -> PurchaseOrder:
    email = record.order.receipt_email if shop.receipts else None
    return record.order.model_copy(update={"attempt": button.attempt, "receipt_email": email})
