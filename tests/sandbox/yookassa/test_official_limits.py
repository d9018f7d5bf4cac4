"""Whatever the official file refuses, the sandbox refuses too, and names it.

The cases are made from the file: each field that a shop sends is dropped, given another type, made
one too long, one too big, or a stranger to its list.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.yookassa.bodies import parse
from sandbox.yookassa.refusals import Refusal
from sandbox.yookassa.requests import PaymentRequest, RefundRequest
from tests.sandbox.yookassa.official import Specification
from tests.sandbox.yookassa.shop_side import order, rubles

RECEIPT = {
    "customer": {"full_name": "Anna", "inn": "6321341814", "email": "a@b.ru", "phone": "79000"},
    "items": [
        {
            "description": "VPN",
            "quantity": 1,
            "amount": rubles("299.00"),
            "vat_code": 1,
            "measure": "piece",
            "payment_subject": "service",
            "payment_mode": "full_payment",
        }
    ],
    "tax_system_code": 1,
}

PAYMENT = order(
    confirmation={"type": "redirect", "return_url": "https://t.me/bot", "locale": "ru_RU"},
    merchant_customer_id="anna",
    save_payment_method=True,
    payment_method_id="0" * 36,
    receipt=RECEIPT,
)

REFUND = {
    "payment_id": "0" * 36,
    "amount": rubles("299.00"),
    "description": "as agreed",
    "metadata": {"purchase_id": "p-1"},
    "receipt": RECEIPT,
}

BODIES = {"/payments": (PaymentRequest, PAYMENT), "/refunds": (RefundRequest, REFUND)}

CONFIRMATION = {"$ref": "#/components/schemas/ConfirmationDataRedirect"}
"""The sandbox offers this one of the five."""


def spoilt(
    official: Specification, schema: dict[str, Any], value: Any, path: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every way to break a part of a body: where, and what stands there instead."""
    schema = official.follow(CONFIRMATION if path == ("confirmation",) else schema)
    yield path, "text" if isinstance(value, dict | list) else {}
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            yield path, {key: kept for key, kept in value.items() if key != name}
        if "maxProperties" in schema:
            yield path, {f"k{number}": "v" for number in range(schema["maxProperties"] + 1)}
        for name, part in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            yield from spoilt(official, inner, part, (*path, name))
    elif isinstance(value, list):
        yield from spoilt(official, schema["items"], value[0], (*path, 0))
    else:
        yield from ((path, wrong) for wrong in _beyond(schema, value))


def _beyond(schema: dict[str, Any], value: Any) -> Iterator[Any]:
    if "maxLength" in schema:
        yield str(value).ljust(schema["maxLength"] + 1, "x")
    if "minLength" in schema:
        yield "x" * (schema["minLength"] - 1)
    if "enum" in schema:
        yield "stranger"
    if "pattern" in schema:
        yield "no match"
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1


def _with(body: Any, path: tuple[Any, ...], wrong: Any) -> Any:
    changed = copy.deepcopy(body)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    return changed


@pytest.mark.parametrize("path", BODIES)
def test_what_the_official_file_allows_is_allowed(specification, path):
    model, body = BODIES[path]
    assert specification.problems(specification.request(path), body) == []
    parse(model, _json(body))


@pytest.mark.parametrize("path", BODIES)
def test_what_the_official_file_refuses_is_refused_by_name(specification, path):
    model, body = BODIES[path]
    schema = specification.request(path)
    cases = [
        (where, _with(body, where, wrong))
        for where, wrong in spoilt(specification, schema, body)
        if where
    ]
    assert len(cases) >= 50  # or the walk has lost its way
    for where, wrong in cases:
        assert specification.problems(schema, wrong), (where, "the official file allows it")
        with pytest.raises(Refusal) as refused:
            parse(model, _json(wrong))
        named = refused.value.body["parameter"]
        assert named.startswith(".".join(map(str, where))), (where, named)


def _json(body: Any) -> bytes:

    return json.dumps(body).encode()
