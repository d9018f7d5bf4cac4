"""Gifts: what can be given, what was given, and what somebody has received."""

from aiogram.types import InlineKeyboardButton

from bot.buttons import Place, Unwrap, back_to_menu, opens
from bot.catalogue import Catalogue
from bot.phrasebook import N_, Phrasebook
from bot.screens.plans import price_row
from bot.screens.screen import Screen
from bot.screens.sharing import shares
from domain.gifts import Gift

LINK_PREFIX = "gift_"
"""A link `https://t.me/<bot>?start=gift_<code>` shows the gift."""

MOST_GIFTS = 20
"""As many as fit into one message with their links."""


def gift_payload(gift: Gift) -> str:
    """What the gift's link starts the bot with."""
    return f"{LINK_PREFIX}{gift.code}"


def give_screen(phrases: Phrasebook, catalogue: Catalogue) -> Screen:
    """Every plan as a gift; the catalogue is `for_others`."""
    prices = tuple(price_row(phrases, each, is_gift=True) for each in catalogue.by_plan)
    mine = (opens(phrases.label("button.gifts"), Place.GIFTS),)
    return Screen(text=phrases.say("gift.give"), rows=(*prices, mine, back_to_menu(phrases)))


def gifts_screen(phrases: Phrasebook, gifts: tuple[tuple[Gift, str], ...]) -> Screen:
    """What the customer has given, each with its link while nobody has opened it."""
    give = (opens(phrases.label("button.give"), Place.GIVE),)
    lines = [_given(phrases, gift, link) for gift, link in gifts] or [phrases.say("gift.none")]
    text = "\n\n".join((phrases.say("gift.title"), *lines))
    return Screen(text=text, rows=(give, back_to_menu(phrases)))


def gift_ready_screen(phrases: Phrasebook, gift: Gift, link: str) -> Screen:
    """The last word of a gift's purchase: the link to pass on."""
    text = phrases.say("gift.ready", plan=gift.plan_name.within(phrases.language), link=link)
    gifts = (opens(phrases.label("button.gifts"), Place.GIFTS, fresh=True),)
    return Screen(text=text, rows=(shares(phrases, link, phrases.label("gift.words")), gifts))


def gift_offer_screen(phrases: Phrasebook, gift: Gift) -> Screen:
    """A gift that waits to be opened, for whoever came by its link."""
    name, days = gift.plan_name.within(phrases.language), phrases.duration(gift.duration)
    button = InlineKeyboardButton(
        text=phrases.label("button.unwrap"),
        callback_data=Unwrap(code=gift.code).pack(),
        style="success",
    )
    text = phrases.say("gift.offer", plan=name, days=days)
    return Screen(text=text, rows=((button,), back_to_menu(phrases)))


def gift_gone_screen(phrases: Phrasebook, *, by_yourself: bool = False) -> Screen:
    """A link that opens nothing any more."""
    key = N_("gift.yours_already") if by_yourself else N_("gift.gone")
    mine = (opens(phrases.label("button.mine"), Place.MINE),)
    return Screen(text=phrases.say(key), rows=(mine, back_to_menu(phrases)))


def gift_opened_screen(phrases: Phrasebook, gift: Gift) -> Screen:
    """The news for the giver."""
    plan = gift.plan_name.within(phrases.language)
    text = phrases.say("gift.opened", plan=plan, name=gift.opener_name or "?")
    return Screen(text=text)


def _given(phrases: Phrasebook, gift: Gift, link: str) -> str:
    plan = gift.plan_name.within(phrases.language)
    if gift.opened_at is None:
        return phrases.say("gift.waits", plan=plan, link=link)
    moment = phrases.moment(gift.opened_at)
    return phrases.say("gift.was_opened", plan=plan, name=gift.opener_name or "?", moment=moment)
