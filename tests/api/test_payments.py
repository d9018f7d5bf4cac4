from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import httpx
import pytest

from api.parts import ApiOptions
from api.v1.payment_status import payment_status
from domain.errors import (
    ProviderThrottled,
    ProviderUnavailable,
    PurchaseRefused,
    TemporalUnavailable,
)
from domain.ids import PromoId
from domain.payments import Cancellation
from domain.pricing import DiscountReason, Offers, StandingDiscount
from domain.promotions import PromoCode, PromoKind, PromoRefusal
from domain.purchases import PurchaseStage, StuckReason
from tests.api.conftest import NOW, ORDER, USER, Memory

CREATE = "/api/v1/payments/create"


async def test_an_order_is_answered_with_its_payment_page(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    answer = await service.post(CREATE, json=ORDER)
    payment = answer.json()
    assert answer.status_code == 201
    assert payment["payment_status"] == "pending"
    assert payment["confirmation_url"].startswith("https://pay.example/")
    assert payment["amount"] == "299.00"
    assert {"created_at", "expires_at", "payment_id"} <= payment.keys()
    assert UUID(payment["payment_id"]) in memory.records


async def test_an_unknown_customer_is_registered_by_the_order(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    await service.post(CREATE, json=ORDER | {"telegram_username": "anna"})
    assert memory.customers[USER].username == "anna"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"tariff_id": 99}, "unknown-tariff"),
        ({"amount": "1.00"}, "price-mismatch"),
        ({"amount": "299.01"}, "price-mismatch"),
        ({"currency": "USD"}, "price-mismatch"),
    ],
)
async def test_an_order_on_other_terms_is_refused(
    service: httpx.AsyncClient, memory: Memory, change: dict[str, object], problem: str
) -> None:
    answer = await service.post(CREATE, json=ORDER | change)
    assert answer.status_code == 400
    assert answer.json()["type"] == f"urn:wgshop:problem:{problem}"
    assert memory.records == {}


