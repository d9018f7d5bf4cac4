"""Another plan: what each would cost and give, to the kopeck, before anything is chosen."""

from uuid import uuid4

from aiogram.types import InlineKeyboardButton

from bot.buttons import ChangePlan, Place, Row, opens
from bot.phrasebook import N_, Phrasebook
from bot.screens.limits import limits_line
from bot.screens.screen import Screen
from domain.plan_changes import Changed, ChangeOffer, ChangeRefusal
from domain.plans import Plan

_WHY_NOT = {
    ChangeRefusal.SAME_PLAN: N_("change.why_not.same_plan"),
    ChangeRefusal.NOTHING_LEFT: N_("change.why_not.nothing_left"),
    ChangeRefusal.OTHER_MONEY: N_("change.why_not.other_money"),
    ChangeRefusal.UNDER_WAY: N_("change.why_not.under_way"),
    ChangeRefusal.TOO_LONG: N_("change.why_not.too_long"),
    ChangeRefusal.TOO_MANY_DEVICES: N_("change.why_not.too_many_devices"),
}

Offers = tuple[tuple[Plan, ChangeOffer | ChangeRefusal], ...]


def change_screen(phrases: Phrasebook, offers: Offers) -> Screen:
    """Every plan with what changing to it comes to; a button for each that can be."""
    possible = [each for _, each in offers if isinstance(each, ChangeOffer)]
    parts = [phrases.say("change.title")]
    if possible:
        credit = phrases.price(possible[0].carried.credit)
        parts.append(phrases.say("change.worth", credit=credit))
    parts.append("\n".join(_line(phrases, plan, offer) for plan, offer in offers))
    text = "\n\n".join(parts)
    rows = tuple((_button(phrases, each),) for each in possible)
    return Screen(text=text, rows=(*rows, _mine(phrases)))


def changed_change_screen(phrases: Phrasebook, offers: Offers) -> Screen:
    """The same once more, because it is not what the customer had seen."""
    return change_screen(phrases, offers).under(phrases.say("change.outdated"))


def plan_changed_screen(phrases: Phrasebook, plan_name: str, changed: Changed) -> Screen:
    """The subscription goes on with the other plan."""
    end = phrases.moment(changed.expires_at)
    return Screen(text=phrases.say("change.done", plan=plan_name, end=end), rows=(_mine(phrases),))


def _line(phrases: Phrasebook, plan: Plan, offer: ChangeOffer | ChangeRefusal) -> str:
    """What it comes to; with it how the plan is limited, where it can be had."""
    said = _said(phrases, plan, offer)
    limits = None if isinstance(offer, ChangeRefusal) else limits_line(phrases, plan)
    return "\n   ".join((said, *(limits or "").splitlines()))


def _said(phrases: Phrasebook, plan: Plan, offer: ChangeOffer | ChangeRefusal) -> str:
    name = plan.name.within(phrases.language)
    if isinstance(offer, ChangeRefusal):
        return phrases.say("change.refused", plan=name, why=phrases.label(_WHY_NOT[offer]))
    end = phrases.moment(offer.ends_at)
    if offer.is_free:
        return phrases.say("change.free", plan=name, end=end)
    return phrases.say(
        "change.paid",
        plan=name,
        price=phrases.price(plan.price),
        pay=phrases.price(offer.to_pay),
        end=end,
    )


def _button(phrases: Phrasebook, offer: ChangeOffer) -> InlineKeyboardButton:
    name = offer.plan.name.within(phrases.language)
    pay = phrases.label("change.nothing_to_pay") if offer.is_free else phrases.price(offer.to_pay)
    data = ChangePlan(
        plan_id=offer.plan.plan_id,
        purchase=uuid4(),
        at=int(offer.made_at.timestamp()),
        mark=offer.fingerprint,
    )
    return InlineKeyboardButton(text=f"{name} · {pay}", callback_data=data.pack())


def _mine(phrases: Phrasebook) -> Row:
    return (opens(phrases.label("button.mine"), Place.MINE),)
