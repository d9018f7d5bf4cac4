"""Periods of thirty days, and how far a plan's traffic is used."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quotas import GIGABYTE, PERIOD, Quota, QuotaMark, Usage

SINCE = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
QUOTA = Quota(traffic_gb=100, slow_mbit=1)


def used(gigabytes: float) -> Usage:
    return Usage(since=SINCE, used_bytes=int(gigabytes * GIGABYTE))


def test_a_period_lasts_thirty_days_to_the_second() -> None:
    usage = used(50)
    assert usage.until == SINCE + timedelta(days=30)
    assert usage.at(SINCE) == usage
    assert usage.at(usage.until - SECOND) == usage
    assert usage.at(usage.until) == Usage(since=usage.until)


def test_a_long_absence_skips_whole_periods() -> None:
    later = used(50).at(SINCE + 3 * PERIOD + timedelta(days=29))
    assert later == Usage(since=SINCE + 3 * PERIOD)


def test_a_moment_before_the_period_belongs_to_it() -> None:
    # A renewal has begun it a moment ago, by another clock.
    assert used(50).at(SINCE - SECOND) == used(50)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)))
def test_every_moment_lies_in_one_period_that_keeps_the_rhythm(later: timedelta) -> None:
    now = SINCE + later
    usage = used(1).at(now)
    assert usage.since <= now < usage.until
    assert (usage.since - SINCE) % PERIOD == timedelta(0)
    assert usage.at(now) == usage


@pytest.mark.parametrize(
    ("gigabytes", "mark"),
    [
        (0, None),
        (79.999, None),
        (80, QuotaMark.NEARLY),
        (99.999, QuotaMark.NEARLY),
        (100, QuotaMark.USED_UP),
        (250, QuotaMark.USED_UP),
    ],
)
def test_a_mark_is_reached_to_the_byte(gigabytes: float, mark: QuotaMark | None) -> None:
    assert used(gigabytes).mark(QUOTA) == mark
