"""Reminders of an end to come, and of one that came."""

from bot.buttons import Place, Row, buys, opens
from bot.phrasebook import N_, Phrasebook
from bot.screens.plans import plan_name
from bot.screens.screen import Screen
from domain.notices import Reminder, ReminderKind
from domain.pricing import Quote

_TEXTS = {
    ReminderKind.BEFORE: N_("reminder.before"),
    ReminderKind.DAY_BEFORE: N_("reminder.day_before"),
    ReminderKind.RESUMED: N_("reminder.resumed"),
    ReminderKind.ENDED: N_("reminder.ended"),
    ReminderKind.WIN_BACK: N_("reminder.win_back"),
}


def reminder_screen(
    phrases: Phrasebook, kind: ReminderKind, reminder: Reminder, renewal: Quote | None
) -> Screen:
    """A reminder; `renewal` is bought with one tap, and without one the plans are a tap away."""
    text = phrases.say(
        _TEXTS[kind],
        end=phrases.moment(reminder.expires_at),
        left=phrases.duration(reminder.distance),
    )
    if renewal is None:
        renew = (opens(phrases.label("button.renew"), Place.PLANS, fresh=True),)
        return Screen(text=text, rows=(renew,))
    other = (opens(phrases.label("button.other_plans"), Place.PLANS, fresh=True),)
    return Screen(text=text, rows=(_renewal(phrases, renewal), other))


def _renewal(phrases: Phrasebook, renewal: Quote) -> Row:
    plan, price = plan_name(phrases, renewal), phrases.price(renewal.price)
    return (buys(phrases.label("button.renew_for", plan=plan, price=price), renewal),)
