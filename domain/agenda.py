"""What a subscription's workflow has to do, and when: computed from the state, never remembered.

A change of the state makes another agenda, so nothing has to be cancelled or moved by hand. What
was done already is known by the ledger's claims, not by the agenda.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.model import Value
from domain.notices import ReminderKind
from domain.renewals import RenewalTerms
from domain.subscriptions import SubscriptionState, SubscriptionStatus

_DAY = timedelta(hours=24)

SPREAD = timedelta(seconds=30)
"""Reminders that are due at the same second are spread over this, half of the promised minute."""

_SHARES = 1000


class Occasion(StrEnum):
    """What is to be done at an appointment."""

    REMIND = "remind"
    ANNOUNCE_CHARGE = "announce_charge"
    """Tell the customer that the kept card will be charged."""
    CHARGE = "charge"
    RESUME = "resume"
    """Let a frozen subscription go on: its allowance is used up."""
    END = "end"
    """Take the access back, unless the ledger has moved the end."""
    WIN_BACK = "win_back"


class Appointment(Value):
    """One thing to do at one time."""

    at: datetime
    occasion: Occasion
    kind: ReminderKind | None = None
    """Which reminder."""
    distance: timedelta = timedelta(0)
    """From the end, before or after it; tells reminders of one kind apart."""
    attempt: int = 0
    """Which try of the charge, from 1."""
    charge_at: datetime | None = None
    """The next try."""


def agenda(state: SubscriptionState, began: datetime) -> tuple[Appointment, ...]:
    """Everything from now to the last win-back, in order of time.

    Args:
        state: The subscription as the ledger holds it.
        began: When the workflow's run began: stands in for the period's beginning in states of
            the first release, which did not tell it.
    """
    if state.resumes_at is not None:
        # Reminders, charges and the end stand still with it.
        return (Appointment(at=state.resumes_at, occasion=Occasion.RESUME),)
    began = state.end_set_at or began
    if state.renews_itself is not None:
        before = _charges(state, state.renews_itself, began)
        grace = state.renews_itself.grace
    else:
        period = state.expires_at - began
        before = [_reminder(state, lead) for lead in _leads(state) if lead < period]
        grace = timedelta(0)
    end = Appointment(at=state.expires_at + grace, occasion=Occasion.END)
    return (*sorted(before, key=lambda each: each.at), end, *_win_backs(state))


def is_overtaken(appointment: Appointment, plan: tuple[Appointment, ...], now: datetime) -> bool:
    """Whether something later of its kind, or the end itself, is due as well: one is enough."""
    overtaking = _OVERTAKING.get(appointment.occasion, frozenset())
    following = plan[plan.index(appointment) + 1 :]
    return any(each.at <= now for each in following if each.occasion in overtaking)


_OVERTAKING = {
    Occasion.REMIND: frozenset({Occasion.REMIND, Occasion.END}),
    Occasion.CHARGE: frozenset({Occasion.CHARGE, Occasion.END}),
}


def _leads(state: SubscriptionState) -> tuple[timedelta, ...]:
    return (state.reminder_lead,) if state.reminder_leads is None else state.reminder_leads


def _reminder(state: SubscriptionState, lead: timedelta) -> Appointment:
    return Appointment(
        at=state.expires_at - lead + _spread(state, lead),
        occasion=Occasion.REMIND,
        kind=ReminderKind.DAY_BEFORE if lead == _DAY or _is_old(state) else ReminderKind.BEFORE,
        distance=lead,
    )


def _charges(state: SubscriptionState, terms: RenewalTerms, began: datetime) -> list[Appointment]:
    """A word ahead, and the tries; who renews by itself needs no reminder to renew."""
    times = terms.charge_times(began, state.expires_at)
    tries = [
        Appointment(at=at, occasion=Occasion.CHARGE, attempt=attempt, charge_at=following)
        for attempt, (at, following) in enumerate(zip(times, (*times[1:], None), strict=True), 1)
    ]
    announcement = Appointment(
        at=terms.notice_time(began, state.expires_at),
        occasion=Occasion.ANNOUNCE_CHARGE,
        charge_at=times[0],
    )
    return [announcement, *tries]


def _win_backs(state: SubscriptionState) -> tuple[Appointment, ...]:
    """Nobody who took the money back is asked to return."""
    if state.status is SubscriptionStatus.REVOKED:
        return ()
    return tuple(
        Appointment(
            at=state.expires_at + distance + _spread(state, distance),
            occasion=Occasion.WIN_BACK,
            kind=ReminderKind.WIN_BACK,
            distance=distance,
        )
        for distance in sorted(state.win_backs)
    )


def _is_old(state: SubscriptionState) -> bool:
    """Whether the state was made by the first release, which knew one reminder."""
    return state.reminder_leads is None


def _spread(state: SubscriptionState, distance: timedelta) -> timedelta:
    """The subscription's own share of the spread: by its id, so that a repeat finds the same.

    A short distance, such as a demo's, is spread over a tenth of itself.
    """
    if _is_old(state):
        return timedelta(0)
    width = min(SPREAD, distance / 10)
    share = UUID(str(state.subscription_id)).int % _SHARES
    return width * share / _SHARES
