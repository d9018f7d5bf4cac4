"""What we ask of YooKassa: the bodies of its POST requests.

Amounts are exact strings, and every text is within the limits of YooKassa's OpenAPI file of
2026-07-01.
"""

from domain.errors import ProviderRefused
from domain.languages import Language
from domain.money import Money
from domain.payments import InvoiceRequest, RefundRequest
from infra.settings import YooKassaSettings
from infra.yookassa.answers import Json

_LONGEST_PAYMENT_DESCRIPTION = 128
_LONGEST_REFUND_DESCRIPTION = 250
_LOCALES = {Language.RUSSIAN: "ru_RU", Language.ENGLISH: "en_US"}


def payment_body(request: InvoiceRequest, settings: YooKassaSettings) -> Json:
    """The body of `POST /payments`: captured at once, on YooKassa's own page or from a kept card.

    https://yookassa.ru/developers/payment-acceptance/scenario-extensions/recurring-payments

    Raises:
        ProviderRefused: Receipts are on and the customer's e-mail address is missing.
    """
    body: dict[str, object] = {
        "amount": _amount(request.price),
        "capture": True,
        "description": request.description[:_LONGEST_PAYMENT_DESCRIPTION],
        "metadata": {"purchase_id": str(request.purchase_id)},
    }
    if request.charged_method is not None:
        body["payment_method_id"] = request.charged_method
    else:
        body["confirmation"] = {
            "type": "redirect",
            "return_url": settings.return_url,
            "locale": _LOCALES[request.language],
        }
        if request.saves_method:
            body["save_payment_method"] = True
    if settings.receipts:
        body["receipt"] = _receipt(
            request.description, request.price, request.receipt_email, settings
        )
    return body


def refund_body(request: RefundRequest, settings: YooKassaSettings) -> Json:
    """The body of `POST /refunds`.

    A full refund needs no receipt of its own, YooKassa makes it; a partial one does.
    https://yookassa.ru/developers/payment-acceptance/receipts/54fz/yoomoney/refunds

    Raises:
        ProviderRefused: Receipts are on, and a partial refund lacks the e-mail address.
    """
    body: dict[str, object] = {
        "payment_id": request.provider_payment_id,
        "amount": _amount(request.amount),
        "description": request.description[:_LONGEST_REFUND_DESCRIPTION],
    }
    if settings.receipts and request.is_partial:
        body["receipt"] = _receipt(
            request.description, request.amount, request.receipt_email, settings
        )
    return body


def _amount(money: Money) -> Json:
    return {"value": str(money.amount), "currency": money.currency}


def _receipt(
    description: str, amount: Money, email: str | None, settings: YooKassaSettings
) -> Json:
    """The 54-FZ receipt: one line, the whole amount, sent by e-mail."""
    if not email:
        raise ProviderRefused(
            "YOOKASSA_RECEIPTS is on and the customer's e-mail address is missing: ask for it"
        )
    item = {
        "description": description[:_LONGEST_PAYMENT_DESCRIPTION],
        "quantity": 1,
        "amount": _amount(amount),
        "vat_code": settings.vat_code,
        "payment_subject": "service",
        "payment_mode": "full_payment",
    }
    receipt: dict[str, object] = {"customer": {"email": email}, "items": [item]}
    if settings.tax_system_code is not None:
        receipt["tax_system_code"] = settings.tax_system_code
    return receipt
