"""My subscription: until when, how long still, and where."""

from datetime import datetime

from bot.buttons import Place, Row, back_to_menu, opens
from bot.phrasebook import Phrasebook
from bot.screens.freezing import frozen_screen
from bot.screens.limits import limits_of_mine
from bot.screens.screen import Screen
from domain.subscriptions import Subscription, SubscriptionStatus


def subscription_screen(
    phrases: Phrasebook, subscription: Subscription | None, now: datetime
) -> Screen:
    """What the customer has; one who has nothing is shown the way to the plans."""
    if subscription is None:
        buy = (opens(phrases.label("button.buy"), Place.PLANS),)
        text = phrases.say("mine.none")
        return Screen(text=text, rows=(buy, presents_row(phrases), back_to_menu(phrases)))
    renew = (opens(phrases.label("button.renew"), Place.PLANS),)
    if subscription.status is SubscriptionStatus.FROZEN:
        return frozen_screen(phrases, subscription)
    if not subscription.gives_access(now):
        text = phrases.say("mine.ended", end=phrases.moment(subscription.expires_at))
        return Screen(text=text, rows=(renew, presents_row(phrases), back_to_menu(phrases)))
    config = (opens(phrases.label("button.config"), Place.CONFIG),)
    by_itself = (opens(phrases.label("button.auto_renewal"), Place.AUTO_RENEWAL),)
    devices = (opens(phrases.label("button.devices"), Place.DEVICES),)
    setup = (opens(phrases.label("button.setup"), Place.SETUP),)
    freeze = opens(phrases.label("button.freeze"), Place.FREEZE)
    otherwise = (
        opens(phrases.label("button.change"), Place.CHANGE),
        *((freeze,) if subscription.freeze_days else ()),
        opens(phrases.label("button.cancel"), Place.CANCEL),
    )
    return Screen(
        text=_facts(phrases, subscription, now),
        rows=(
            config,
            devices,
            renew,
            by_itself,
            setup,
            otherwise,
            presents_row(phrases),
            back_to_menu(phrases),
        ),
    )


def presents_row(phrases: Phrasebook) -> Row:
    """What the customer can do for others."""
    return (
        opens(phrases.label("button.friends"), Place.FRIENDS),
        opens(phrases.label("button.gifts"), Place.GIFTS),
    )


def _facts(phrases: Phrasebook, subscription: Subscription, now: datetime) -> str:
    location = subscription.location
    facts = phrases.say(
        "mine.active",
        plan=subscription.plan_name(phrases.language),
        end=phrases.moment(subscription.expires_at),
        left=phrases.duration(subscription.expires_at - now),
        place=phrases.label("mine.no_place") if location is None else phrases.place(location),
    )
    return "\n".join((facts, *limits_of_mine(phrases, subscription, now)))
