"""Whom a server's door lets in, and when the others are told to come again."""

from datetime import timedelta

import pytest

from domain.errors import ServerBusy, ServerRefused, ServerUnavailable
from infra.admission import BUSY, FURTHEST_TURN, SILENT, Admission, LineLimits

ROOM = LineLimits(calls=2, waiting=1)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock) -> Admission:
    return Admission("nl1", ROOM, clock)


def call_in_vain(door: Admission) -> None:
    with pytest.raises(ServerUnavailable, match="no route"), door.call():
        raise ServerUnavailable("nl1: no route to host")


def refusal_of(door: Admission) -> ServerUnavailable:
    """What one who is not let in hears."""
    with pytest.raises(ServerUnavailable) as refusal, door.call():
        pytest.fail("it was let in")
    return refusal.value


def turn_of(door: Admission) -> timedelta | None:
    """When one who is not let in shall come again."""
    return refusal_of(door).retry_after


def test_a_server_has_its_fill_and_no_more(door: Admission) -> None:
    with door.call(), door.call():
        with door.call(), pytest.raises(ServerBusy, match="nl1 has 3 calls under way"), door.call():
            pytest.fail("it was let in")
        with door.call():
            pass


def test_those_whom_a_busy_server_has_no_room_for_come_again_one_after_the_other(
    door: Admission,
) -> None:
    with door.call(), door.call(), door.call():
        turns = [turn_of(door) for _ in range(3)]
    assert turns == [timedelta(seconds=BUSY.first + number * BUSY.apart) for number in range(3)]


def test_a_silent_server_is_asked_by_one_at_a_time_and_the_others_hear_why(
    door: Admission,
) -> None:
    call_in_vain(door)
    with door.call():
        refusals = [refusal_of(door) for _ in range(2)]
    assert [each.retry_after for each in refusals] == [
        timedelta(seconds=SILENT.first + number * SILENT.apart) for number in range(2)
    ]
    assert {str(each) for each in refusals} == {"nl1: no route to host; asked again in turn"}


def test_an_answer_opens_the_door_again_and_forgets_the_turns(door: Admission) -> None:
    call_in_vain(door)
    with door.call():
        for _ in range(100):
            turn_of(door)
    with door.call(), door.call(), door.call():
        assert turn_of(door) == timedelta(seconds=BUSY.first)


def test_a_refusal_is_an_answer(door: Admission) -> None:
    call_in_vain(door)
    with pytest.raises(ServerRefused), door.call():
        raise ServerRefused("nl1 showed another host key")
    with door.call(), door.call():
        pass


def test_a_call_that_nobody_waits_for_any_more_says_nothing_of_the_server(door: Admission) -> None:
    with pytest.raises(KeyboardInterrupt), door.call():
        raise KeyboardInterrupt
    with door.call(), door.call():
        pass


def test_turns_pass_with_time_and_are_never_too_far_off(door: Admission, clock: Clock) -> None:
    call_in_vain(door)
    with door.call():
        furthest = [turn_of(door) for _ in range(4000)][-1]
        assert furthest == timedelta(seconds=FURTHEST_TURN)
        clock.now += FURTHEST_TURN
        assert turn_of(door) == timedelta(seconds=SILENT.first)
