"""The gateway against the sandbox: money is collected and given back, whatever goes wrong."""

from datetime import timedelta

import pytest

from domain.errors import ProviderRefused, ProviderThrottled, ProviderUnavailable
from domain.ids import ProviderPaymentId
from domain.languages import Language
from domain.money import roubles
from domain.payments import (
    InvoiceRequest,
    PaymentStatus,
    RefundRequest,
    RefundStatus,
    mismatches,
)
from infra.yookassa import Patience, YooKassaGateway
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.controls import Conduct
from sandbox.yookassa.faults import FaultKind, Operation
from sandbox.yookassa.refunding import RefundFate
from tests.infra.yookassa.conftest import SHOP_ID, GatewayMaker

NO_PAYMENT = ProviderPaymentId("2f1d1a2b-000f-5000-9000-1bd9d0a2f3c1")


@pytest.fixture
async def paid(
    gateway: YooKassaGateway, sandbox: YooKassaSandbox, request_for_invoice: InvoiceRequest
) -> ProviderPaymentId:
    invoice = await gateway.create_invoice(request_for_invoice, key="create")
    await sandbox.pay(invoice.provider_payment_id)
    return invoice.provider_payment_id


async def test_an_invoice_is_a_page_that_lives_an_hour(
    gateway: YooKassaGateway, request_for_invoice: InvoiceRequest
) -> None:
    invoice = await gateway.create_invoice(request_for_invoice, key="create")
    assert invoice.confirmation_url.startswith("http")
    assert invoice.expires_at == invoice.created_at + timedelta(hours=1)


async def test_a_new_payment_is_pending_and_is_the_one_that_was_agreed(
    gateway: YooKassaGateway, request_for_invoice: InvoiceRequest
) -> None:
    invoice = await gateway.create_invoice(request_for_invoice, key="create")
    payment = await gateway.fetch_payment(invoice.provider_payment_id)
    assert payment.status is PaymentStatus.PENDING
    assert payment.confirmation_url == invoice.confirmation_url
    assert not mismatches(
        payment,
        purchase_id=request_for_invoice.purchase_id,
        price=request_for_invoice.price,
        shop_id=gateway.shop_id,
    )


async def test_a_paid_payment_succeeds_without_a_capture(
    gateway: YooKassaGateway, paid: ProviderPaymentId
) -> None:
    payment = await gateway.fetch_payment(paid)
    assert payment.status is PaymentStatus.SUCCEEDED
    assert payment.captured_at is not None
    assert payment.method_title
    assert payment.shop_id == SHOP_ID
    assert payment.is_test


async def test_the_same_key_makes_one_payment(
    gateway: YooKassaGateway, sandbox: YooKassaSandbox, request_for_invoice: InvoiceRequest
) -> None:
    first = await gateway.create_invoice(request_for_invoice, key="create")
    assert await gateway.create_invoice(request_for_invoice, key="create") == first
    assert len(await sandbox.payments()) == 1


async def test_the_same_key_for_another_purchase_is_refused(
    gateway: YooKassaGateway, request_for_invoice: InvoiceRequest
) -> None:
    await gateway.create_invoice(request_for_invoice, key="create")
    other = request_for_invoice.model_copy(update={"price": roubles(300)})
    with pytest.raises(ProviderRefused, match="Idempotence key duplicated"):
        await gateway.create_invoice(other, key="create")


@pytest.mark.parametrize(
    "fault",
    [FaultKind.ERROR_AFTER, FaultKind.DROP_AFTER, FaultKind.HANG_AFTER, FaultKind.PROCESSING],
)
async def test_a_lost_answer_is_found_again_by_repeating(
    gateway: YooKassaGateway,
    sandbox: YooKassaSandbox,
    request_for_invoice: InvoiceRequest,
    fault: FaultKind,
) -> None:
    await sandbox.order_fault(Operation.CREATE_PAYMENT, fault)
    with pytest.raises(ProviderUnavailable):
        await gateway.create_invoice(request_for_invoice, key="create")
    (made,) = await sandbox.payments()
    invoice = await gateway.create_invoice(request_for_invoice, key="create")
    assert invoice.provider_payment_id == made.id
    assert len(await sandbox.payments()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        FaultKind.ERROR_BEFORE, FaultKind.DROP_BEFORE, FaultKind.HANG_BEFORE,
        FaultKind.BAD_GATEWAY, FaultKind.PROCESSING,
    ],
)  # fmt: skip
async def test_an_answer_that_says_nothing_leaves_the_result_unknown(
    gateway: YooKassaGateway,
    sandbox: YooKassaSandbox,
    paid: ProviderPaymentId,
    fault: FaultKind,
) -> None:
    await sandbox.order_fault(Operation.GET_PAYMENT, fault)
    with pytest.raises(ProviderUnavailable):
        await gateway.fetch_payment(paid)


