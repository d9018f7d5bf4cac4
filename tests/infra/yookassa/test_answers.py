"""Every kind of answer, over a raw socket: what it means, and what is read from it."""

import base64
import socket
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.errors import ProviderRefused, ProviderThrottled, ProviderUnavailable, ShopError
from domain.ids import ProviderPaymentId
from domain.money import roubles
from domain.payments import InvoiceRequest, PaymentStatus, RefundRequest, RefundStatus
from tests.infra.yookassa.conftest import SECRET_KEY, SHOP_ID, GatewayMaker, RawServer

PAYMENT_ID = ProviderPaymentId("2f1d1a2b-000f-5000-9000-1bd9d0a2f3c1")
PAYMENT: dict[str, object] = {
    "id": PAYMENT_ID,
    "status": "succeeded",
    "amount": {"value": "299.00", "currency": "RUB"},
    "created_at": "2026-11-23T10:00:00.000Z",
}
REFUND: dict[str, object] = {
    "id": "2f1d1a2b-0015-5000-8000-1bd9d0a2f3c1",
    "payment_id": PAYMENT_ID,
    "status": "succeeded",
    "amount": {"value": "299.00", "currency": "RUB"},
}
ERROR: dict[str, object] = {
    "type": "error",
    "id": "ab5a11cd",
    "code": "invalid_request",
    "description": "Bad amount",
    "parameter": "amount.value",
}
HTML = b"<html><h1>Bad gateway</h1></html>"


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, HTML, ProviderUnavailable),
        (200, b"", ProviderUnavailable),
        (200, b"[]", ProviderUnavailable),
        (200, b"\xff\xfe", ProviderUnavailable),
        (200, {}, ProviderUnavailable),
        (202, {"type": "processing", "retry_after": 1800}, ProviderUnavailable),
        (302, HTML, ProviderUnavailable),
        (400, ERROR, ProviderRefused),
        (400, HTML, ProviderUnavailable),
        (401, ERROR, ProviderRefused),
        (401, b"", ProviderRefused),
        (403, ERROR, ProviderRefused),
        (403, HTML, ProviderUnavailable),
        (404, ERROR, ProviderRefused),
        (405, {"type": "error"}, ProviderRefused),
        (408, ERROR, ProviderUnavailable),
        (410, ERROR, ProviderRefused),
        (415, {"type": "error"}, ProviderRefused),
        (429, ERROR, ProviderThrottled),
        (429, HTML, ProviderThrottled),
        (500, ERROR, ProviderUnavailable),
        (500, {"retry_after": "soon", "code": 7}, ProviderUnavailable),
        (502, HTML, ProviderUnavailable),
        (503, b"", ProviderUnavailable),
    ],
)
async def test_an_answer_means(
    raw_server: RawServer,
    gateway_to: GatewayMaker,
    status: int,
    body: bytes | dict[str, object],
    meaning: type[ShopError],
) -> None:
    raw_server.will_answer(status, body)
    with pytest.raises(ShopError) as error:
        await gateway_to(raw_server.url).fetch_payment(PAYMENT_ID)
    assert type(error.value) is meaning
    assert SECRET_KEY not in str(error.value)
    assert len(raw_server.received) == 1


async def test_a_refusal_tells_code_description_and_parameter(
    raw_server: RawServer, gateway_to: GatewayMaker
) -> None:
    raw_server.will_answer(400, ERROR)
    expected = r"400, invalid_request: Bad amount \(parameter amount\.value\)"
    with pytest.raises(ProviderRefused, match=expected):
        await gateway_to(raw_server.url).fetch_payment(PAYMENT_ID)


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        ({"retry_after": 1500}, "", timedelta(seconds=1.5)),
        ({"retry_after": 1500}, "Retry-After: 9\r\n", timedelta(seconds=1.5)),
        ({}, "Retry-After: 9\r\n", timedelta(seconds=9)),
        (HTML, "Retry-After: 9\r\n", timedelta(seconds=9)),
        ({}, "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", None),
        ({"retry_after": 1e300}, "", timedelta(hours=1)),
        ({"retry_after": -5}, "", None),
        ({}, "", None),
    ],
)
@pytest.mark.parametrize("status", [202, 429, 503])
async def test_the_wait_that_yookassa_asks_for_is_passed_on(
    raw_server: RawServer,
    gateway_to: GatewayMaker,
    status: int,
    *,
    body: bytes | dict[str, object],
    headers: str,
    wait: timedelta | None,
) -> None:
    raw_server.will_answer(status, body, headers)
    with pytest.raises(ProviderUnavailable) as error:
        await gateway_to(raw_server.url).fetch_payment(PAYMENT_ID)
    assert error.value.retry_after == wait


@pytest.mark.parametrize(
    "answer",
    [b"", b"this is not HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"],
    ids=["closed at once", "another protocol", "cut in the middle"],
)
async def test_a_broken_conversation_leaves_the_result_unknown(
    raw_server: RawServer, gateway_to: GatewayMaker, answer: bytes
) -> None:
    raw_server.answer = answer
    with pytest.raises(ProviderUnavailable, match="did not answer"):
        await gateway_to(raw_server.url).fetch_payment(PAYMENT_ID)


async def test_a_refused_connection_leaves_the_result_unknown(gateway_to: GatewayMaker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ProviderUnavailable, match="ConnectionError"):
        await gateway_to(f"http://127.0.0.1:{port}").fetch_payment(PAYMENT_ID)