async def test_price_and_currency_may_be_left_to_the_shop(service: httpx.AsyncClient) -> None:
    answer = await service.post(CREATE, json={"user_id": USER, "tariff_id": 1})
    assert (answer.status_code, answer.json()["amount"]) == (201, "299.00")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user_id": "anna", "tariff_id": 1},
        {"user_id": -1, "tariff_id": 1},
        {"user_id": 2**60, "tariff_id": 1},
        {"user_id": USER, "tariff_id": 2**40},
        {"user_id": USER, "tariff_id": 1, "amount": "NaN"},
        {"user_id": USER, "tariff_id": 1, "amount": "299.001"},
        {"user_id": USER, "tariff_id": 1, "currency": "roubles"},
        {"user_id": USER, "tariff_id": 1, "payment_method": "sbp"},
    ],
)
async def test_a_malformed_order_names_its_fields(
    service: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await service.post(CREATE, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("body.")


class TestReceipts:
    """Where YOOKASSA_RECEIPTS is on, an order needs an address for its receipt, once."""

    @pytest.fixture
    def options(self, options: ApiOptions) -> ApiOptions:
        return options.model_copy(update={"receipts": True})

    async def test_an_order_without_an_address_is_refused_before_it_is_begun(
        self, service: httpx.AsyncClient, memory: Memory
    ) -> None:
        answer = await service.post(CREATE, json=ORDER)
        assert (answer.status_code, "email" in answer.json()["detail"]) == (400, True)
        assert not memory.records

    async def test_an_address_is_kept_for_the_next_order(
        self, service: httpx.AsyncClient, memory: Memory
    ) -> None:
        first = await service.post(CREATE, json=ORDER | {"email": "anna@example.ru"})
        second = await service.post(CREATE, json=ORDER)
        assert (first.status_code, second.status_code) == (201, 201)
        assert {order.order.receipt_email for order in memory.records.values()} == {
            "anna@example.ru"
        }

    @pytest.mark.parametrize("email", ["anna", "a@b..com", "a b@c.de", "a@b"])
    async def test_what_is_no_address_is_refused(
        self, service: httpx.AsyncClient, email: str
    ) -> None:
        answer = await service.post(CREATE, json=ORDER | {"email": email})
        assert answer.status_code == 422


@pytest.mark.parametrize("method", ["bank_card", None])
async def test_cards_may_be_asked_for_or_left_unsaid(
    service: httpx.AsyncClient, method: str | None
) -> None:
    answer = await service.post(CREATE, json=ORDER | {"payment_method": method})
    assert answer.status_code == 201


async def test_another_try_by_an_unknown_method_is_refused(
    service: httpx.AsyncClient, payment_id: UUID
) -> None:
    path = f"/api/v1/payments/{payment_id}/retry"
    answer = await service.post(path, json={"payment_method": "cash"})
    assert answer.status_code == 422


async def test_a_repeat_with_the_same_key_is_the_same_purchase(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = await service.post(CREATE, json=ORDER, headers=headers)
    again = await service.post(CREATE, json=ORDER, headers=headers)
    assert first.json() == again.json()
    assert (again.status_code, len(memory.records)) == (201, 1)


async def test_two_customers_may_use_the_same_key(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    headers = {"Idempotency-Key": "order-1"}
    await service.post(CREATE, json=ORDER, headers=headers)
    await service.post(CREATE, json=ORDER | {"user_id": USER + 1}, headers=headers)
    assert len(memory.records) == 2


async def test_a_key_that_ordered_another_tariff_is_refused(
    service: httpx.AsyncClient,
) -> None:
    headers = {"Idempotency-Key": "order-1"}
    await service.post(CREATE, json=ORDER, headers=headers)
    answer = await service.post(CREATE, json=ORDER | {"tariff_id": 2}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:wgshop:problem:idempotency-key-reused"


async def test_a_repeat_after_the_payment_tells_that_it_succeeded(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = await service.post(CREATE, json=ORDER, headers=headers)
    memory.settle(UUID(first.json()["payment_id"]), PurchaseStage.DONE)
    again = await service.post(CREATE, json=ORDER, headers=headers)
    assert again.json()["payment_status"] == "succeeded"


@pytest.mark.parametrize(
    ("failure", "retry_after"),
    [
        (ProviderUnavailable("no answer"), "5"),
        (ProviderThrottled("slower", retry_after=timedelta(milliseconds=1500)), "2"),
    ],
)
async def test_a_silent_provider_is_503_with_a_time_to_come_back(
    service: httpx.AsyncClient, memory: Memory, failure: Exception, retry_after: str
) -> None:
    memory.invoice_failure = failure
    answer = await service.post(CREATE, json=ORDER)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == retry_after
    assert str(next(iter(memory.records))) in answer.json()["detail"]


async def test_a_ledger_that_is_away_is_503(service: httpx.AsyncClient, memory: Memory) -> None:
    memory.ledger_is_away = True
    answer = await service.post(CREATE, json=ORDER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def code(kind: PromoKind, worth: int) -> PromoCode:
    return PromoCode(promo_id=PromoId(1), code="SPRING", kind=kind, worth=Decimal(worth))


async def test_a_customers_discounts_count_here_as_in_the_bot(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    loyal = StandingDiscount(reason=DiscountReason.LOYALTY, percent=10)
    memory.offers = Offers(standing=(loyal,))
    refused = await service.post(CREATE, json=ORDER)
    assert refused.json()["type"] == "urn:wgshop:problem:price-mismatch"
    assert "269.10 RUB for this customer instead of 299.00 RUB" in refused.json()["detail"]
    assert memory.records == {}
    taken = (await service.post(CREATE, json=ORDER | {"amount": "269.10"})).json()
    assert (taken["amount"], taken["full_amount"]) == ("269.10", "299.00")
    cut = {"reason": "loyalty", "saved": "29.90", "percent": 10, "days": 0, "code": None}
    assert taken["discounts"] == [cut]


async def test_a_code_may_come_with_the_order(service: httpx.AsyncClient, memory: Memory) -> None:
    memory.codes = {"SPRING": code(PromoKind.DAYS, 7)}
    payment = (await service.post(CREATE, json=ORDER | {"promo_code": "SPRING"})).json()
    assert (payment["amount"], payment["duration_days"]) == ("299.00", 37)


async def test_a_code_that_cannot_be_used_is_refused_before_anything_begins(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    answer = await service.post(CREATE, json=ORDER | {"promo_code": "WINTER"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:wgshop:problem:promo-refused"
    assert answer.json()["detail"] == "there is no such code"
    assert memory.records == {}


async def test_a_retry_without_its_code_is_refused(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, PurchaseStage.EXPIRED)
    memory.hold_refusal = PromoRefusal.USED_UP
    answer = await service.post(f"/api/v1/payments/{payment_id}/retry", json={})
    assert answer.json()["type"] == "urn:wgshop:problem:promo-refused"


async def test_a_payment_can_be_asked_for(service: httpx.AsyncClient, payment_id: UUID) -> None:
    answer = await service.get(f"/api/v1/payments/{payment_id}")
    assert (answer.status_code, answer.json()["payment_status"]) == (200, "pending")


async def test_a_decline_is_told_in_words(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    why = Cancellation(party="payment_network", reason="insufficient_funds")
    memory.settle(payment_id, PurchaseStage.DECLINED, cancellation=why)
    payment = (await service.get(f"/api/v1/payments/{payment_id}")).json()
    assert payment["payment_status"] == "canceled"
    assert payment["failure_reason"] == "there was not enough money"


async def test_a_reason_that_nobody_has_listed_is_still_told(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    why = Cancellation(party="payment_network", reason="moon_in_wrong_phase")
    memory.settle(payment_id, PurchaseStage.DECLINED, cancellation=why)
    payment = (await service.get(f"/api/v1/payments/{payment_id}")).json()
    assert payment["failure_reason"] == "moon in wrong phase"


async def test_an_unknown_payment_is_404_and_a_malformed_id_422(
    service: httpx.AsyncClient,
) -> None:
    assert (await service.get(f"/api/v1/payments/{uuid4()}")).status_code == 404
    assert (await service.get("/api/v1/payments/seven")).status_code == 422


@pytest.mark.parametrize("stage", [PurchaseStage.DECLINED, PurchaseStage.EXPIRED])
async def test_a_retry_makes_the_next_payment_page(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID, stage: PurchaseStage
) -> None:
    memory.settle(payment_id, stage)
    answer = await service.post(f"/api/v1/payments/{payment_id}/retry", json={})
    assert answer.status_code == 200
    assert answer.json()["payment_status"] == "pending"
    assert answer.json()["failure_reason"] is None
    assert answer.json()["confirmation_url"].endswith(":2")
    assert memory.invoices_asked[-1].attempt == 2


async def test_a_retry_while_the_page_is_open_returns_that_page(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    answer = await service.post(f"/api/v1/payments/{payment_id}/retry")
    assert (answer.status_code, len(memory.invoices_asked)) == (200, 1)
    assert answer.json()["confirmation_url"].endswith(":1")


async def test_while_a_second_page_is_being_made_the_first_is_not_offered(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, PurchaseStage.PREPARING)
    asked = (await service.get(f"/api/v1/payments/{payment_id}")).json()
    retried = (await service.post(f"/api/v1/payments/{payment_id}/retry", json={})).json()
    assert (asked["payment_status"], asked["confirmation_url"]) == ("pending", None)
    assert retried["confirmation_url"].endswith(":2")


@pytest.mark.parametrize("stage", [stage for stage in PurchaseStage if stage.is_paid])
async def test_a_retry_of_what_is_paid_is_refused(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID, stage: PurchaseStage
) -> None:
    memory.settle(payment_id, stage)
    answer = await service.post(f"/api/v1/payments/{payment_id}/retry", json={})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:wgshop:problem:already-paid"


async def test_a_retry_of_what_was_given_back_is_refused(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, PurchaseStage.REFUNDED)
    answer = await service.post(f"/api/v1/payments/{payment_id}/retry", json={})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:wgshop:problem:refused"


async def test_temporal_away_is_503_and_says_nothing_of_the_inside(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    memory.invoice_failure = TemporalUnavailable("10.0.0.5:7233 refused")
    answer = await service.post(CREATE, json=ORDER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "10.0.0.5" not in answer.text


async def test_a_full_fleet_is_409_and_nothing_is_ordered(
    service: httpx.AsyncClient, memory: Memory
) -> None:
    memory.is_full = True
    answer = await service.post(CREATE, json=ORDER)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:wgshop:problem:sold-out")
    assert memory.records == {}


async def test_a_full_fleet_takes_no_second_try_either(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, PurchaseStage.DECLINED)
    memory.is_full = True
    answer = await service.post(f"/api/v1/payments/{payment_id}/retry", json={})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:wgshop:problem:sold-out")


async def test_a_refusal_of_the_workflow_is_409_with_its_reason(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, PurchaseStage.DECLINED)
    memory.invoice_failure = PurchaseRefused("this purchase is over")
    answer = await service.post(f"/api/v1/payments/{payment_id}/retry", json={})
    assert (answer.status_code, answer.json()["detail"]) == (409, "this purchase is over")


async def test_a_payment_on_other_terms_says_so(
    service: httpx.AsyncClient, memory: Memory, payment_id: UUID
) -> None:
    memory.settle(payment_id, PurchaseStage.STUCK, stuck_reason=StuckReason.MISMATCH)
    payment = (await service.get(f"/api/v1/payments/{payment_id}")).json()
    assert "differs from the order" in payment["failure_reason"]


@pytest.mark.parametrize("stage", list(PurchaseStage))
def test_every_stage_has_a_payment_status(stage: PurchaseStage) -> None:
    assert payment_status(stage)


async def test_times_carry_their_zone(service: httpx.AsyncClient, payment_id: UUID) -> None:
    payment = (await service.get(f"/api/v1/payments/{payment_id}")).json()
    assert payment["created_at"] == NOW.isoformat().replace("+00:00", "Z")