async def test_a_silent_server_is_given_up_by_the_socket_so_that_its_thread_is_free(
    gateway: YooKassaGateway, sandbox: YooKassaSandbox
) -> None:
    await sandbox.order_fault(Operation.GET_PAYMENT, FaultKind.HANG_BEFORE, seconds=30)
    with pytest.raises(ProviderUnavailable, match="ReadTimeout"):
        await gateway.fetch_payment(NO_PAYMENT)


async def test_a_call_is_given_up_when_its_overall_deadline_passes(
    sandbox_url: str, sandbox: YooKassaSandbox, gateway_to: GatewayMaker
) -> None:
    hasty = gateway_to(sandbox_url, Patience(connect=1, read=5, overall=0.2))
    await sandbox.order_fault(Operation.GET_PAYMENT, FaultKind.HANG_BEFORE, seconds=3)
    with pytest.raises(ProviderUnavailable, match=r"in 0\.2 s"):
        await hasty.fetch_payment(NO_PAYMENT)


async def test_each_call_is_made_once_and_repeats_are_left_to_the_workflow(
    gateway: YooKassaGateway, sandbox: YooKassaSandbox, request_for_invoice: InvoiceRequest
) -> None:
    await sandbox.order_fault(Operation.CREATE_PAYMENT, FaultKind.ERROR_BEFORE)
    with pytest.raises(ProviderUnavailable):
        await gateway.create_invoice(request_for_invoice, key="create")
    assert (await sandbox.calls())[Operation.CREATE_PAYMENT].keys == {"create": 1}


async def test_throttling_says_how_long_to_wait(
    gateway: YooKassaGateway, sandbox: YooKassaSandbox, paid: ProviderPaymentId
) -> None:
    await sandbox.order_fault(Operation.GET_PAYMENT, FaultKind.THROTTLED, retry_after_ms=2500)
    with pytest.raises(ProviderThrottled) as throttled:
        await gateway.fetch_payment(paid)
    assert throttled.value.retry_after == timedelta(seconds=2.5)


@pytest.mark.parametrize("wrong", [{"shop_id": "7"}, {"secret_key": "test_wrong-secret"}])
async def test_wrong_credentials_are_named_and_not_shown(
    sandbox_url: str, gateway_to: GatewayMaker, wrong: dict[str, str]
) -> None:
    with pytest.raises(ProviderRefused, match="YOOKASSA_SHOP_ID and YOOKASSA_SECRET_KEY") as error:
        await gateway_to(sandbox_url, **wrong).fetch_payment(NO_PAYMENT)
    assert "test_" not in str(error.value)


async def test_a_shop_without_the_right_is_told_to_check_its_credentials(
    gateway: YooKassaGateway, sandbox: YooKassaSandbox
) -> None:
    await sandbox.order_fault(Operation.GET_PAYMENT, FaultKind.FORBIDDEN)
    with pytest.raises(ProviderRefused, match=r"403.*YOOKASSA_SECRET_KEY"):
        await gateway.fetch_payment(NO_PAYMENT)


async def test_two_shops_in_one_process_keep_their_own_credentials(
    sandbox_url: str, gateway: YooKassaGateway, gateway_to: GatewayMaker, paid: ProviderPaymentId
) -> None:
    gateway_to(sandbox_url, shop_id="7")
    assert (await gateway.fetch_payment(paid)).shop_id == SHOP_ID


async def test_a_payment_that_does_not_exist_is_refused(gateway: YooKassaGateway) -> None:
    with pytest.raises(ProviderRefused, match="not_found"):
        await gateway.fetch_payment(NO_PAYMENT)


@pytest.mark.parametrize("forged", ["", "../me", "a/capture", "x?limit=1", "ключ"])
async def test_a_forged_id_never_becomes_another_path(
    gateway: YooKassaGateway, sandbox: YooKassaSandbox, forged: str
) -> None:
    before = await sandbox.calls()
    with pytest.raises(ProviderRefused, match="not an id"):
        await gateway.fetch_payment(ProviderPaymentId(forged))
    assert await sandbox.calls() == before


@pytest.mark.parametrize(
    "reason", ["insufficient_funds", "call_issuer", "3d_secure_failed", "card_expired"]
)
async def test_a_decline_comes_with_its_reason(
    gateway: YooKassaGateway,
    sandbox: YooKassaSandbox,
    request_for_invoice: InvoiceRequest,
    reason: str,
) -> None:
    invoice = await gateway.create_invoice(request_for_invoice, key="create")
    await sandbox.pay(invoice.provider_payment_id, reason)
    payment = await gateway.fetch_payment(invoice.provider_payment_id)
    assert payment.status is PaymentStatus.CANCELED
    assert payment.cancellation is not None
    assert payment.cancellation.reason == reason


