"""Ordering the sandbox to misbehave: the next calls of an operation, or everything at once."""

from collections import Counter
from enum import StrEnum

from pydantic import Field

from sandbox.yookassa.bell import Bell
from sandbox.yookassa.objects import ApiObject


class Operation(StrEnum):
    """What can be asked of YooKassa."""

    CREATE_PAYMENT = "create_payment"
    GET_PAYMENT = "get_payment"
    LIST_PAYMENTS = "list_payments"
    CAPTURE_PAYMENT = "capture_payment"
    CANCEL_PAYMENT = "cancel_payment"
    CREATE_REFUND = "create_refund"
    GET_REFUND = "get_refund"
    LIST_REFUNDS = "list_refunds"
    GET_PAYMENT_METHOD = "get_payment_method"
    GET_ME = "get_me"
    MANAGE_WEBHOOKS = "manage_webhooks"
    SHOW_PAGE = "show_page"
    SUBMIT_PAGE = "submit_page"


class FaultKind(StrEnum):
    """How an answer goes wrong. "After" means that the operation has happened all the same."""

    ERROR_BEFORE = "error_before"
    """500, and nothing happened."""
    ERROR_AFTER = "error_after"
    """It happened, then 500."""
    DROP_BEFORE = "drop_before"
    """The connection breaks, and nothing happened."""
    DROP_AFTER = "drop_after"
    """It happened, then the connection breaks."""
    HANG_BEFORE = "hang_before"
    """No answer for `seconds`, then the connection breaks; nothing happened."""
    HANG_AFTER = "hang_after"
    """It happened, then no answer for `seconds`, then the connection breaks."""
    DELAY = "delay"
    """The right answer, `seconds` late."""
    THROTTLED = "throttled"
    """429 with `retry_after`; nothing happened."""
    PROCESSING = "processing"
    """It happened, but the answer is 202 with `retry_after`: repeat to learn the result."""
    BAD_GATEWAY = "bad_gateway"
    """502 with an HTML page, and nothing happened."""
    BAD_GATEWAY_AFTER = "bad_gateway_after"
    """It happened, then 502 with an HTML page."""
    REFUSED = "refused"
    """400, and nothing happened."""
    UNAUTHORIZED = "unauthorized"
    """401, as after a change of the secret key; nothing happened."""
    FORBIDDEN = "forbidden"
    """403, and nothing happened."""


class Fault(ApiObject):
    """One kind of trouble for the next calls of one operation."""

    operation: Operation
    kind: FaultKind
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=60, gt=0, le=600)
    retry_after_ms: int = Field(default=1800, ge=0)


class OperationCalls(ApiObject):
    """How often an operation was asked for, and under which idempotence keys."""

    count: int = 0
    keys: dict[str, int] = Field(default_factory=dict)


class Faults:
    """The faults that wait for their call; and what was called, faulty or not."""

    def __init__(self) -> None:
        self.outage: FaultKind | None = None
        """What happens to every call while YooKassa is down as a whole."""
        self.called = Bell()
        self._waiting: list[Fault] = []
        self._calls: Counter[Operation] = Counter()
        self._keys: dict[Operation, Counter[str]] = {}

    def order(self, fault: Fault) -> None:
        """Add a fault behind those that wait already."""
        self._waiting.append(fault)

    def waiting(self) -> tuple[Fault, ...]:
        """The faults that have not happened yet."""
        return tuple(self._waiting)

    def take(self, operation: Operation) -> Fault | None:
        """The fault for this call, which is then used up."""
        if self.outage is not None:
            return Fault(operation=operation, kind=self.outage)
        for index, fault in enumerate(self._waiting):
            if fault.operation is operation:
                self._use_up(index, fault)
                return fault
        return None

    def count(self, operation: Operation, key: str | None) -> None:
        """Remember a call and its idempotence key."""
        self._calls[operation] += 1
        if key:
            self._keys.setdefault(operation, Counter())[key] += 1
        self.called.ring()

    def calls(self) -> dict[Operation, OperationCalls]:
        """Every operation that was called."""
        return {
            operation: OperationCalls(count=count, keys=dict(self._keys.get(operation, {})))
            for operation, count in self._calls.items()
        }

    def clear(self) -> None:
        """Behave again; the calls stay counted."""
        self.outage = None
        self._waiting.clear()

    def forget_calls(self) -> None:
        """Start counting from nothing."""
        self._calls.clear()
        self._keys.clear()

    def _use_up(self, index: int, fault: Fault) -> None:
        if fault.times > 1:
            self._waiting[index] = fault.but(times=fault.times - 1)
        else:
            del self._waiting[index]
