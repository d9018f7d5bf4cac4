"""Outages on order: the next calls are refused, delayed, or cut off before or after acting."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sandbox.telegram.wire import Wire


class ConnectionLost(Exception):
    """The call's connection is to be cut without an answer."""


class FaultKind(StrEnum):
    """What happens to a call."""

    TOO_MANY_REQUESTS = "too_many_requests"
    """429 with `retry_after`; nothing is done."""
    SERVER_ERROR = "server_error"
    """`status` and Telegram's JSON; nothing is done."""
    DROP_BEFORE = "drop_before"
    """The connection is cut before anything is done."""
    DROP_AFTER = "drop_after"
    """It is done, and then the connection is cut: the bot does not know."""
    DELAY = "delay"
    """It is done after `seconds`."""


class Fault(Wire):
    """An outage of the next `times` calls, of all methods and chats or of one."""

    kind: FaultKind
    times: Annotated[int, Field(ge=1)] = 1
    method: str | None = None
    chat_id: int | None = None
    retry_after: Annotated[int, Field(ge=1)] = 1
    status: Annotated[int, Field(ge=500, le=599)] = 502
    seconds: Annotated[float, Field(ge=0, le=120)] = 1.0

    def strikes(self, method: str, chat_id: str | None) -> bool:
        """Whether a call is meant."""
        is_method = self.method is None or self.method.lower() == method
        return is_method and (self.chat_id is None or str(self.chat_id) == chat_id)


class Faults:
    """The outages on order, first come first served."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._left: list[int] = []

    def order(self, fault: Fault) -> None:
        """Let the next matching calls fail."""
        self._faults.append(fault)
        self._left.append(fault.times)

    def take(self, method: str, chat_id: str | None) -> Fault | None:
        """The fault this call meets, used up by one."""
        for at, fault in enumerate(self._faults):
            if fault.strikes(method, chat_id):
                self._use(at)
                return fault
        return None

    def waiting(self) -> tuple[Fault, ...]:
        """Those that have not all happened yet, each with the times that are left."""
        left = zip(self._faults, self._left, strict=True)
        return tuple(fault.model_copy(update={"times": times}) for fault, times in left)

    def _use(self, at: int) -> None:
        self._left[at] -= 1
        if self._left[at] == 0:
            del self._faults[at], self._left[at]

    def clear(self) -> None:
        """All is well again."""
        self._faults.clear()
        self._left.clear()
