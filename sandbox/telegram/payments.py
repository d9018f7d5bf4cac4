"""Money inside Telegram: invoices somebody may pay, and what was paid."""

import secrets
from dataclasses import dataclass, field

from sandbox.telegram.objects import Invoice, SuccessfulPayment, User
from sandbox.telegram.star_account import StarAccount


@dataclass(frozen=True)
class Bill:
    """An invoice with what only the bot knows of it."""

    invoice: Invoice
    payload: str
    is_star: bool
    subscription_period: int | None = None

    def receipt(self, at: int) -> SuccessfulPayment:
        """A payment of this bill, with new charge ids; a subscription's is its first."""
        period = self.subscription_period
        return SuccessfulPayment(
            currency=self.invoice.currency,
            total_amount=self.invoice.total_amount,
            invoice_payload=self.payload,
            telegram_payment_charge_id="tg_" + secrets.token_hex(12),
            provider_payment_charge_id="" if self.is_star else "pr_" + secrets.token_hex(12),
            subscription_expiration_date=at + period if period else None,
            is_recurring=True if period else None,
            is_first_recurring=True if period else None,
        )


@dataclass
class Payment:
    """Who paid what; a payment in Stars can be given back once."""

    user_id: int
    bill: Bill
    receipt: SuccessfulPayment
    is_refunded: bool = False


@dataclass
class Payments:
    """Bills by message or link, payments by charge."""

    by_message: dict[tuple[int, int], Bill] = field(default_factory=dict)
    by_link: dict[str, Bill] = field(default_factory=dict)
    settled: set[tuple[int, int]] = field(default_factory=set)
    """Messages whose bill was paid: their button shows the receipt from then on."""
    paid: dict[str, Payment] = field(default_factory=dict)
    stars: StarAccount = field(default_factory=StarAccount)

    def link(self, bill: Bill) -> str:
        """Make a link that leads to a bill; the part after `$` names it."""
        slug = secrets.token_urlsafe(12)
        self.by_link[slug] = bill
        return f"https://t.me/${slug}"

    def take(self, payer: User, bill: Bill, at: int) -> SuccessfulPayment:
        """Record that a person paid."""
        receipt = bill.receipt(at)
        charge = receipt.telegram_payment_charge_id
        self.paid[charge] = Payment(payer.id, bill, receipt)
        if bill.is_star:
            self.stars.receive(charge, receipt.total_amount, payer, bill.payload, at)
        return receipt

    def clear(self) -> None:
        """Forget all bills and payments."""
        self.by_message.clear()
        self.by_link.clear()
        self.settled.clear()
        self.paid.clear()
        self.stars.lines.clear()
