"""The catalogue: every plan with its price on a button."""

from datetime import datetime

from bot.buttons import back_to_menu, buys
from bot.phrasebook import Phrasebook
from bot.screens.screen import Screen
from domain.plans import Plan


def plans_screen(
    phrases: Phrasebook, plans: tuple[Plan, ...], *, active_until: datetime | None = None
) -> Screen:
    """All plans; a customer with access is told that a renewal adds to it."""
    if not plans:
        return Screen(text=phrases.say("plans.none"), rows=(back_to_menu(phrases),))
    paragraphs = [phrases.say("plans.title"), *(_described(phrases, plan) for plan in plans)]
    if active_until is not None:
        paragraphs.append(phrases.say("plans.adds_up", end=phrases.moment(active_until)))
    rows = tuple((buys(plan_label(phrases, plan), plan),) for plan in plans)
    return Screen(text="\n\n".join(paragraphs), rows=(*rows, back_to_menu(phrases)))


def changed_plans_screen(phrases: Phrasebook, plans: tuple[Plan, ...]) -> Screen:
    """The plans as they are now, after a tap on a button with a price of yesterday."""
    return plans_screen(phrases, plans).under(phrases.say("plans.changed"))


def plan_label(phrases: Phrasebook, plan: Plan) -> str:
    """A plan on its button, with the price."""
    return f"{plan.name.within(phrases.language)} · {phrases.price(plan.price)}"


def _described(phrases: Phrasebook, plan: Plan) -> str:
    places = ", ".join(phrases.place(location) for location in plan.locations)
    return phrases.say(
        "plans.plan",
        name=plan.name.within(phrases.language),
        price=phrases.price(plan.price),
        description=plan.description.within(phrases.language),
        devices=phrases.count("devices", plan.device_limit),
        places=places or phrases.label("plans.any_place"),
    )
