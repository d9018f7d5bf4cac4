"""Customers who block the bot, and who come back."""

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.filters import KICKED, MEMBER, ChatMemberUpdatedFilter
from aiogram.types import ChatMemberUpdated

from bot.shop import Shop
from domain.ids import UserId


def membership_router() -> Router:
    """Notes who can be written to."""
    router = Router(name="membership")
    router.my_chat_member.filter(F.chat.type == ChatType.PRIVATE)
    router.my_chat_member.register(blocked, ChatMemberUpdatedFilter(KICKED))
    router.my_chat_member.register(unblocked, ChatMemberUpdatedFilter(MEMBER))
    return router


async def blocked(change: ChatMemberUpdated, shop: Shop) -> None:
    """The customer blocked the bot."""
    await shop.customers.note_blocked(UserId(change.chat.id), change.date)


async def unblocked(change: ChatMemberUpdated, shop: Shop) -> None:
    """The customer opened the bot, or opened it again."""
    await shop.customers.note_unblocked(UserId(change.chat.id))
