"""What a subscription has before it, by its state alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.agenda import SPREAD, Appointment, Occasion, agenda, is_overtaken
from domain.ids import SubscriptionId, UserId
from domain.notices import ReminderKind
from domain.subscriptions import SubscriptionState, SubscriptionStatus

DAY = timedelta(days=1)
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def a_state(period: timedelta = 30 * DAY, number: int = 1, **changes: object) -> SubscriptionState:
    return SubscriptionState(
        subscription_id=SubscriptionId(UUID(int=number)),
        user_id=UserId(7),
        expires_at=NOW + period,
        end_set_at=NOW,
        reminder_leads=(3 * DAY, DAY),
        win_backs=(3 * DAY, 10 * DAY),
    ).model_copy(update=changes)


def kinds(plan: tuple[Appointment, ...]) -> list[ReminderKind | Occasion]:
    return [each.kind or each.occasion for each in plan]


def test_a_month_is_reminded_of_twice_ended_and_won_back_twice() -> None:
    assert kinds(agenda(a_state(), NOW)) == [
        ReminderKind.BEFORE,
        ReminderKind.DAY_BEFORE,
        Occasion.END,
        ReminderKind.WIN_BACK,
        ReminderKind.WIN_BACK,
    ]


def test_a_period_shorter_than_a_lead_is_not_reminded_at_that_lead() -> None:
    assert kinds(agenda(a_state(2 * DAY), NOW))[0] is ReminderKind.DAY_BEFORE
    assert kinds(agenda(a_state(DAY), NOW))[0] is Occasion.END


def test_nobody_whose_money_went_back_is_asked_to_return() -> None:
    revoked = a_state(status=SubscriptionStatus.REVOKED)
    assert kinds(agenda(revoked, NOW))[-1] is Occasion.END


def test_a_state_of_the_first_release_has_its_one_reminder_at_the_exact_time() -> None:
    old = a_state(reminder_leads=None, end_set_at=None, win_backs=())
    reminder, end = agenda(old, NOW)
    assert reminder.at == old.expires_at - DAY
    assert end.at == old.expires_at


@given(st.integers(0, 2**128 - 1), st.lists(st.timedeltas(timedelta(0), 60 * DAY), max_size=5))
def test_appointments_come_in_order_and_within_the_promised_minute(
    number: int, leads: list[timedelta]
) -> None:
    state = a_state(90 * DAY, number, reminder_leads=tuple(leads))
    plan = agenda(state, NOW)
    assert [each.at for each in plan] == sorted(each.at for each in plan)
    for each in plan:
        if each.occasion is Occasion.REMIND:
            lateness = each.at - (state.expires_at - each.distance)
            assert timedelta(0) <= lateness <= SPREAD


def test_a_reminder_gives_way_to_a_later_one_that_is_due_too() -> None:
    state = a_state()
    plan = agenda(state, NOW)
    three_days, one_day, *_ = plan
    overslept = state.expires_at - timedelta(hours=20)
    assert is_overtaken(three_days, plan, overslept)
    assert not is_overtaken(one_day, plan, overslept)
    assert not is_overtaken(three_days, plan, three_days.at)
