"""Joins the conversations to a dispatcher, which `feed_raw_update` feeds."""

from aiogram import Dispatcher, F, Router
from aiogram.enums import ChatType

from bot.conversations.again import again_router
from bot.conversations.auto_renewal import auto_renewal_router
from bot.conversations.cancelling import cancelling_router
from bot.conversations.changing import changing_router
from bot.conversations.checkout import checkout_router
from bot.conversations.device_names import device_names_router
from bot.conversations.devices import devices_router
from bot.conversations.failures import failures_router
from bot.conversations.fallback import fallback_router, group_router
from bot.conversations.freezing import freezing_router
from bot.conversations.friends import friends_router
from bot.conversations.gifts import gifts_router
from bot.conversations.help import help_router
from bot.conversations.language import language_router
from bot.conversations.locations import locations_router
from bot.conversations.membership import membership_router
from bot.conversations.menu import menu_router
from bot.conversations.plans import plans_router
from bot.conversations.privacy import privacy_router
from bot.conversations.promo import promo_router
from bot.conversations.repairs import repairs_router
from bot.conversations.setup import setup_router
from bot.conversations.stars import checkouts_router, stars_router
from bot.conversations.subscription import subscription_router
from bot.conversations.trial import trial_router
from bot.middlewares import Acquaintance, EveryTapAnswered, HandledOnce
from bot.phrasebook import phrasebook
from bot.shop import Shop
from bot.storage import OneAtATime, SessionStorage
from domain.languages import Language


def build_dispatcher(shop: Shop) -> Dispatcher:
    """A dispatcher whose handlers work with this shop."""
    dispatcher = Dispatcher(
        storage=SessionStorage(shop.sessions), events_isolation=OneAtATime(), shop=shop
    )
    dispatcher.update.outer_middleware(HandledOnce(shop))
    dispatcher.update.outer_middleware(Acquaintance(shop))
    dispatcher.callback_query.outer_middleware(EveryTapAnswered(shop))
    dispatcher.include_routers(
        repairs_router(),
        checkouts_router(),
        _private_chats(),
        group_router(),
        membership_router(),
        failures_router(),
    )
    for language in Language:
        phrasebook(language)  # read now, so that a broken catalogue stops the start
    return dispatcher


def _private_chats() -> Router:
    """The customers' conversations; the one that understands anything comes last."""
    router = Router(name="private")
    router.message.filter(F.chat.type == ChatType.PRIVATE)
    router.edited_message.filter(F.chat.type == ChatType.PRIVATE)
    router.callback_query.filter(F.message.chat.type == ChatType.PRIVATE)
    router.include_routers(
        promo_router(),  # before the menu: a link's /start carries more than a plain one
        gifts_router(),
        friends_router(),
        menu_router(),
        trial_router(),
        plans_router(),
        checkout_router(),
        stars_router(),
        again_router(),
        auto_renewal_router(),
        subscription_router(),
        device_names_router(),
        locations_router(),  # before the devices', which take every button under one
        devices_router(),
        cancelling_router(),
        changing_router(),
        freezing_router(),
        setup_router(),
        help_router(),
        privacy_router(),
        language_router(),
        fallback_router(),
    )
    return router
