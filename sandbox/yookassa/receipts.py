"""The data of a 54-FZ receipt, as a shop sends it with a payment, a capture or a refund.

Source of the limits and lists: YooKassa's OpenAPI file, and
https://yookassa.ru/developers/payment-acceptance/receipts/54fz/yoomoney/parameters-values
"""

import re
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from sandbox.yookassa.bodies import AskedAmount, Body
from sandbox.yookassa.objects import Amount
from sandbox.yookassa.refusals import invalid_request

MOST_RECEIPT_ITEMS = 80
"""The limit of «Чеки от ЮKassa»; third-party registers take 100."""

_ATOM = r"[^@\s.,;:<>()\[\]]+"
_EMAIL = re.compile(rf"^{_ATOM}(\.{_ATOM})*@({_ATOM}\.)+{_ATOM}$")

RECEIPT_TIME = timedelta(seconds=5)
"""How long a receipt takes to register; invented."""


class ReceiptRegistration(StrEnum):
    """Where the receipt of a payment or refund is."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


PaymentMode = Literal[
    "full_prepayment",
    "partial_prepayment",
    "advance",
    "full_payment",
    "partial_payment",
    "credit",
    "credit_payment",
]
"""How a line is paid for."""

# fmt: off
PaymentSubject = Literal[
    "commodity", "excise", "job", "service", "gambling_bet", "gambling_prize", "lottery",
    "lottery_prize", "intellectual_activity", "payment", "agent_commission", "property_right",
    "non_operating_gain", "insurance_premium", "sales_tax", "resort_fee", "composite", "another",
    "fine", "tax", "lien", "cost", "pension_insurance_without_payouts",
    "pension_insurance_with_payouts", "health_insurance_without_payouts",
    "health_insurance_with_payouts", "health_insurance", "casino", "agent_withdrawals",
    "non_marked_excise", "marked_excise", "marked", "non_marked",
]
"""What a line is about."""

Measure = Literal[
    "piece", "gram", "kilogram", "ton", "centimeter", "decimeter", "meter", "square_centimeter",
    "square_decimeter", "square_meter", "milliliter", "liter", "cubic_meter", "kilowatt_hour",
    "gigacalorie", "day", "hour", "minute", "second", "kilobyte", "megabyte", "gigabyte",
    "terabyte", "another",
]
"""What a line is counted in."""
# fmt: on


class ReceiptCustomer(Body):
    """Who gets the receipt; «Чеки от ЮKassa» deliver by e-mail only, others by phone too."""

    full_name: Annotated[str, StringConstraints(max_length=256)] | None = None
    inn: Annotated[str, StringConstraints(pattern=r"^(\d{10}|\d{12})$")] | None = None
    email: Annotated[str, StringConstraints(max_length=254, pattern=_EMAIL.pattern)] | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,15}$")] | None = None

    @model_validator(mode="after")
    def _has_contact(self) -> Self:
        if not self.email and not self.phone:
            raise PydanticCustomError("contact", "Receipt needs customer.email or customer.phone")
        return self


class ReceiptItem(Body):
    """A line of a receipt."""

    description: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    quantity: Annotated[
        Decimal, Field(gt=0, le=Decimal("99999.999"), decimal_places=3, strict=False)
    ]
    amount: AskedAmount
    vat_code: Annotated[int, Field(ge=1, le=12)]
    measure: Measure | None = None
    payment_subject: PaymentSubject | None = None
    payment_mode: PaymentMode | None = None

    @property
    def cost(self) -> Decimal:
        """The price of the whole line."""
        return self.amount.value * self.quantity


class Receipt(Body):
    """Data for a receipt."""

    customer: ReceiptCustomer
    items: Annotated[tuple[ReceiptItem, ...], Field(min_length=1, max_length=MOST_RECEIPT_ITEMS)]
    tax_system_code: Annotated[int, Field(ge=1, le=6)] | None = None

    def require_total(self, amount: Amount) -> None:
        """Raise Refusal unless the lines add up to the payment's amount."""
        if sum(item.cost for item in self.items) != amount.value:
            raise invalid_request("Receipt total differs from the amount.", "receipt.items")
