"""Try again: a further payment page for a purchase that was declined or has expired."""

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.buttons import Again
from bot.phrasebook import Phrasebook
from bot.replies import Toast, turn_page
from bot.screens.plans import changed_plans_screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import TemporalUnavailable
from domain.ids import PurchaseId
from domain.plans import Plan
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
    plans = await shop.plans.for_sale()
    if not _still_costs_the_same(record, plans):
        await turn_page(shop.messenger, tap, changed_plans_screen(phrases, plans), fresh=True)
        return None
    try:
        await shop.starter.begin_purchase(_next_attempt(record, callback_data, shop))
    except TemporalUnavailable:
        return Toast(text=phrases.label("checkout.not_started_again"), alert=True)
    return Toast(text=phrases.label("checkout.again"))


def _still_costs_the_same(record: PurchaseRecord, plans: tuple[Plan, ...]) -> bool:
    order = record.order
    return any(plan.plan_id == order.plan_id and plan.price == order.price for plan in plans)


def _next_attempt(record: PurchaseRecord, button: Again, shop: Shop) -> PurchaseOrder:
    email = record.order.receipt_email if shop.receipts else None
    return record.order.model_copy(update={"attempt": button.attempt, "receipt_email": email})
