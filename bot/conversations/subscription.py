"""My subscription, and the configuration once more."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.buttons import Open, Place
from bot.courier import send_file, send_qr
from bot.phrasebook import Phrasebook
from bot.replies import Toast, reply, turn_page
from bot.screens.screen import Screen
from bot.screens.subscription import subscription_screen
from bot.shop import Shop
from domain.customers import Customer
from domain.ids import ChatId


def subscription_router() -> Router:
    """Shows what the customer has."""
    router = Router(name="subscription")
    router.message.register(mine_command, Command("my"))
    router.callback_query.register(open_mine, Open.filter(F.place == Place.MINE))
    router.callback_query.register(send_config, Open.filter(F.place == Place.CONFIG))
    return router


async def mine_command(
    message: Message, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Show the subscription in a new message."""
    await reply(shop.messenger, message, await _mine(shop, customer, phrases))


async def open_mine(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Turn the message into the subscription."""
    screen = await _mine(shop, customer, phrases)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def send_config(
    tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast | None:
    """Send the file and the QR picture again; a repeat only sends the same once more."""
    subscription = await shop.subscriptions.subscription_of(customer.user_id)
    if subscription is None or not subscription.gives_access(shop.now()):
        return Toast(text=phrases.label("config.no_access"), alert=True)
    try:
        config = await shop.subscriptions.client_config(subscription.device_id)
    except LookupError:
        # Paid, but no server has taken the device yet: the purchase is still being set up.
        return Toast(text=phrases.label("config.not_yet"), alert=True)
    chat_id = ChatId(customer.user_id)
    await send_file(shop.messenger, chat_id, config, phrases)
    await send_qr(shop.messenger, chat_id, config, phrases)
    return Toast(text=phrases.label("config.sent"))


async def _mine(shop: Shop, customer: Customer, phrases: Phrasebook) -> Screen:
    subscription = await shop.subscriptions.subscription_of(customer.user_id)
    return subscription_screen(phrases, subscription, shop.now())
