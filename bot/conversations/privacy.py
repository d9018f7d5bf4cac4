"""My data: a file with everything, or nothing at all any more."""

from uuid import uuid4, uuid5

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.buttons import Forget, Open, Place
from bot.phrasebook import Phrasebook
from bot.replies import Toast, reply, tapped_message, turn_page
from bot.screens.privacy import erasure_question_screen, erasure_screen, privacy_screen
from bot.shop import Shop
from domain.customers import Customer
from domain.errors import TemporalUnavailable
from domain.ids import ChatId, ErasureId
from domain.privacy import ErasureOrder, ErasureStage

FILE_NAME = "my-data.json"


def privacy_router() -> Router:
    """Exports and erases."""
    router = Router(name="privacy")
    router.message.register(privacy_command, Command("privacy"))
    router.callback_query.register(open_privacy, Open.filter(F.place == Place.PRIVACY))
    router.callback_query.register(export, Open.filter(F.place == Place.EXPORT))
    router.callback_query.register(ask_whether_sure, Open.filter(F.place == Place.ERASURE))
    router.callback_query.register(erase, Forget.filter())
    return router


async def privacy_command(message: Message, shop: Shop, phrases: Phrasebook) -> None:
    """Show it in a new message."""
    await reply(shop.messenger, message, privacy_screen(phrases))


async def open_privacy(tap: CallbackQuery, shop: Shop, phrases: Phrasebook) -> None:
    """Turn the message into it."""
    await turn_page(shop.messenger, tap, privacy_screen(phrases))


async def export(tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook) -> Toast:
    """Send the file; a repeat only sends the same once more."""
    data = await shop.personal_data.of(customer.user_id, shop.now())
    await shop.messenger.send_document(
        ChatId(customer.user_id),
        data.model_dump_json(indent=2).encode(),
        FILE_NAME,
        phrases.say("privacy.file"),
    )
    return Toast(text=phrases.label("privacy.file_sent"))


async def ask_whether_sure(
    tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Say exactly what would happen."""
    subscription = await shop.subscriptions.subscription_of(customer.user_id)
    question = erasure_question_screen(phrases, subscription, shop.now(), uuid4())
    await turn_page(shop.messenger, tap, question)


async def erase(
    tap: CallbackQuery,
    callback_data: Forget,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
) -> Toast | None:
    """Hand it to a workflow, which owns the message from then on."""
    order = ErasureOrder(
        # Of this person: the same button in somebody else's chat is another erasure.
        erasure_id=ErasureId(uuid5(callback_data.erasure, str(customer.user_id))),
        user_id=customer.user_id,
        language=customer.language,
        message=tapped_message(tap),
    )
    # Before the start, or it might overwrite what the workflow shows.
    await turn_page(shop.messenger, tap, erasure_screen(phrases, ErasureStage.UNDER_WAY))
    try:
        await shop.starter.erase(order)
    except TemporalUnavailable:
        await turn_page(shop.messenger, tap, privacy_screen(phrases))
        return Toast(text=phrases.label("privacy.not_now"), alert=True)
    return None
