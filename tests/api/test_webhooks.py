from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from api.app import build_app
from api.parts import ApiParts
from domain.errors import TemporalUnavailable
from domain.purchases import PurchaseStage
from tests.api.conftest import TELEGRAM_SECRET, YOOKASSA, Memory, asking

UPDATE = {"update_id": 7, "message": {"message_id": 1}}
SECRET = {"X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET}
YOOKASSA_PATH = "/api/v1/payments/webhook"


def notification(object_id: str, purchase_id: object = None, **fields: Any) -> dict[str, Any]:
    metadata = {} if purchase_id is None else {"purchase_id": str(purchase_id)}
    subject = {"id": object_id, "status": "succeeded", "metadata": metadata} | fields
    return {"type": "notification", "event": "payment.succeeded", "object": subject}


@pytest.fixture
def from_yookassa(app: FastAPI) -> httpx.AsyncClient:
    return asking(app, YOOKASSA)


# Telegram


@pytest.mark.parametrize("path", ["/webhook", "/telegram/hook"])
async def test_an_update_is_answered_when_the_bot_has_handled_it(
    stranger: httpx.AsyncClient, memory: Memory, path: str
) -> None:
    answer = await stranger.post(path, json=UPDATE, headers=SECRET)
    assert (answer.status_code, answer.content) == (200, b"")
    assert memory.updates == [UPDATE]


@pytest.mark.parametrize("secret", [None, "", "wrong", TELEGRAM_SECRET + "x", "секрет"])
async def test_an_update_without_the_secret_never_reaches_the_bot(
    stranger: httpx.AsyncClient, memory: Memory, secret: str | None
) -> None:
    headers = {} if secret is None else {b"X-Telegram-Bot-Api-Secret-Token": secret.encode()}
    answer = await stranger.post("/webhook", json=UPDATE, headers=headers)
    assert (answer.status_code, memory.updates) == (401, [])


async def test_with_long_polling_there_is_no_telegram_door(parts: ApiParts) -> None:
    without = parts.options.model_copy(update={"telegram_secret": None})
    app = build_app(replace(parts, options=without))
    async with asking(app) as client:
        answer = await client.post(
            "/webhook", json=UPDATE, headers={"X-Telegram-Bot-Api-Secret-Token": ""}
        )
    assert answer.status_code == 404


ABYSS = b"[" * 60_000
DEEP = b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"NaN", ABYSS, DEEP, b'{"a":' + ABYSS]
)
async def test_an_update_that_is_no_json_object_is_400(
    stranger: httpx.AsyncClient, memory: Memory, body: bytes
) -> None:
    answer = await stranger.post("/webhook", content=body, headers=SECRET)
    assert (answer.status_code, memory.updates) == (400, [])


@pytest.mark.parametrize("outage", [TemporalUnavailable("away"), ConnectionRefusedError()])
async def test_an_update_that_met_an_outage_is_asked_for_again(
    stranger: httpx.AsyncClient, memory: Memory, outage: Exception
) -> None:
    memory.update_failure = outage
    answer = await stranger.post("/webhook", json=UPDATE, headers=SECRET)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_an_update_that_met_a_bug_is_not_asked_for_again(
    stranger: httpx.AsyncClient, memory: Memory
) -> None:
    memory.update_failure = KeyError("a bug")
    answer = await stranger.post("/webhook", json=UPDATE, headers=SECRET)
    assert answer.status_code == 200


async def test_an_update_over_a_mebibyte_is_413(
    stranger: httpx.AsyncClient, memory: Memory
) -> None:
    answer = await stranger.post("/webhook", content=b" " * (2**20 + 1), headers=SECRET)
    assert (answer.status_code, memory.updates) == (413, [])


async def test_an_update_just_under_a_mebibyte_is_read(
    stranger: httpx.AsyncClient, memory: Memory
) -> None:
    body = b'{"update_id": 7}'.ljust(2**20)
    answer = await stranger.post("/webhook", content=body, headers=SECRET)
    assert (answer.status_code, memory.updates) == (200, [{"update_id": 7}])


# YooKassa


