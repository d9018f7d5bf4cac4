"""How patient each kind of step is, by name."""

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy

from workflows.names import PAYMENTS_QUEUE, VPN_QUEUE


class StepOptions(TypedDict, total=False):
    """The part of Temporal's activity options that depends on the kind of step."""

    task_queue: str
    start_to_close_timeout: timedelta
    """One try."""
    heartbeat_timeout: timedelta
    """How soon a killed worker is noticed."""
    retry_policy: RetryPolicy


class LocalStepOptions(TypedDict, total=False):
    """The same for a local activity."""

    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    local_retry_threshold: timedelta


_QUICKLY = RetryPolicy(
    initial_interval=timedelta(milliseconds=300),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=15),
)
LEDGER = StepOptions(
    start_to_close_timeout=timedelta(seconds=10),
    heartbeat_timeout=timedelta(seconds=4),
    retry_policy=_QUICKLY,
)
"""PostgreSQL: without end, because nothing true may be lost."""

BOOKKEEPING = LocalStepOptions(
    start_to_close_timeout=timedelta(seconds=10),
    retry_policy=_QUICKLY,
    local_retry_threshold=timedelta(seconds=5),
)
"""A small idempotent note to PostgreSQL, without a turn through the task queue."""

PROVIDER = StepOptions(
    task_queue=PAYMENTS_QUEUE,
    # YooKassa answers within 30 s or says 500; the gateway's own deadline is 50 s.
    start_to_close_timeout=timedelta(seconds=60),
    heartbeat_timeout=timedelta(seconds=4),
    retry_policy=_QUICKLY,
)
"""The payment provider; callers add a budget where the customer waits."""

FETCH_BUDGET = timedelta(minutes=2)
"""One look at a payment; when it fails the purchase goes on waiting and looks again."""

REFUND = PROVIDER | StepOptions(
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2.0,
        # "Repeat about once a minute until there is an answer": YooKassa on HTTP 500.
        maximum_interval=timedelta(minutes=1),
    ),
)
"""Money to give back: without end."""

SERVER = StepOptions(
    task_queue=VPN_QUEUE,
    # The gateway's own deadline for one call is 30 s.
    start_to_close_timeout=timedelta(seconds=40),
    heartbeat_timeout=timedelta(seconds=4),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=300),
        backoff_coefficient=1.7,
        maximum_interval=timedelta(seconds=5),
    ),
)
"""A VPN server, while the customer waits; callers add a budget."""


def server_slowly(pause: timedelta) -> StepOptions:
    """A VPN server that has had its quick chances: steadily, with that pause."""
    return SERVER | StepOptions(
        retry_policy=RetryPolicy(initial_interval=pause, backoff_coefficient=1.0)
    )


COUNTING = StepOptions(
    task_queue=VPN_QUEUE,
    start_to_close_timeout=timedelta(seconds=50),
    heartbeat_timeout=timedelta(seconds=4),
    # The next count comes in a minute.
    retry_policy=RetryPolicy(maximum_attempts=1),
)
"""A look at every VPN server's counters, each with the gateway's own deadline of 30 s."""

LOOKING = COUNTING | StepOptions(start_to_close_timeout=timedelta(seconds=55))
"""A look at every VPN server: its program's answer, and two tries of the canary after it."""

CLEARING = SERVER | StepOptions(
    # Some twenty peers, each with the gateway's own deadline of 30 s.
    start_to_close_timeout=timedelta(minutes=3),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
)
"""A VPN server that has to let go of peers; the workflow asks again."""

RECONCILING = SERVER | StepOptions(
    # Four calls with the gateway's own deadline of 30 s; peer by peer with an old program.
    start_to_close_timeout=timedelta(minutes=3),
)
"""The whole of a VPN server's peers."""

DELIVERY = StepOptions(
    start_to_close_timeout=timedelta(seconds=60),
    heartbeat_timeout=timedelta(seconds=4),
    retry_policy=_QUICKLY,
)
"""What the customer paid for: without end; an unreachable customer is an outcome."""

DISPLAY_BUDGET = timedelta(minutes=2)
"""An edit that a newer one may overtake is not worth more."""

NEWS_BUDGET = timedelta(days=1)
"""What is no news any more after a day is not worth trying longer."""

ALARM = DELIVERY
"""A call for a person: without end."""

HANDOVER = BOOKKEEPING
"""From a purchase to its subscription's workflow, by one small idempotent call: without end."""
