"""The free trial: one tap, once for each customer."""

from aiogram import F, Router
from aiogram.types import CallbackQuery

from bot.beginning import begin_purchase
from bot.buttons import Open, Place
from bot.phrasebook import Phrasebook
from bot.replies import Toast, tapped_message
from bot.shop import Shop
from domain.customers import Customer
from domain.ids import PurchaseId
from domain.plans import Plan
from domain.purchases import PurchaseOrder


def trial_router() -> Router:
    """Begins trials."""
    router = Router(name="trial")
    router.callback_query.register(try_it, Open.filter(F.place == Place.TRIAL))
    return router


async def try_it(
    tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast | None:
    """Begin the trial; the message with the button tells how it goes from then on.

    However many taps there are, on whatever messages: a customer's trial has one id.
    """
    plan = await shop.plans.trial()
    subscription = await shop.subscriptions.subscription_of(customer.user_id)
    purchase_id = None if subscription else await shop.trials.purchase_of(customer.user_id)
    if plan is None or purchase_id is None:
        return Toast(text=phrases.label("trial.not_for_you"), alert=True)
    order = _order(purchase_id, plan, shop, customer)
    return await begin_purchase(order, tapped_message(tap), shop, phrases)


def _order(purchase_id: PurchaseId, plan: Plan, shop: Shop, customer: Customer) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=purchase_id,
        user_id=customer.user_id,
        plan_id=plan.plan_id,
        plan_name=plan.name.within(customer.language),
        price=plan.price,
        duration=plan.duration,
        language=customer.language,
        policy=shop.policy,
    )
