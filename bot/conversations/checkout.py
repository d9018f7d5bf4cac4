"""From the tap on a price to a purchase under way, by way of the e-mail address if need be."""

import re

import structlog
from aiogram import F, Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from bot.buttons import Buy
from bot.phrasebook import Phrasebook
from bot.replies import Toast, reply, tapped_message, turn_page
from bot.screens.checkout import (
    email_screen,
    not_started_screen,
    refused_email_screen,
    saved_email_screen,
)
from bot.screens.plans import changed_plans_screen
from bot.screens.purchase import notice_of, purchase_screen
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import EMAIL_LENGTH, EMAIL_PATTERN, Customer
from domain.errors import (
    CustomerUnreachable,
    MessageGone,
    TelegramOutcomeUnknown,
    TelegramUnavailable,
    TemporalUnavailable,
)
from domain.ids import ChatId, PurchaseId
from domain.plans import Plan
from domain.purchases import ChatMessage, PurchaseOrder, PurchaseStage

_log = structlog.get_logger(__name__)

_EMAIL = re.compile(EMAIL_PATTERN)


class Receipt(StatesGroup):
    """Where a receipt goes."""

    email = State()


def checkout_router() -> Router:
    """Begins purchases."""
    router = Router(name="checkout")
    router.callback_query.register(buy, Buy.filter())
    router.message.register(email_command, Command("email"), _receipts_are_on)
    router.message.register(take_email, StateFilter(Receipt.email), F.text, ~F.text.startswith("/"))
    return router


async def buy(
    tap: CallbackQuery,
    callback_data: Buy,
    *,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
    state: FSMContext,
) -> Toast | None:
    """Begin the purchase of the button; the message with the button becomes its payment message."""
    plans = await shop.plans.for_sale()
    plan = _as_drawn(callback_data, plans)
    if plan is None:
        await turn_page(shop.messenger, tap, changed_plans_screen(phrases, plans))
        return None
    message = tapped_message(tap)
    if shop.receipts and customer.email is None:
        await state.set_state(Receipt.email)
        await state.set_data({"button": tap.data})
        await turn_page(shop.messenger, tap, email_screen(phrases))
        return None
    order = _order(callback_data, plan, shop, customer)
    return await _begin(order, message, plan, shop, phrases)


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
    plans = await shop.plans.for_sale()
    plan = _as_drawn(button, plans)
    if plan is None:
        return await reply(shop.messenger, message, changed_plans_screen(phrases, plans))
    order = _order(button, plan, shop, customer)
    payment_message = await _payment_message_below(message, order, shop, phrases, state)
    await _begin(order, payment_message, plan, shop, phrases)
    return None


async def _payment_message_below(
    answer: Message, order: PurchaseOrder, shop: Shop, phrases: Phrasebook, state: FSMContext
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


def _as_drawn(button: Buy, plans: tuple[Plan, ...]) -> Plan | None:
    """The button's plan, if it is still for sale at the price that the button shows."""
    return next((plan for plan in plans if button.agrees_with(plan)), None)


def _order(button: Buy, plan: Plan, shop: Shop, customer: Customer) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=PurchaseId(button.purchase),
        user_id=customer.user_id,
        plan_id=plan.plan_id,
        plan_name=plan.name.within(customer.language),
        price=plan.price,
        duration=plan.duration,
        language=customer.language,
        receipt_email=customer.email if shop.receipts else None,
        policy=shop.policy,
    )


async def _begin(
    draft: PurchaseOrder, message: ChatMessage, plan: Plan, shop: Shop, phrases: Phrasebook
) -> Toast | None:
    """Write the purchase down and start its workflow, which owns the message from then on.

    "Preparing" is shown before the start, or it might overwrite what the workflow shows.
    """
    order = draft.model_copy(update={"message": message})
    is_new = await shop.purchases.open(order, shop.now())
    if is_new:
        preparing = notice_of(order, message, PurchaseStage.PREPARING)
        await _show(shop, message, purchase_screen(phrases, preparing))
    try:
        await shop.starter.begin_purchase(order)
    except TemporalUnavailable:
        _log.warning("a purchase could not be started", purchase_id=str(order.purchase_id))
        await _show(shop, message, not_started_screen(phrases, plan, order.purchase_id))
        return None
    return None if is_new else await _was_under_way(order, message, shop, phrases)


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
