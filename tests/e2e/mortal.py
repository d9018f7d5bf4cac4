"""Processes of the shop that die on demand, as if the machine had lost power at that very step.

`python -m tests.e2e.mortal worker WARRANT` (or `api`) runs the real process with one difference:
before and after each step of its gateways it looks for a death warrant, a file that names the
step, and if it finds itself named it takes the file away and kills itself with SIGKILL. It is
forked from a process that has everything imported, and forked anew at once when it dies, as a
service manager would start it, only sooner.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any

import uvloop

from temporal.starter import Starter
from workers.api_process import serve_api
from workers.gateways import Gateways
from workers.worker_process import serve_worker


class Fate:
    """Decides at each step whether to live on."""

    def __init__(self, warrant: Path) -> None:
        self._warrant = warrant

    def at(self, step: str) -> None:
        """Die here if the warrant says so; each warrant is carried out once."""
        try:
            named = self._warrant.read_text()
            if named != step:
                return
            self._warrant.unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, step: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        """The same step with a look before and after."""

        @wraps(step)
        async def mortal(*args: Any, **options: Any) -> Any:
            self.at(f"before {name}")
            result = await step(*args, **options)
            self.at(f"after {name}")
            return result

        return mortal


class Mortal:
    """A gateway whose every asynchronous method may be its last."""

    def __init__(self, fate: Fate, name: str, gateway: object) -> None:
        self._fate, self._name, self._gateway = fate, name, gateway

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._gateway, name)
        if asyncio.iscoroutinefunction(attribute):
            return self._fate.around(f"{self._name}.{name}", attribute)
        return attribute


def mortal_gateways(fate: Fate) -> Callable[[Gateways], Gateways]:
    """All gateways of a worker, each mortal."""

    def around(gateways: Gateways) -> Gateways:
        return Gateways(
            **{
                name: gateway if callable(gateway) else Mortal(fate, name, gateway)
                for name, gateway in vars(gateways).items()
            }
        )

    return around


def run(role: str, fate: Fate) -> None:
    """Be the worker or the API until a signal ends it."""
    if role == "worker":
        uvloop.run(serve_worker(mortal_gateways(fate)))
        return
    for name in ("begin_purchase", "payment_seen"):
        setattr(Starter, name, fate.around(f"starter.{name}", getattr(Starter, name)))
    uvloop.run(serve_api())


def main() -> None:
    """Fork, wait, fork again; a clean end of the child is the end."""
    role, fate = sys.argv[1], Fate(Path(sys.argv[2]))
    while True:
        child = os.fork()
        if child == 0:
            run(role, fate)
            os._exit(0)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda got, _frame, child=child: os.kill(child, got))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{role}: status {status}\n")
        sys.stdout.flush()
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
