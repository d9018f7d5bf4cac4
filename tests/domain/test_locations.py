"""How many changes of location a plan leaves, and when the next one is allowed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.locations import WINDOW, changes_left

NOW = datetime(2027, 3, 5, tzinfo=UTC)
DAY = timedelta(days=1)
A_MOMENT = timedelta(microseconds=1)


def test_each_change_takes_one_away_until_it_is_thirty_days_old() -> None:
    changed = [NOW - DAY, NOW - 29 * DAY, NOW - 31 * DAY]
    left = changes_left(3, changed, NOW)
    assert (left.number, left.again_at, left.is_used_up) == (1, None, False)


def test_when_all_are_used_up_the_oldest_tells_from_when_it_works_again() -> None:
    changed = [NOW - 20 * DAY, NOW - DAY, NOW - 5 * DAY]
    left = changes_left(3, changed, NOW)
    assert left.is_used_up
    assert left.again_at == NOW + 10 * DAY
    assert changes_left(3, changed, NOW + 10 * DAY - A_MOMENT).is_used_up
    assert changes_left(3, changed, NOW + 10 * DAY).number == 1


def test_with_a_limit_that_was_lowered_enough_of_them_have_to_grow_old() -> None:
    changed = [NOW - 20 * DAY, NOW - 5 * DAY, NOW - DAY]
    assert changes_left(1, changed, NOW).again_at == NOW + 29 * DAY


def test_a_plan_without_changes_names_no_day() -> None:
    left = changes_left(0, [], NOW)
    assert (left.number, left.again_at) == (0, None)


@pytest.mark.parametrize("number", [0, 99])
def test_a_plan_without_a_limit_leaves_any_number(number: int) -> None:
    left = changes_left(None, [NOW] * number, NOW)
    assert (left.number, left.again_at, left.is_used_up) == (None, None, False)


moments = st.lists(
    st.timedeltas(timedelta(0), timedelta(days=70)).map(lambda ago: NOW - ago), max_size=12
)


@given(st.integers(1, 5), moments)
def test_the_day_that_is_named_is_the_first_on_which_it_works(
    limit: int, changed: list[datetime]
) -> None:
    left = changes_left(limit, changed, NOW)
    if left.again_at is not None:
        assert NOW < left.again_at <= NOW + WINDOW
        assert not changes_left(limit, changed, left.again_at).is_used_up
        assert changes_left(limit, changed, left.again_at - A_MOMENT).is_used_up


@given(st.integers(1, 5), moments)
def test_whoever_keeps_to_it_never_makes_more_changes_than_the_limit_in_any_thirty_days(
    limit: int, wishes: list[datetime]
) -> None:
    made: list[datetime] = []
    for moment in sorted(wishes):
        if not changes_left(limit, made, moment).is_used_up:
            made.append(moment)
    for moment in made:
        assert len([each for each in made if moment - WINDOW < each <= moment]) <= limit