async def test_a_redirect_is_not_followed(
    raw_server: RawServer, gateway_to: GatewayMaker, request_for_invoice: InvoiceRequest
) -> None:
    """Following it would turn the POST into a GET, and carry our request elsewhere."""
    raw_server.will_answer(302, HTML, f"Location: {raw_server.url}/elsewhere\r\n")
    with pytest.raises(ProviderUnavailable, match="302"):
        await gateway_to(raw_server.url).create_invoice(request_for_invoice, key="create")
    assert len(raw_server.received) == 1


async def test_proxy_variables_are_not_obeyed(
    raw_server: RawServer, gateway_to: GatewayMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    raw_server.will_answer(200, PAYMENT)
    assert await gateway_to(raw_server.url).fetch_payment(PAYMENT_ID)


@pytest.mark.parametrize(
    "extra",
    [
        {"payment_method": {"type": "bank_card", "card": {"issuer_country": "RUS"}}},
        {"payment_method": "a card"},
        {"payment_method": {"type": "new_kind", "status": "active", "title": None}},
        {"invented_in_2027": {"a": [1]}, "recipient": {"account_id": "1", "new": 1}},
        {"cancellation_details": {"party": "nobody"}},
        {"captured_at": "yesterday", "confirmation": [], "metadata": {"purchase_id": 7}},
        {"recipient": {"account_id": 100500}, "test": "maybe"},
    ],
)
async def test_a_strange_field_never_hides_that_money_has_moved(
    raw_server: RawServer, gateway_to: GatewayMaker, extra: dict[str, object]
) -> None:
    raw_server.will_answer(200, PAYMENT | extra)
    payment = await gateway_to(raw_server.url).fetch_payment(PAYMENT_ID)
    assert payment.status is PaymentStatus.SUCCEEDED
    assert payment.amount == roubles("299.00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": {"value": "free", "currency": "RUB"}},
        {"amount": {"value": "1.005", "currency": "RUB"}},
        {"created_at": "2026-11-23T10:00:00"},
        {"status": None},
        {"id": None},
    ],
)
async def test_a_payment_that_makes_no_sense_is_unknown_and_not_lost(
    raw_server: RawServer, gateway_to: GatewayMaker, wrong: dict[str, object]
) -> None:
    raw_server.will_answer(200, PAYMENT | wrong)
    with pytest.raises(ProviderUnavailable, match="makes no sense at"):
        await gateway_to(raw_server.url).fetch_payment(PAYMENT_ID)


async def test_an_unknown_status_is_watched_on(
    raw_server: RawServer, gateway_to: GatewayMaker
) -> None:
    gateway = gateway_to(raw_server.url)
    request = RefundRequest(provider_payment_id=PAYMENT_ID, amount=roubles(1), description="")
    raw_server.will_answer(200, PAYMENT | {"status": "meditating"})
    assert (await gateway.fetch_payment(PAYMENT_ID)).status is PaymentStatus.PENDING
    raw_server.will_answer(200, REFUND | {"status": "meditating"})
    assert (await gateway.refund(request, key="refund")).status is RefundStatus.PENDING


async def test_a_repeat_that_finds_the_payment_decided_leads_back_to_the_shop(
    raw_server: RawServer, gateway_to: GatewayMaker, request_for_invoice: InvoiceRequest
) -> None:
    raw_server.will_answer(200, PAYMENT)
    invoice = await gateway_to(raw_server.url).create_invoice(request_for_invoice, key="create")
    assert invoice.confirmation_url == "https://t.me/shop_bot"


async def test_a_payment_is_asked_for_in_exactly_these_words(
    raw_server: RawServer, gateway_to: GatewayMaker, request_for_invoice: InvoiceRequest
) -> None:
    raw_server.will_answer(200, PAYMENT)
    request = request_for_invoice.model_copy(
        update={
            "price": roubles(Decimal("9999999999.99")),
            "description": "D" * 200,
            "receipt_email": "ivan@example.org",
        }
    )
    strict = gateway_to(raw_server.url, receipts=True, vat_code=11, tax_system_code=2)
    await strict.create_invoice(request, key="the-key")
    (received,) = raw_server.received
    amount = {"value": "9999999999.99", "currency": "RUB"}
    assert received.line == "POST /v3/payments HTTP/1.1"
    assert received.headers["idempotence-key"] == "the-key"
    credentials = base64.b64encode(f"{SHOP_ID}:{SECRET_KEY}".encode()).decode()
    assert received.headers["authorization"] == f"Basic {credentials}"
    assert received.json == {
        "amount": amount,
        "capture": True,
        "confirmation": {
            "type": "redirect",
            "return_url": "https://t.me/shop_bot",
            "locale": "ru_RU",
        },
        "description": "D" * 128,
        "metadata": {"purchase_id": str(request.purchase_id)},
        "receipt": {
            "customer": {"email": "ivan@example.org"},
            "items": [
                {
                    "description": "D" * 128,
                    "quantity": 1,
                    "amount": amount,
                    "vat_code": 11,
                    "payment_subject": "service",
                    "payment_mode": "full_payment",
                }
            ],
            "tax_system_code": 2,
        },
    }


async def test_a_refund_is_asked_for_in_exactly_these_words(
    raw_server: RawServer, gateway_to: GatewayMaker
) -> None:
    raw_server.will_answer(200, REFUND)
    request = RefundRequest(
        provider_payment_id=PAYMENT_ID, amount=roubles("0.10"), description="R" * 300
    )
    await gateway_to(raw_server.url).refund(request, key="the-key")
    (received,) = raw_server.received
    assert received.line == "POST /v3/refunds HTTP/1.1"
    assert received.headers["idempotence-key"] == "the-key"
    assert received.json == {
        "payment_id": PAYMENT_ID,
        "amount": {"value": "0.10", "currency": "RUB"},
        "description": "R" * 250,
    }
