"""From the tap on a price to a purchase under way, by way of the e-mail address if need be."""

import re

from aiogram import F, Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from bot.beginning import begin_purchase, go_on_with, needs_address
from bot.buttons import Buy, BuyInStars
from bot.catalogue import Catalogue, catalogue_of
from bot.phrasebook import Phrasebook, phrasebook
from bot.replies import Toast, reply, tapped_message, turn_page
from bot.screens.checkout import (
    email_screen,
    refused_email_screen,
    saved_email_screen,
)
from bot.screens.gifts import give_screen
from bot.screens.plans import changed_plans_screen
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import EMAIL_LENGTH, EMAIL_PATTERN, Customer
from domain.errors import PromoRefused
from domain.ids import ChatId, PurchaseId
from domain.pricing import Quote
from domain.purchases import ChatMessage, PurchaseKind, PurchaseOrder

_EMAIL = re.compile(EMAIL_PATTERN)


class Receipt(StatesGroup):
    """Where a receipt goes."""

    email = State()


def checkout_router() -> Router:
    """Begins purchases."""
    router = Router(name="checkout")
    router.callback_query.register(buy, Buy.filter())
    router.callback_query.register(buy, BuyInStars.filter())
    router.message.register(email_command, Command("email"), _receipts_are_on)
    router.message.register(take_email, StateFilter(Receipt.email), F.text, ~F.text.startswith("/"))
    return router


async def buy(
    tap: CallbackQuery,
    callback_data: Buy | BuyInStars,
    *,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
    state: FSMContext,
) -> Toast | None:
    """Begin the purchase of the button; the message with the button becomes its payment message.

    A price that changed since, for whatever reason, is shown again instead of charged.
    """
    message = tapped_message(tap)
    known = await shop.purchases.find(PurchaseId(callback_data.purchase))
    if known is not None:
        return await go_on_with(known.order, message, shop, customer, phrases)
    catalogue = await catalogue_of(shop, customer.user_id)
    quote = catalogue.as_drawn(callback_data)
    if quote is None:
        await turn_page(shop.messenger, tap, _changed(phrases, catalogue, callback_data))
        return None
    if needs_address(quote.provider, shop) and customer.email is None:
        await state.set_state(Receipt.email)
        await state.set_data({"button": tap.data})
        await turn_page(shop.messenger, tap, email_screen(phrases))
        return None
    order = _order(callback_data, quote, shop, customer)
    try:
        return await begin_purchase(order, message, shop, phrases)
    except PromoRefused:
        catalogue = await catalogue_of(shop, customer.user_id)
        await turn_page(shop.messenger, tap, changed_plans_screen(phrases, catalogue))
        return None


async def _receipts_are_on(_: Message, shop: Shop) -> bool:
    return shop.receipts


async def email_command(
    message: Message, shop: Shop, phrases: Phrasebook, state: FSMContext
) -> None:
    """Ask for another address; a purchase that waits for one goes on waiting."""
    await state.set_state(Receipt.email)
    await reply(shop.messenger, message, email_screen(phrases))


async def take_email(
    message: Message, shop: Shop, customer: Customer, phrases: Phrasebook, state: FSMContext
) -> None:
    """Take the address for receipts, and go on with the purchase that asked for it, if any."""
    email = (message.text or "").strip()
    if len(email) > EMAIL_LENGTH or not _EMAIL.fullmatch(email):
        return await reply(shop.messenger, message, refused_email_screen(phrases))
    await shop.customers.save_email(customer.user_id, email)
    await reply(shop.messenger, message, saved_email_screen(phrases, email))
    if "button" in await state.get_data():
        known = customer.model_copy(update={"email": email})
        await _go_on(message, shop, known, phrases, state)
    # Last, so that a repeat of a half-done update still finds its question.
    await state.clear()
    return None


async def _go_on(
    message: Message, shop: Shop, customer: Customer, phrases: Phrasebook, state: FSMContext
) -> None:
    """Begin the purchase of the button that was tapped before the question."""
    button = Buy.unpack((await state.get_data())["button"])
    known = await shop.purchases.find(PurchaseId(button.purchase))
    catalogue = await catalogue_of(shop, customer.user_id)
    quote = catalogue.as_drawn(button)
    if known is None and quote is None:
        return await reply(shop.messenger, message, _changed(phrases, catalogue, button))
    payment_message = await _payment_message_below(message, shop, phrases, state)
    if known is not None:
        await go_on_with(known.order, payment_message, shop, customer, phrases)
    elif quote is not None:
        await _begin_below(_order(button, quote, shop, customer), payment_message, shop, phrases)
    return None


async def _begin_below(
    order: PurchaseOrder, message: ChatMessage, shop: Shop, phrases: Phrasebook
) -> None:
    try:
        await begin_purchase(order, message, shop, phrases)
    except PromoRefused:
        changed = changed_plans_screen(phrases, await catalogue_of(shop, order.user_id))
        await shop.messenger.edit_text(message, changed.text, changed.keyboard)


async def _payment_message_below(
    answer: Message, shop: Shop, phrases: Phrasebook, state: FSMContext
) -> ChatMessage:
    """A new payment message: the one with the button may have left the screen by now.

    A repeat of a half-done update goes on with the message that it sent.
    """
    sent = (await state.get_data()).get("payment_message")
    if sent is not None:
        return ChatMessage.model_validate(sent)
    chat_id = ChatId(answer.chat.id)
    message_id = await shop.messenger.send_text(chat_id, phrases.say("purchase.preparing"))
    message = ChatMessage(chat_id=chat_id, message_id=message_id)
    await state.update_data(payment_message=message.model_dump())
    return message


def _changed(phrases: Phrasebook, catalogue: Catalogue, button: Buy | BuyInStars) -> Screen:
    if not button.is_gift:
        return changed_plans_screen(phrases, catalogue)
    return give_screen(phrases, catalogue.for_others).under(phrases.say("plans.changed"))


def _order(button: Buy | BuyInStars, quote: Quote, shop: Shop, customer: Customer) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=PurchaseId(button.purchase),
        user_id=customer.user_id,
        plan_id=quote.plan.plan_id,
        plan_name=_name(button, quote, customer),
        kind=PurchaseKind.GIFT if button.is_gift else PurchaseKind.ACCESS,
        provider=quote.provider,
        price=quote.price,
        full_price=quote.full_price if quote.discounts else None,
        discounts=quote.discounts,
        duration=quote.duration,
        language=customer.language,
        receipt_email=customer.email if needs_address(quote.provider, shop) else None,
        policy=shop.policy,
    )


def _name(button: Buy | BuyInStars, quote: Quote, customer: Customer) -> str:
    name = quote.plan.name.within(customer.language)
    return phrasebook(customer.language).label("gift.plan", plan=name) if button.is_gift else name
