"""What every activity has in common: errors in Temporal's terms, and a pulse."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities import interceptor
from activities.interceptor import ShopInterceptor
from domain.errors import NoFreeAddress, ProviderThrottled, ServerUnavailable, ShopError

A_MOMENT = timedelta(milliseconds=10)


@pytest.mark.parametrize(
    ("error", "is_final"),
    [
        (ServerUnavailable("nl1: no route to host"), False),
        (NoFreeAddress("add a server"), True),
    ],
)
async def test_the_kind_of_error_says_whether_a_repeat_may_help(
    error: ShopError, is_final: bool
) -> None:
    with pytest.raises(ApplicationError) as raised:
        await _run(_failing_with(error))

    assert raised.value.type == type(error).__name__
    assert raised.value.message == str(error)
    assert raised.value.non_retryable is is_final


async def test_the_next_try_comes_when_the_other_side_asked_for_it() -> None:
    with pytest.raises(ApplicationError) as raised:
        await _run(_failing_with(ProviderThrottled("429", retry_after=timedelta(seconds=7))))

    assert raised.value.next_retry_delay == timedelta(seconds=7)


async def test_an_error_that_nobody_foresaw_passes_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        await _run(_failing_with(ZeroDivisionError()))


async def test_a_long_step_has_a_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interceptor, "PULSE", A_MOMENT)
    beaten = asyncio.Event()

    async def step() -> None:
        await beaten.wait()

    await _run(step, on_heartbeat=beaten.set)


async def test_the_pulse_ends_with_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interceptor, "PULSE", A_MOMENT)
    before = asyncio.all_tasks()

    async def step() -> None:
        assert len(asyncio.all_tasks() - before) > 1

    await _run(step)
    await asyncio.sleep(0)

    assert not {task for task in asyncio.all_tasks() - before if "_beat" in repr(task)}


async def test_a_step_whose_caller_asked_for_no_heartbeats_has_no_pulse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interceptor, "PULSE", timedelta(0))
    beats: list[None] = []

    async def step() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    await _run(step, heartbeat_timeout=None, on_heartbeat=lambda: beats.append(None))

    assert beats == []


def _failing_with(error: Exception) -> Callable[[], Any]:
    async def step() -> None:
        raise error

    return step


async def _run(
    step: Callable[[], Any],
    *,
    heartbeat_timeout: timedelta | None = timedelta(seconds=4),
    on_heartbeat: Callable[[], None] = lambda: None,
) -> None:
    """Run the step as the worker would: inside the interceptor, inside an activity's context."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.default_info(), heartbeat_timeout=heartbeat_timeout)
    environment.on_heartbeat = lambda *_: on_heartbeat()
    wrapped = ShopInterceptor().intercept_activity(_Worker())
    task = ExecuteActivityInput(fn=step, args=(), executor=None, headers={})
    async with asyncio.timeout(5):
        await environment.run(wrapped.execute_activity, task)


class _Worker(ActivityInboundInterceptor):
    """The end of the chain: it calls the step."""

    def __init__(self) -> None:
        """There is nobody further in."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  # the SDK's name
        return await input.fn(*input.args)
