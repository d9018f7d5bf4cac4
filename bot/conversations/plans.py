"""The catalogue of plans."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.buttons import Open, Place
from bot.catalogue import catalogue_of
from bot.phrasebook import Phrasebook
from bot.replies import reply, turn_page
from bot.screens.plans import plans_screen
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import Customer


def plans_router() -> Router:
    """Opens the catalogue."""
    router = Router(name="plans")
    router.message.register(plans_command, Command("plans"))
    router.callback_query.register(open_plans, Open.filter(F.place == Place.PLANS))
    return router


async def plans_command(
    message: Message, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Show the plans in a new message."""
    await reply(shop.messenger, message, await catalogue_screen(shop, customer, phrases))


async def open_plans(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Turn the message into the plans."""
    screen = await catalogue_screen(shop, customer, phrases)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def catalogue_screen(shop: Shop, customer: Customer, phrases: Phrasebook) -> Screen:
    """The plans at the customer's prices."""
    catalogue = await catalogue_of(shop, customer.user_id)
    subscription = await shop.subscriptions.subscription_of(customer.user_id)
    if subscription is None or not subscription.gives_access(shop.now()):
        return plans_screen(phrases, catalogue)
    return plans_screen(phrases, catalogue, active_until=subscription.expires_at)
