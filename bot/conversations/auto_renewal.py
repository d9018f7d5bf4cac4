"""Renewal by itself: the consent, how it stands, and the one tap that ends it."""

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from bot.beginning import begin_purchase, go_on_with
from bot.buttons import Agree, OfferRenewal, Open, Place, Unlink
from bot.catalogue import catalogue_of
from bot.conversations.checkout import Receipt
from bot.phrasebook import Phrasebook
from bot.replies import Toast, tapped_message, turn_page
from bot.screens.auto_renewal import (
    WORDING_VERSION,
    renewal_offer_screen,
    renewal_plans_screen,
    standing_renewal_screen,
    unlinked_screen,
    wording_of,
)
from bot.screens.checkout import email_screen
from bot.screens.plans import changed_plans_screen
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import PromoRefused
from domain.ids import PlanId, PurchaseId
from domain.payments import Provider
from domain.pricing import Quote
from domain.purchases import PurchaseOrder
from domain.renewals import Consent


def auto_renewal_router() -> Router:
    """Agrees to renewals and ends them."""
    router = Router(name="auto_renewal")
    router.callback_query.register(open_renewal, Open.filter(F.place == Place.AUTO_RENEWAL))
    router.callback_query.register(offer, OfferRenewal.filter())
    router.callback_query.register(agree, Agree.filter())
    router.callback_query.register(unlink, Unlink.filter())
    return router


async def open_renewal(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """How it stands; where nothing renews, what it is and for which plans."""
    standing = await shop.auto_renewals.standing_of(customer.user_id)
    if standing is None:
        screen = renewal_plans_screen(phrases, await shop.plans.for_sale())
    else:
        subscription = await shop.subscriptions.subscription_of(customer.user_id)
        screen = standing_renewal_screen(phrases, standing, subscription)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def offer(
    tap: CallbackQuery,
    callback_data: OfferRenewal,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
) -> None:
    """The words of the consent for one plan."""
    found = await _quote(shop, customer, callback_data.plan_id)
    screen = (
        await _changed(shop, customer, phrases)
        if found is None
        else renewal_offer_screen(phrases, found)
    )
    await turn_page(shop.messenger, tap, screen)


async def agree(
    tap: CallbackQuery,
    callback_data: Agree,
    *,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
    state: FSMContext,
) -> Toast | None:
    """Begin a purchase whose card is kept; the consent is written down beside it.

    A price that changed since, now or later, is shown again instead of charged.
    """
    known = await shop.purchases.find(PurchaseId(callback_data.purchase))
    found = await _quote(shop, customer, callback_data.plan_id)
    if known is not None:
        # A repeat of a half-done update: the consent may not be written down yet.
        if found is not None and found.full_price == known.order.list_price:
            await _note_consent(known.order, found, shop, phrases)
        return await go_on_with(known.order, tapped_message(tap), shop, customer, phrases)
    if found is None or not callback_data.agrees_with(found):
        await turn_page(shop.messenger, tap, await _changed(shop, customer, phrases))
        return None
    if shop.receipts and customer.email is None:
        # In a message of its own: the consent stays, to be given once the address is known.
        await state.set_state(Receipt.email)
        await turn_page(shop.messenger, tap, email_screen(phrases), fresh=True)
        return None
    order = _order(callback_data, found, shop, customer)
    try:
        toast = await begin_purchase(order, tapped_message(tap), shop, phrases)
    except PromoRefused:
        await turn_page(shop.messenger, tap, await _changed(shop, customer, phrases))
        return None
    await _note_consent(order, found, shop, phrases)
    return toast


async def _note_consent(
    order: PurchaseOrder, quote: Quote, shop: Shop, phrases: Phrasebook
) -> None:
    await shop.auto_renewals.note_consent(
        Consent(
            purchase_id=order.purchase_id,
            user_id=order.user_id,
            plan_id=quote.plan.plan_id,
            price=quote.full_price,
            wording_version=WORDING_VERSION,
            wording=wording_of(phrases, quote.plan),
            given_at=shop.now(),
        )
    )


async def unlink(tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook) -> None:
    """Forget the card at once; the workflow only learns that it has one thing less to do."""
    subscription_id = await shop.auto_renewals.unlink(customer.user_id, shop.now())
    await turn_page(shop.messenger, tap, unlinked_screen(phrases), fresh=True)
    if subscription_id is not None:
        state = await shop.subscriptions.subscription_state(subscription_id)
        await shop.starter.open_or_extend(state)


async def _quote(shop: Shop, customer: Customer, plan_id: PlanId) -> Quote | None:
    """The plan's price by card: nothing else can be kept."""
    catalogue = await catalogue_of(shop, customer.user_id)
    by_card = (each for each in catalogue.quotes if each.provider is Provider.YOOKASSA)
    return next((each for each in by_card if each.plan.plan_id == plan_id), None)


async def _changed(shop: Shop, customer: Customer, phrases: Phrasebook) -> Screen:
    return changed_plans_screen(phrases, await catalogue_of(shop, customer.user_id))


def _order(button: Agree, quote: Quote, shop: Shop, customer: Customer) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=PurchaseId(button.purchase),
        user_id=customer.user_id,
        plan_id=quote.plan.plan_id,
        plan_name=quote.plan.name.within(customer.language),
        price=quote.price,
        full_price=quote.full_price if quote.discounts else None,
        discounts=quote.discounts,
        duration=quote.duration,
        language=customer.language,
        receipt_email=customer.email if shop.receipts else None,
        policy=shop.policy,
        saves_method=True,
    )
