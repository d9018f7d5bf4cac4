"""Entering a promo code: by a button, by a command, or by a link."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from bot.buttons import Open, Place
from bot.conversations.plans import catalogue_screen
from bot.phrasebook import Phrasebook
from bot.replies import Toast, reply, turn_page
from bot.screens.promo import promo_screen, refused_promo_screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import PromoRefused

LINK_PREFIX = "promo_"
"""A link `https://t.me/<bot>?start=promo_<code>` enters the code."""

_LONGEST_ECHO = 32
"""How much of what somebody wrote is said back to them: as long as a code can be."""


class Promo(StatesGroup):
    """What somebody is about to write."""

    code = State()


def promo_router() -> Router:
    """Takes codes."""
    router = Router(name="promo")
    router.message.register(
        code_by_link, CommandStart(deep_link=True, magic=F.args.startswith(LINK_PREFIX))
    )
    router.message.register(promo_command, Command("promo"))
    router.message.register(take_code, StateFilter(Promo.code), F.text, ~F.text.startswith("/"))
    router.callback_query.register(open_promo, Open.filter(F.place == Place.PROMO))
    router.callback_query.register(without_code, Open.filter(F.place == Place.NO_PROMO))
    return router


async def open_promo(
    tap: CallbackQuery, shop: Shop, phrases: Phrasebook, state: FSMContext
) -> None:
    """Ask for a code."""
    await state.set_state(Promo.code)
    await turn_page(shop.messenger, tap, promo_screen(phrases))


async def without_code(
    tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast:
    """Forget the code, and show the prices without it."""
    await shop.offers.drop_code(customer.user_id)
    await turn_page(shop.messenger, tap, await catalogue_screen(shop, customer, phrases))
    return Toast(text=phrases.label("promo.dropped"))


async def promo_command(
    message: Message,
    *,
    command: CommandObject,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
    state: FSMContext,
) -> None:
    """`/promo CODE` enters the code; `/promo` alone asks for one."""
    if command.args:
        return await _enter(
            command.args,
            message,
            shop=shop,
            customer=customer,
            phrases=phrases,
            state=state,
        )
    await state.set_state(Promo.code)
    return await reply(shop.messenger, message, promo_screen(phrases))


async def code_by_link(
    message: Message,
    *,
    command: CommandObject,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
    state: FSMContext,
) -> None:
    """Enter the code of a link."""
    code = (command.args or "").removeprefix(LINK_PREFIX)
    await _enter(code, message, shop=shop, customer=customer, phrases=phrases, state=state)


async def take_code(
    message: Message, shop: Shop, customer: Customer, phrases: Phrasebook, state: FSMContext
) -> None:
    """Take what was written as a code."""
    await _enter(
        message.text or "", message, shop=shop, customer=customer, phrases=phrases, state=state
    )


async def _enter(
    entered: str,
    message: Message,
    *,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
    state: FSMContext,
) -> None:
    """Show the prices with the code, or why it does not count; then another may be written."""
    try:
        code = await shop.offers.enter_code(customer.user_id, entered, shop.now())
    except PromoRefused as error:
        await state.set_state(Promo.code)
        echo = entered.strip()[:_LONGEST_ECHO]
        refused = refused_promo_screen(phrases, echo, error.refusal)
        return await reply(shop.messenger, message, refused)
    prices = await catalogue_screen(shop, customer, phrases)
    line = phrases.say("promo.accepted", code=code.code)
    await reply(shop.messenger, message, prices.under(line))
    # Last, so that a repeat of a half-done update still finds its question.
    await state.clear()
    return None
