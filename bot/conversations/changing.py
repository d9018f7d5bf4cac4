"""Another plan for the rest of the subscription: free at once, or by a purchase."""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from bot.beginning import begin_purchase, go_on_with
from bot.buttons import ChangePlan, Open, Place
from bot.conversations.checkout import Receipt
from bot.phrasebook import Phrasebook
from bot.replies import Toast, tapped_message, turn_page
from bot.screens.changing import change_screen, changed_change_screen, plan_changed_screen
from bot.screens.checkout import email_screen
from bot.screens.screen import Screen
from bot.screens.subscription import subscription_screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import RefundRefused, TemporalUnavailable
from domain.ids import ChangeId, PurchaseId, SubscriptionId
from domain.payments import Provider
from domain.plan_changes import AgreedChange, ChangeOffer, ChangeOrder
from domain.purchases import PurchaseKind, PurchaseOrder
from domain.refunds import OFFER_LIFE


def changing_router() -> Router:
    """Changes plans."""
    router = Router(name="changing")
    router.callback_query.register(offer_changes, Open.filter(F.place == Place.CHANGE))
    router.callback_query.register(change, ChangePlan.filter())
    return router


async def offer_changes(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """What every other plan would cost and give."""
    screen = await _offers(shop, customer, phrases)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def change(
    tap: CallbackQuery,
    callback_data: ChangePlan,
    *,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
    state: FSMContext,
) -> Toast | None:
    """Do what the button offered; where that has changed, show it again instead."""
    message = tapped_message(tap)
    known = await shop.purchases.find(PurchaseId(callback_data.purchase))
    if known is not None:
        return await go_on_with(known.order, message, shop, customer, phrases)
    found = await _agreed(callback_data, shop, customer)
    if found is None:
        await turn_page(shop.messenger, tap, await _outdated(shop, customer, phrases))
        return None
    subscription_id, offer = found
    if offer.is_free:
        order = _free_order(callback_data, subscription_id, offer)
        return await _change_for_nothing(
            tap, order, offer, shop=shop, customer=customer, phrases=phrases
        )
    if shop.receipts and customer.email is None:
        # In a message of its own: the offer stays, to be taken once the address is known.
        await state.set_state(Receipt.email)
        await turn_page(shop.messenger, tap, email_screen(phrases), fresh=True)
        return None
    purchase = _order(callback_data, subscription_id, offer, shop, customer)
    return await begin_purchase(purchase, message, shop, phrases)


async def _change_for_nothing(
    tap: CallbackQuery,
    order: ChangeOrder,
    offer: ChangeOffer,
    *,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
) -> Toast | None:
    try:
        changed = await shop.starter.change(order)
    except RefundRefused:
        screen = await _outdated(shop, customer, phrases)
    except TemporalUnavailable:
        return Toast(text=phrases.label("cancel.unavailable"), alert=True)
    else:
        name = offer.plan.name.within(phrases.language)
        screen = plan_changed_screen(phrases, name, changed)
    await turn_page(shop.messenger, tap, screen)
    return None


async def _agreed(
    button: ChangePlan, shop: Shop, customer: Customer
) -> tuple[SubscriptionId, ChangeOffer] | None:
    """The button's offer, if it still stands."""
    made_at = datetime.fromtimestamp(button.at, UTC)
    plan = await shop.plans.find(button.plan_id)
    if plan is None or shop.now() - made_at > OFFER_LIFE:
        return None
    found = await shop.changes.offers(customer.user_id, (plan,), made_at)
    if found is None:
        return None
    subscription_id, ((_, offer),) = found
    if not isinstance(offer, ChangeOffer) or offer.fingerprint != button.mark:
        return None
    return subscription_id, offer


async def _offers(
    shop: Shop, customer: Customer, phrases: Phrasebook, *, is_outdated: bool = False
) -> Screen:
    plans = await shop.plans.for_sale()
    # To the second, because that is what fits into the button.
    now = shop.now().replace(microsecond=0)
    found = await shop.changes.offers(customer.user_id, plans, now)
    if found is None:
        subscription = await shop.subscriptions.subscription_of(customer.user_id)
        return subscription_screen(phrases, subscription, shop.now())
    draw = changed_change_screen if is_outdated else change_screen
    return draw(phrases, found[1])


async def _outdated(shop: Shop, customer: Customer, phrases: Phrasebook) -> Screen:
    return await _offers(shop, customer, phrases, is_outdated=True)


def _free_order(
    button: ChangePlan, subscription_id: SubscriptionId, offer: ChangeOffer
) -> ChangeOrder:
    return ChangeOrder(
        change_id=ChangeId(button.purchase),
        subscription_id=subscription_id,
        plan_id=button.plan_id,
        made_at=offer.made_at,
        fingerprint=button.mark,
    )


def _order(
    button: ChangePlan,
    subscription_id: SubscriptionId,
    offer: ChangeOffer,
    shop: Shop,
    customer: Customer,
) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=PurchaseId(button.purchase),
        user_id=customer.user_id,
        plan_id=offer.plan.plan_id,
        plan_name=offer.plan.name.within(customer.language),
        provider=Provider.YOOKASSA,
        price=offer.to_pay,
        full_price=offer.plan.price,
        discounts=(offer.discount,),
        duration=offer.plan.duration,
        language=customer.language,
        kind=PurchaseKind.CHANGE,
        change=AgreedChange(
            subscription_id=subscription_id, revision=offer.revision, made_at=offer.made_at
        ),
        receipt_email=customer.email if shop.receipts else None,
        policy=shop.policy,
    )
