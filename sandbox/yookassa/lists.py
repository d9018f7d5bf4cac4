"""Lists: filters, newest first, and a cursor to go on from.

Source: https://yookassa.ru/developers/using-api/lists
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from operator import ge, gt, le, lt
from typing import Any, Protocol, TypeVar

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from sandbox.yookassa.payments import Payment, PaymentStatus
from sandbox.yookassa.refunds import Refund, RefundStatus
from sandbox.yookassa.refusals import invalid_request

DEFAULT_LIMIT = 10
HIGHEST_LIMIT = 100
REACH = timedelta(days=3 * 365)
"""Older payments and refunds are not listed."""

_BOUNDS = {"gte": ge, "gt": gt, "lte": le, "lt": lt}
_MOMENT = TypeAdapter(AwareDatetime)


class Listed(Protocol):
    """What can stand in a list."""

    @property
    def id(self) -> str:
        """The object's id, which a cursor refers to."""

    def to_api(self) -> dict[str, Any]:
        """The object as JSON types."""


ItemT = TypeVar("ItemT", bound=Listed)
Query = Mapping[str, str]
Test = Callable[[ItemT], bool]


def payment_list(
    payments: Iterable[Payment],
    query: Query,
    now: datetime,
    show: Callable[[Payment], dict[str, Any]],
) -> dict[str, Any]:
    """`GET /payments`."""
    payments = (payment for payment in payments if payment.created_at >= now - REACH)
    created: list[Test[Payment]] = _within(query, "created_at", lambda it: it.created_at)
    captured: list[Test[Payment]] = _within(query, "captured_at", lambda it: it.captured_at)
    tests = created + captured
    if "status" in query:
        status = _one_of(PaymentStatus, query, "status")
        tests.append(lambda payment: payment.status is status)
    if "payment_method" in query:
        tests.append(lambda payment: _method_type(payment) == query["payment_method"])
    return _page(payments, tests, query, show)


def refund_list(refunds: Iterable[Refund], query: Query, now: datetime) -> dict[str, Any]:
    """`GET /refunds`."""
    refunds = (refund for refund in refunds if refund.created_at >= now - REACH)
    tests: list[Test[Refund]] = _within(query, "created_at", lambda it: it.created_at)
    if "status" in query:
        status = _one_of(RefundStatus, query, "status")
        tests.append(lambda refund: refund.status is status)
    if "payment_id" in query:
        tests.append(lambda refund: refund.payment_id == query["payment_id"])
    return _page(refunds, tests, query, Refund.to_api)


def _page(
    items: Iterable[ItemT],
    tests: list[Test[ItemT]],
    query: Query,
    show: Callable[[ItemT], dict[str, Any]],
) -> dict[str, Any]:
    limit = _limit(query)
    matching = (item for item in items if all(test(item) for test in tests))
    wanted = list(itertools.islice(_from_cursor(matching, query.get("cursor")), limit + 1))
    page: dict[str, Any] = {"type": "list", "items": [show(item) for item in wanted[:limit]]}
    if len(wanted) > limit:
        page["next_cursor"] = wanted[limit].id
    return page


def _from_cursor(items: Iterable[ItemT], cursor: str | None) -> Iterable[ItemT]:
    if cursor is None:
        return items
    rest = itertools.dropwhile(lambda item: item.id != cursor, items)
    first = next(iter(rest), None)
    if first is None:
        raise invalid_request("There is no such cursor.", "cursor")
    return itertools.chain((first,), rest)


def _limit(query: Query) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_LIMIT:
        raise invalid_request(f"limit is from 1 to {HIGHEST_LIMIT}.", "limit")
    return int(text)


def _within(
    query: Query, field: str, moment_of: Callable[[ItemT], datetime | None]
) -> list[Test[ItemT]]:
    return [
        _bound(compare, _moment(query, f"{field}.{name}"), moment_of)
        for name, compare in _BOUNDS.items()
        if f"{field}.{name}" in query
    ]


def _bound(
    compare: Callable[[Any, Any], bool],
    bound: datetime,
    moment_of: Callable[[ItemT], datetime | None],
) -> Test[ItemT]:
    def test(item: ItemT) -> bool:
        moment = moment_of(item)
        return moment is not None and compare(moment, bound)

    return test


def _moment(query: Query, name: str) -> datetime:
    try:
        return _MOMENT.validate_python(query[name])
    except ValidationError:
        raise invalid_request("Expected an ISO 8601 moment.", name) from None


EnumT = TypeVar("EnumT", bound=StrEnum)


def _one_of(kind: type[EnumT], query: Query, name: str) -> EnumT:
    try:
        return kind(query[name])
    except ValueError:
        allowed = ", ".join(kind)
        raise invalid_request(f"Expected one of {allowed}.", name) from None


def _method_type(payment: Payment) -> str | None:
    return payment.payment_method.type if payment.payment_method else None