async def test_a_notification_wakes_the_purchase_of_its_payment(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    provider_id = memory.payment_ids[payment_id]
    answer = await from_yookassa.post(YOOKASSA_PATH, json=notification(provider_id))
    assert (answer.status_code, answer.content) == (200, b"")
    assert [(order.purchase_id, seen) for order, seen in memory.seen] == [(payment_id, provider_id)]


async def test_a_notification_is_signalled_once_however_often_it_comes(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    body = notification(memory.payment_ids[payment_id])
    answers = [await from_yookassa.post(YOOKASSA_PATH, json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (len(memory.seen), len(memory.notifications)) == (1, 1)


async def test_a_notification_before_its_invoice_is_recorded_goes_by_the_metadata(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.payment_ids.clear()
    await from_yookassa.post(YOOKASSA_PATH, json=notification("fresh", payment_id))
    assert [seen for _, seen in memory.seen] == ["fresh"]


async def test_the_ledger_is_believed_before_the_metadata(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    body = notification(memory.payment_ids[payment_id], "00000000-0000-0000-0000-000000000000")
    await from_yookassa.post(YOOKASSA_PATH, json=body)
    assert [order.purchase_id for order, _ in memory.seen] == [payment_id]


async def test_the_newest_attempt_is_woken(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, memory.records[payment_id].stage, attempt=3)
    body = notification(memory.payment_ids[payment_id])
    await from_yookassa.post(YOOKASSA_PATH, json=body)
    assert [order.attempt for order, _ in memory.seen] == [3]


async def test_a_refund_wakes_the_purchase_of_the_payment_that_was_given_back(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    provider_id = memory.payment_ids[payment_id]
    body = notification("refund-1", payment_id=provider_id) | {"event": "refund.succeeded"}
    await from_yookassa.post(YOOKASSA_PATH, json=body)
    assert [seen for _, seen in memory.seen] == [provider_id]


@pytest.mark.parametrize("hint", [None, "no-uuid", "00000000-0000-0000-0000-000000000000"])
async def test_a_notification_about_nothing_of_ours_is_stored_and_answered(
    from_yookassa: httpx.AsyncClient, memory: Memory, hint: str | None
) -> None:
    answer = await from_yookassa.post(YOOKASSA_PATH, json=notification("alien", hint))
    assert (answer.status_code, memory.seen) == (200, [])
    assert ("payment.succeeded", "alien") in memory.notifications


@pytest.mark.parametrize("stage", [PurchaseStage.DONE, PurchaseStage.REFUNDED])
async def test_an_unknown_payment_does_not_start_a_finished_purchase_again(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID, stage: PurchaseStage
) -> None:
    memory.settle(payment_id, stage)
    answer = await from_yookassa.post(YOOKASSA_PATH, json=notification("stray", payment_id))
    assert (answer.status_code, memory.seen) == (200, [])


async def test_a_finished_purchase_hears_of_its_own_payments(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, PurchaseStage.DONE)
    provider_id = memory.payment_ids[payment_id]
    await from_yookassa.post(YOOKASSA_PATH, json=notification(provider_id))
    assert [seen for _, seen in memory.seen] == [provider_id]


async def test_a_notification_that_temporal_missed_is_asked_for_again_and_then_signalled(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    body = notification(memory.payment_ids[payment_id])
    memory.temporal_failure = TemporalUnavailable("away")
    first = await from_yookassa.post(YOOKASSA_PATH, json=body)
    memory.temporal_failure = None
    again = await from_yookassa.post(YOOKASSA_PATH, json=body)
    assert (first.status_code, again.status_code, len(memory.seen)) == (503, 200, 1)


async def test_a_notification_without_a_ledger_is_asked_for_again(
    from_yookassa: httpx.AsyncClient, memory: Memory
) -> None:
    memory.ledger_is_away = True
    answer = await from_yookassa.post(YOOKASSA_PATH, json=notification("any"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"type": "other", "event": "payment.succeeded", "object": {"id": "1"}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": 7}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": "", "a": 1}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": "x\\u0000"}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": "\\ud800"}}',
        b'{"type": "notification", "event": "a\\u0000", "object": {"id": "1"}}',
        b'{"type": "notification", "event": "a", "object": {"id": "1", "payment_id": "\\u0000"}}',
        b'{"type": "notification", "event": "a", "object": {"id": "1", "b": ' + DEEP + b"}}",
        ABYSS,
    ],
)
async def test_a_malformed_notification_is_400_and_not_stored(
    from_yookassa: httpx.AsyncClient, memory: Memory, body: bytes
) -> None:
    answer = await from_yookassa.post(YOOKASSA_PATH, content=body)
    assert (answer.status_code, memory.notifications) == (400, {})


async def test_the_door_for_notifications_is_no_payment_to_look_at(
    stranger: httpx.AsyncClient,
) -> None:
    answer = await stranger.get(YOOKASSA_PATH)
    assert (answer.status_code, answer.json()["status"]) == (405, 405)


async def test_a_body_that_is_too_large_is_counted_under_its_route(
    from_yookassa: httpx.AsyncClient,
) -> None:
    await from_yookassa.post(YOOKASSA_PATH, content=b" " * (2**16 + 1))
    counted = (await from_yookassa.get("/metrics")).text
    assert f'method="POST",route="{YOOKASSA_PATH}",status="413"' in counted


async def test_a_notification_over_64_kib_is_413(
    from_yookassa: httpx.AsyncClient, memory: Memory
) -> None:
    answer = await from_yookassa.post(YOOKASSA_PATH, content=b" " * (2**16 + 1))
    assert (answer.status_code, memory.notifications) == (413, {})


@pytest.mark.parametrize(
    ("peer", "forwarded"),
    [
        ("203.0.113.9", None),
        ("203.0.113.9", YOOKASSA),
        ("10.1.2.3", None),
        ("10.1.2.3", f"{YOOKASSA}, 203.0.113.9"),
    ],
)
async def test_a_stranger_cannot_pass_for_yookassa(
    app: FastAPI, memory: Memory, payment_id: UUID, peer: str, forwarded: str | None
) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    async with asking(app, peer) as client:
        body = notification(memory.payment_ids[payment_id])
        answer = await client.post(YOOKASSA_PATH, json=body, headers=headers)
    assert answer.status_code == 403
    assert (memory.seen, memory.notifications) == ([], {})


async def test_yookassa_behind_our_proxy_is_let_in_and_noted_by_its_own_address(
    app: FastAPI, memory: Memory
) -> None:
    async with asking(app, "10.1.2.3") as client:
        headers = {"X-Forwarded-For": f"198.51.100.1, {YOOKASSA}"}
        answer = await client.post(YOOKASSA_PATH, json=notification("any"), headers=headers)
    assert answer.status_code == 200
    assert memory.notifications["payment.succeeded", "any"]["sender"] == YOOKASSA


async def test_the_webhook_needs_no_service_token_and_outcomes_are_counted(
    from_yookassa: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    body = notification(memory.payment_ids[payment_id])
    for _ in range(2):
        await from_yookassa.post(YOOKASSA_PATH, json=body)
    counted = (await from_yookassa.get("/metrics")).text
    assert 'wgshop_webhooks_total{outcome="handled",source="yookassa"} 1.0' in counted
    assert 'wgshop_webhooks_total{outcome="repeated",source="yookassa"} 1.0' in counted