async def test_an_unpaid_page_is_cancelled_after_its_hour(
    gateway: YooKassaGateway, sandbox: YooKassaSandbox, request_for_invoice: InvoiceRequest
) -> None:
    invoice = await gateway.create_invoice(request_for_invoice, key="create")
    await sandbox.advance(timedelta(hours=1, seconds=1))
    payment = await gateway.fetch_payment(invoice.provider_payment_id)
    assert payment.cancellation is not None
    assert payment.cancellation.reason == "expired_on_confirmation"


@pytest.mark.parametrize(
    ("fate", "status"),
    [
        (RefundFate.SUCCEEDS, RefundStatus.SUCCEEDED),
        (RefundFate.STAYS_PENDING, RefundStatus.PENDING),
        (RefundFate.CANCELED, RefundStatus.CANCELED),
    ],
)
async def test_a_refund_is_told_as_it_stands(
    gateway: YooKassaGateway,
    sandbox: YooKassaSandbox,
    paid: ProviderPaymentId,
    fate: RefundFate,
    status: RefundStatus,
) -> None:
    await sandbox.conduct(Conduct(refunds=fate))
    request = RefundRequest(provider_payment_id=paid, amount=roubles("299.00"), description="sorry")
    made = await gateway.refund(request, key="refund")
    refund = await gateway.fetch_refund(made.provider_refund_id)
    assert refund.status is status
    assert refund.amount == roubles("299.00")
    assert (refund.cancellation is not None) == (status is RefundStatus.CANCELED)


async def test_a_repeated_refund_gives_the_money_back_once(
    gateway: YooKassaGateway, sandbox: YooKassaSandbox, paid: ProviderPaymentId
) -> None:
    request = RefundRequest(provider_payment_id=paid, amount=roubles("299.00"), description="sorry")
    await sandbox.order_fault(Operation.CREATE_REFUND, FaultKind.ERROR_AFTER)
    with pytest.raises(ProviderUnavailable):
        await gateway.refund(request, key="refund")
    await gateway.refund(request, key="refund")
    assert len(await sandbox.refunds()) == 1


async def test_more_than_was_paid_cannot_be_given_back(
    gateway: YooKassaGateway, paid: ProviderPaymentId
) -> None:
    request = RefundRequest(provider_payment_id=paid, amount=roubles(300), description="too much")
    with pytest.raises(ProviderRefused):
        await gateway.refund(request, key="refund")


async def test_a_receipt_goes_to_the_customers_address(
    sandbox_url: str,
    sandbox: YooKassaSandbox,
    gateway_to: GatewayMaker,
    request_for_invoice: InvoiceRequest,
) -> None:
    strict = gateway_to(sandbox_url, receipts=True, vat_code=1, tax_system_code=2)
    request = request_for_invoice.model_copy(update={"receipt_email": "ivan@example.org"})
    await strict.create_invoice(request, key="create")
    assert len(await sandbox.payments()) == 1


async def test_a_receipt_without_an_address_is_refused_before_anything_is_asked(
    sandbox_url: str,
    sandbox: YooKassaSandbox,
    gateway_to: GatewayMaker,
    request_for_invoice: InvoiceRequest,
) -> None:
    strict = gateway_to(sandbox_url, receipts=True, vat_code=1)
    with pytest.raises(ProviderRefused, match="e-mail address is missing"):
        await strict.create_invoice(request_for_invoice, key="create")
    assert await sandbox.calls() == {}


async def test_a_part_goes_back_with_a_receipt_of_its_own(
    sandbox_url: str,
    sandbox: YooKassaSandbox,
    gateway_to: GatewayMaker,
    paid: ProviderPaymentId,
) -> None:
    strict = gateway_to(sandbox_url, receipts=True, vat_code=1)
    part = RefundRequest(
        provider_payment_id=paid, amount=roubles("99.66"), description="30 days", is_partial=True
    )
    with pytest.raises(ProviderRefused, match="e-mail address is missing"):
        await strict.refund(part, key="refund")
    addressed = part.model_copy(update={"receipt_email": "ivan@example.org"})
    assert (await strict.refund(addressed, key="refund")).amount == roubles("99.66")
    assert len(await sandbox.refunds()) == 1


async def test_the_longest_texts_are_accepted(
    gateway: YooKassaGateway, request_for_invoice: InvoiceRequest
) -> None:
    request = request_for_invoice.model_copy(
        update={"description": "VPN " * 100, "language": Language.ENGLISH}
    )
    assert await gateway.create_invoice(request, key="k" * 64)
