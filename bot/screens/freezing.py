"""A subscription on hold: what it means, and how to go on."""

from datetime import datetime, timedelta

from aiogram.types import InlineKeyboardButton

from bot.buttons import Freeze, Place, Resume, Row, back_to_menu, opens
from bot.phrasebook import Phrasebook
from bot.screens.screen import Screen
from domain.subscriptions import Subscription


def freeze_screen(phrases: Phrasebook, allowance: timedelta, now: datetime) -> Screen:
    """What a hold is, before it begins; without a button where nothing of it is left."""
    mine = (opens(phrases.label("button.mine"), Place.MINE),)
    if allowance <= timedelta(0):
        return Screen(text=phrases.say("freeze.used_up"), rows=(mine, back_to_menu(phrases)))
    text = phrases.say(
        "freeze.offer",
        allowance=phrases.duration(allowance),
        latest=phrases.moment(now + allowance),
    )
    button = InlineKeyboardButton(
        text=phrases.label("freeze.confirm"), callback_data=Freeze().pack(), style="primary"
    )
    return Screen(text=text, rows=((button,), mine))


def frozen_screen(phrases: Phrasebook, subscription: Subscription) -> Screen:
    """How much is kept, when it goes on by itself, and the tap that lets it go on now."""
    cancel = (opens(phrases.label("button.cancel"), Place.CANCEL),)
    return Screen(
        text=frozen_text(phrases, subscription),
        rows=(resume_row(phrases), cancel, back_to_menu(phrases)),
    )


def frozen_text(phrases: Phrasebook, subscription: Subscription) -> str:
    """What a customer on hold has."""
    since = subscription.frozen_at or subscription.starts_at
    latest = subscription.resumes_at or since
    return phrases.say(
        "freeze.frozen",
        plan=subscription.plan_name(phrases.language),
        left=phrases.duration(subscription.expires_at - since),
        latest=phrases.moment(latest),
    )


def resumed_screen(phrases: Phrasebook, end: datetime) -> Screen:
    """It goes on, with every day that was left."""
    mine = (opens(phrases.label("button.mine"), Place.MINE),)
    text = phrases.say("freeze.resumed", end=phrases.moment(end))
    return Screen(text=text, rows=(mine, back_to_menu(phrases)))


def resume_row(phrases: Phrasebook) -> Row:
    """The tap that lets it go on."""
    return (
        InlineKeyboardButton(
            text=phrases.label("freeze.resume"), callback_data=Resume().pack(), style="success"
        ),
    )
