"""Whatever no other conversation understands: a helpful answer, never silence."""

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from bot.conversations.menu import menu_of
from bot.phrasebook import Phrasebook
from bot.replies import Toast, reply, turn_page
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import Customer


def fallback_router() -> Router:
    """Answers the rest of a private chat; comes last."""
    router = Router(name="fallback")
    router.message.register(unknown_text, F.text)
    router.message.register(unknown_content)
    router.edited_message.register(edited)
    router.callback_query.register(stale_button)
    return router


def group_router() -> Router:
    """Answers commands in groups, where people otherwise talk among themselves."""
    router = Router(name="groups")
    router.message.filter(F.chat.type.in_({ChatType.GROUP, ChatType.SUPERGROUP}))
    router.message.register(command_in_a_group, F.text.startswith("/"))
    router.callback_query.filter(F.message.chat.type != ChatType.PRIVATE)
    router.callback_query.register(stale_button_in_a_group)
    return router


async def unknown_text(
    message: Message, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Words that the bot does not understand."""
    menu = await menu_of(shop, customer, phrases)
    await reply(shop.messenger, message, menu.under(phrases.say("fallback.text")))


async def unknown_content(
    message: Message, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Photos, stickers, voice messages and the like."""
    menu = await menu_of(shop, customer, phrases)
    await reply(shop.messenger, message, menu.under(phrases.say("fallback.content")))


async def edited(message: Message, shop: Shop, customer: Customer, phrases: Phrasebook) -> None:
    """A message that was changed after it was answered."""
    menu = await menu_of(shop, customer, phrases)
    await reply(shop.messenger, message, menu.under(phrases.say("fallback.edited")))


async def stale_button(
    tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast:
    """A button that an older release drew; its message is left as it is."""
    await turn_page(shop.messenger, tap, await menu_of(shop, customer, phrases), fresh=True)
    return Toast(text=phrases.label("fallback.stale_button"))


async def command_in_a_group(message: Message, shop: Shop, phrases: Phrasebook, bot: Bot) -> None:
    """Point to the private chat; staff are told that theirs is the right one."""
    if message.chat.id == shop.admin_chat_id:
        return await reply(shop.messenger, message, Screen(text=phrases.say("fallback.staff_chat")))
    me = await bot.me()
    button = InlineKeyboardButton(
        text=phrases.label("button.private"), url=f"https://t.me/{me.username}"
    )
    screen = Screen(text=phrases.say("fallback.group"), rows=((button,),))
    await reply(shop.messenger, message, screen)
    return None


async def stale_button_in_a_group(phrases: Phrasebook) -> Toast:
    """A button under an older release's alarm."""
    return Toast(text=phrases.label("fallback.stale_button"), alert=True)
