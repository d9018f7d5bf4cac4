"""The bot's account of Stars: what came in and went back, oldest first."""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.telegram.objects import User
from sandbox.telegram.wire import Wire


class StarPartner(Wire):
    """The other side of a transaction: a person who paid an invoice, or gets Stars back."""

    type: Literal["user"] = "user"
    transaction_type: Literal["invoice_payment"] = "invoice_payment"
    user: User
    invoice_payload: str | None = None


class StarTransaction(Wire):
    """A line of the account; a refund has the id of the payment that it gives back."""

    id: str
    amount: int
    date: int
    source: StarPartner | None = None
    receiver: StarPartner | None = None


class StarTransactions(Wire):
    """A page of the account."""

    transactions: tuple[StarTransaction, ...]


@dataclass
class StarAccount:
    """Lines are only ever added at the end, so a reader may go on where it stopped."""

    lines: list[StarTransaction] = field(default_factory=list)

    def receive(self, charge: str, amount: int, payer: User, payload: str, at: int) -> None:
        """A person paid an invoice."""
        partner = StarPartner(user=payer, invoice_payload=payload)
        self.lines.append(StarTransaction(id=charge, amount=amount, date=at, source=partner))

    def give_back(self, charge: str, at: int) -> None:
        """A payment was refunded, whole."""
        paid = next(line for line in self.lines if line.id == charge)
        self.lines.append(
            StarTransaction(id=charge, amount=paid.amount, date=at, receiver=paid.source)
        )
