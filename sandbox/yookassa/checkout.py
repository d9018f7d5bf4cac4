"""What a payer does on the hosted page: enter a card, pass 3-D Secure, be declined."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sandbox.yookassa.cards import TEST_CARDS, Cancellation, Party, TestCard
from sandbox.yookassa.clock import Clock
from sandbox.yookassa.kassa import Kassa
from sandbox.yookassa.methods import PaymentMethod, method_of
from sandbox.yookassa.payments import Payment, PaymentStatus

_EXPIRY = re.compile(r"(0[1-9]|1[0-2])\s*/?\s*(?:20)?(\d{2})")
_CSC = re.compile(r"\d{3,4}")

THREE_D_SECURE_FAILED = Cancellation(party=Party.PAYMENT_NETWORK, reason="3d_secure_failed")


class AfterDecline(StrEnum):
    """What a declined card does to its payment; YooKassa's own choice is not documented."""

    CANCEL = "cancel"
    """The payment is `canceled` with the card's reason."""
    RETRY = "retry"
    """The page shows the error and offers another attempt; the payment stays `pending`."""


class FormError(StrEnum):
    """What is wrong with the form; the payment is untouched."""

    NUMBER = "number"
    EXPIRY = "expiry"
    CSC = "csc"


class WrongForm(Exception):
    """The card form cannot be submitted as it is."""

    def __init__(self, error: FormError) -> None:
        super().__init__(error.value)
        self.error = error


@dataclass(frozen=True)
class CardForm:
    """The card form as typed."""

    number: str
    expiry: str
    csc: str
    save: bool = False
    """Whether the payer ticked "save the card", where the page offers it."""


@dataclass(frozen=True)
class _Presented:
    card: TestCard
    method: PaymentMethod
    save: bool


class NextStep(StrEnum):
    """Where the payer goes after submitting a form."""

    THREE_D_SECURE = "3ds"
    PAGE = "page"


class Checkout:
    """The payers' side of the desk."""

    def __init__(self, kassa: Kassa, clock: Clock) -> None:
        self.after_decline = AfterDecline.CANCEL
        self._kassa = kassa
        self._clock = clock
        self._presented: dict[str, _Presented] = {}
        self._last_decline: dict[str, Cancellation] = {}

    def submit(self, payment_id: str, form: CardForm) -> NextStep:
        """Pay with a card.

        Raises:
            WrongForm: If the form is not filled in properly, or the card is not a test card.
            Refusal: If there is no such payment.
        """
        payment = self._kassa.payment(payment_id)
        if not self.is_open(payment):
            return NextStep.PAGE
        presented = self._read(payment, form)
        if presented.card.three_d_secure:
            self._presented[payment_id] = presented
            return NextStep.THREE_D_SECURE
        self._settle(payment, presented, passed_3ds=None)
        return NextStep.PAGE

    def is_open(self, payment: Payment) -> bool:
        """Whether the payment can be paid on its page."""
        return payment.status is PaymentStatus.PENDING and payment.confirmation is not None

    def awaiting_3ds(self, payment_id: str) -> TestCard | None:
        """The card that was entered and that its bank wants confirmed, if there is one."""
        presented = self._presented.get(payment_id)
        if presented is None or not self.is_open(self._kassa.payment(payment_id)):
            return None
        return presented.card

    def confirm_3ds(self, payment_id: str, *, passed: bool) -> None:
        """The payer entered the bank's code, or gave up on it."""
        payment = self._kassa.payment(payment_id)
        presented = self._presented.pop(payment_id, None)
        if presented is not None and payment.status is PaymentStatus.PENDING:
            self._settle(payment, presented, passed_3ds=passed)

    def last_decline(self, payment_id: str) -> Cancellation | None:
        """Why the previous card was declined, while the page offers another attempt."""
        return self._last_decline.get(payment_id)

    def clear(self) -> None:
        """Forget every payer."""
        self._presented.clear()
        self._last_decline.clear()

    def _settle(self, payment: Payment, presented: _Presented, *, passed_3ds: bool | None) -> None:
        why_not = presented.card.decline
        if passed_3ds is False:
            why_not = THREE_D_SECURE_FAILED
        if why_not is None:
            self._kassa.authorise(
                payment.id,
                presented.card,
                presented.method,
                agreed_to_save=presented.save,
                three_d_secure=bool(passed_3ds),
            )
        elif self.after_decline is AfterDecline.CANCEL:
            self._kassa.decline(payment.id, why_not, presented.method)
        else:
            self._last_decline[payment.id] = why_not

    def _read(self, payment: Payment, form: CardForm) -> _Presented:
        card = TEST_CARDS.get(re.sub(r"[\s-]", "", form.number))
        if card is None:
            raise WrongForm(FormError.NUMBER)
        month, year = _expiry(form.expiry, self._clock.now())
        if not _CSC.fullmatch(form.csc.strip()):
            raise WrongForm(FormError.CSC)
        return _Presented(card, method_of(payment.id, card, month, year), form.save)


def _expiry(text: str, now: datetime) -> tuple[str, str]:
    match = _EXPIRY.fullmatch(text.strip())
    if match is None:
        raise WrongForm(FormError.EXPIRY)
    month, year = match[1], f"20{match[2]}"
    if (int(year), int(month)) < (now.year, now.month):
        raise WrongForm(FormError.EXPIRY)
    return month, year
