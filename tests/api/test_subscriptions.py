import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from domain.errors import TemporalUnavailable
from domain.purchases import PurchaseOrder, PurchaseStage, StuckReason
from domain.subscriptions import SubscriptionStatus
from tests.api.conftest import NOW, ORDER, PUBLIC_KEY, USER, Memory

ACTIVATE = "/api/v1/subscriptions/activate"
STATUS = f"/api/v1/subscriptions/{USER}/status"
CONFIG = f"/api/v1/subscriptions/{USER}/config"


def activation(payment_id: UUID, **changes: object) -> dict[str, object]:
    terms = {"user_id": USER, "tariff_id": 1, "duration_days": 30}
    return {"payment_id": str(payment_id)} | terms | changes


# Activation


async def test_a_paid_purchase_is_activated_with_dates_and_addresses(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    grant = memory.grant(payment_id)
    answer = await service.post(ACTIVATE, json=activation(payment_id))
    access = answer.json()
    assert (answer.status_code, access["status"]) == (201, "active")
    assert access["subscription_id"] == str(grant.subscription_id)
    assert access["start_date"] == NOW.isoformat().replace("+00:00", "Z")
    assert access["end_date"] == (NOW + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    assert access["config_url"].startswith("https://shop.example/c/")
    assert access["config_qr_code_url"].endswith("/qr.png")


async def test_activating_twice_is_the_same_access(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.grant(payment_id)
    answers = [await service.post(ACTIVATE, json=activation(payment_id)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["subscription_id"] == answers[1].json()["subscription_id"]


async def test_activation_makes_the_workflow_look_and_waits_for_the_grant(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    def grant_soon(order: PurchaseOrder) -> None:
        asyncio.get_running_loop().call_later(0.02, memory.grant, order.purchase_id)

    memory.on_payment_seen = grant_soon
    answer = await service.post(ACTIVATE, json=activation(payment_id))
    assert answer.status_code == 201


async def test_an_unpaid_purchase_is_not_activated(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    answer = await service.post(ACTIVATE, json=activation(payment_id))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:wgshop:problem:not-paid"
    assert len(memory.seen) == 1


async def test_a_purchase_without_a_payment_page_is_not_activated(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.payment_ids.clear()
    answer = await service.post(ACTIVATE, json=activation(payment_id))
    assert (answer.status_code, memory.seen) == (409, [])


async def test_what_is_paid_and_still_being_set_up_is_503(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, PurchaseStage.PAID)
    answer = await service.post(ACTIVATE, json=activation(payment_id))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_a_payment_on_other_terms_is_never_activated(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, PurchaseStage.STUCK, stuck_reason=StuckReason.MISMATCH)
    answer = await service.post(ACTIVATE, json=activation(payment_id))
    assert answer.status_code == 409
    assert "differs from the order" in answer.json()["detail"]


@pytest.mark.parametrize("stage", [PurchaseStage.REFUNDING, PurchaseStage.REFUNDED])
async def test_what_was_given_back_is_not_activated(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID, stage: PurchaseStage
) -> None:
    memory.grant(payment_id)
    memory.settle(payment_id, stage)
    answer = await service.post(ACTIVATE, json=activation(payment_id))
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "change", [{"user_id": USER + 1}, {"tariff_id": 2}, {"duration_days": 3000}]
)
async def test_activation_on_other_terms_than_ordered_is_refused(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID, change: dict[str, int]
) -> None:
    memory.grant(payment_id)
    answer = await service.post(ACTIVATE, json=activation(payment_id, **change))
    assert answer.status_code == 400
    assert next(iter(change)) in answer.json()["detail"]


async def test_activating_an_unknown_payment_is_404(service: httpx.AsyncClient) -> None:
    assert (await service.post(ACTIVATE, json=activation(uuid4()))).status_code == 404


@pytest.mark.parametrize("days", [0, -1, 10**12, "many"])
async def test_an_activation_with_an_absurd_duration_is_refused(
    service: httpx.AsyncClient, payment_id: UUID, days: object
) -> None:
    answer = await service.post(ACTIVATE, json=activation(payment_id, duration_days=days))
    assert answer.status_code == 422


async def test_activation_without_temporal_is_503(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.temporal_failure = TemporalUnavailable("away")
    answer = await service.post(ACTIVATE, json=activation(payment_id))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


# Status


async def test_an_active_subscription_tells_its_end(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.grant(payment_id)
    answer = await service.get(STATUS)
    assert answer.status_code == 200
    assert answer.json() == {
        "has_active_subscription": True,
        "subscription_id": str(memory.grants[payment_id].subscription_id),
        "tariff_name": "30 days",
        "days_remaining": 30,
        "end_date": (NOW + timedelta(days=30)).isoformat().replace("+00:00", "Z"),
        "auto_renewal": False,
        "last_payment_status": "succeeded",
        "status": "active",
    }


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": SubscriptionStatus.EXPIRED, "expires_at": NOW}, "expired"),
        ({"status": SubscriptionStatus.REVOKED}, "revoked"),
        ({"expires_at": NOW}, "expired"),
    ],
)
async def test_a_subscription_that_ended_is_410_and_says_so(
    service: httpx.AsyncClient,
    memory: Memory,
    payment_id: UUID,
    changes: dict[str, object],
    status: str,
) -> None:
    memory.grant(payment_id)
    memory.subscriptions[USER] = memory.subscriptions[USER].model_copy(update=changes)
    answer = await service.get(STATUS)
    assert answer.status_code == 410
    assert answer.json()["has_active_subscription"] is False
    assert (answer.json()["status"], answer.json()["days_remaining"]) == (status, 0)
    assert (await service.get(CONFIG)).status_code == 410


async def test_a_subscription_on_hold_is_not_over(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.grant(payment_id)
    on_hold = {"status": SubscriptionStatus.FROZEN}
    memory.subscriptions[USER] = memory.subscriptions[USER].model_copy(update=on_hold)
    answer = await service.get(STATUS)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["has_active_subscription"]) == ("frozen", False)


async def test_a_page_that_nobody_used_is_not_the_last_payment(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.grant(payment_id)
    await service.post("/api/v1/payments/create", json=ORDER)
    assert (await service.get(STATUS)).json()["last_payment_status"] == "succeeded"


async def test_who_never_had_a_subscription_is_404(service: httpx.AsyncClient) -> None:
    assert (await service.get(STATUS)).status_code == 404
    assert (await service.get(CONFIG)).status_code == 404


# Configuration


async def test_the_config_call_leads_to_the_file(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.grant(payment_id)
    access = (await service.get(CONFIG)).json()
    assert (access["wireguard_public_key"], len(PUBLIC_KEY)) == (PUBLIC_KEY, 44)
    file = await service.get(access["config_url"].removeprefix("https://shop.example"))
    assert file.text.startswith("[Interface]")


async def test_a_subscription_that_waits_for_an_address_has_no_config_yet(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.grant(payment_id, server=None)
    answer = await service.get(CONFIG)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
