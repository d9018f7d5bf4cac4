"""The payment provider's port, fulfilled by Telegram Stars."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiogram import Bot
from aiogram.types import LabeledPrice

from domain.errors import ProviderRefused, ProviderUnavailable
from domain.ids import ProviderPaymentId, ProviderRefundId
from domain.money import STAR
from domain.payments import (
    Invoice,
    InvoiceRequest,
    PaymentSnapshot,
    PaymentStatus,
    RefundRequest,
    RefundSnapshot,
    RefundStatus,
)
from domain.stars import invoice_payload, purchase_of_payload
from infra.postgres.stars import AskedInvoice, KnownCharge, StarsBook
from infra.stars.errors import provider_errors, says
from infra.stars.listing import StarList

PAGE_LIFE = timedelta(hours=1)
"""Telegram's links live for ever; the answer to its question before the payment closes ours."""

_LONGEST_TITLE = 32
_LONGEST_DESCRIPTION = 255
_REFUNDED_BEFORE = "CHARGE_ALREADY_REFUNDED"


class StarsGateway:
    """Collects Telegram Stars and gives them back.

    A payment's id is the invoice's payload until the Stars are paid, and Telegram's charge id
    from then on.
    """

    def __init__(
        self,
        bot: Bot,
        book: StarsBook,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bot = bot
        self._book = book
        self._clock = clock
        self._list = StarList(bot, book)

    @property
    def shop_id(self) -> str:
        """The bot that receives the Stars."""
        return str(self._bot.id)

    async def create_invoice(self, request: InvoiceRequest, *, key: str) -> Invoice:
        """Make a link that opens the invoice; one that was noted is found again.

        Telegram makes a new link at each call. They carry the same payload, so one that was lost
        on the way leads to the same payment. `key` is not needed: the payload says as much.

        Raises:
            ProviderUnavailable: Telegram did not answer; repeat.
            ProviderThrottled: As above, after `retry_after`.
            ProviderRefused: Telegram refused, or the price is not in Stars.
        """
        if request.price.currency != STAR:
            raise ProviderRefused(f"{key}: {request.price} is no price in Telegram Stars")
        payload = invoice_payload(request.purchase_id, request.attempt)
        known = await self._book.invoice(payload)
        if known is not None:
            return known.invoice
        now = self._clock()
        return Invoice(
            provider_payment_id=payload,
            confirmation_url=await self._link(request, payload),
            created_at=now,
            expires_at=now + PAGE_LIFE,
        )

    async def fetch_payment(self, payment_id: ProviderPaymentId) -> PaymentSnapshot:
        """The truth about a payment: what Telegram's list says, read now.

        Raises:
            ProviderUnavailable: Telegram did not answer, or its list lacks what an update told.
            ProviderRefused: There is no such invoice.
        """
        asked, purchase_id = await self._asked(payment_id), purchase_of_payload(payment_id)
        assert purchase_id is not None  # noqa: S101  # the invoice is ours
        await self._list.read_on()
        known = await self._book.charge_of(purchase_id)
        if known is None:
            return self._pending(payment_id, asked)
        if not known.is_listed:
            raise ProviderUnavailable("Telegram's list does not have the payment yet: ask again")
        return self._paid(known, asked)

    async def refund(self, request: RefundRequest, *, key: str) -> RefundSnapshot:
        """Give the Stars back, all of them; Telegram knows by the charge what was given back.

        Raises:
            ProviderUnavailable, ProviderThrottled: As `create_invoice`.
            ProviderRefused: Telegram refused, a part was asked for, or the payer is unknown.
        """
        known = await self._charge(request.provider_payment_id)
        charge = known.charge
        if request.amount != charge.amount:
            raise ProviderRefused(
                f"{key}: {request.amount} of {charge.amount}; Stars go back whole or not at all"
            )
        if charge.payer is None:
            raise ProviderRefused("the payer's data was erased: give the Stars back by hand")
        try:
            with provider_errors():
                await self._bot.refund_star_payment(charge.payer, charge.charge_id)
        except ProviderRefused as refusal:
            if not says(refusal, _REFUNDED_BEFORE):
                raise
        await self._book.note_refunded(charge.charge_id, self._clock())
        return _refund(known, RefundStatus.SUCCEEDED)

    async def fetch_refund(self, refund_id: ProviderRefundId) -> RefundSnapshot:
        """The truth about a refund, which has the id of its payment; never pending for long."""
        await self._list.read_on()
        known = await self._charge(ProviderPaymentId(refund_id))
        is_done = known.refunded_at is not None
        return _refund(known, RefundStatus.SUCCEEDED if is_done else RefundStatus.PENDING)

    async def _link(self, request: InvoiceRequest, payload: str) -> str:
        title = request.description[:_LONGEST_TITLE]
        with provider_errors():
            return await self._bot.create_invoice_link(
                title=title,
                description=request.description[:_LONGEST_DESCRIPTION],
                payload=payload,
                provider_token="",  # what the Bot API asks for with Stars
                currency=STAR,
                prices=[LabeledPrice(label=title, amount=int(request.price.amount))],
            )

    async def _asked(self, payment_id: ProviderPaymentId) -> AskedInvoice:
        asked = await self._book.invoice(payment_id)
        if asked is None:
            raise ProviderRefused("there is no invoice in Stars with this payload")
        return asked

    async def _charge(self, charge_id: ProviderPaymentId) -> KnownCharge:
        known = await self._book.charge(charge_id)
        if known is None:
            raise ProviderRefused("there is no payment in Stars with this charge id")
        return known

    def _pending(self, payment_id: ProviderPaymentId, asked: AskedInvoice) -> PaymentSnapshot:
        return PaymentSnapshot(
            provider_payment_id=payment_id,
            status=PaymentStatus.PENDING,
            amount=asked.price,
            purchase_id=str(purchase_of_payload(payment_id)),
            shop_id=self.shop_id,
            created_at=asked.invoice.created_at,
            confirmation_url=asked.invoice.confirmation_url,
        )

    def _paid(self, known: KnownCharge, asked: AskedInvoice) -> PaymentSnapshot:
        charge = known.charge
        return PaymentSnapshot(
            provider_payment_id=charge.charge_id,
            status=PaymentStatus.SUCCEEDED,
            amount=charge.amount,
            purchase_id=str(charge.purchase_id),
            shop_id=self.shop_id,
            created_at=asked.invoice.created_at,
            captured_at=charge.paid_at,
        )


def _refund(known: KnownCharge, status: RefundStatus) -> RefundSnapshot:
    charge = known.charge
    return RefundSnapshot(
        provider_refund_id=ProviderRefundId(charge.charge_id),
        provider_payment_id=charge.charge_id,
        status=status,
        amount=charge.amount,
    )
