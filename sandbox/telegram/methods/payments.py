"""Invoices inside Telegram, the answer to a checkout, and refunds in Stars."""

from typing import Annotated

from pydantic import BaseModel, Field

from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import InlineButton, InlineKeyboard
from sandbox.telegram.methods.registry import Flag, Nested, Params, method
from sandbox.telegram.methods.sending import SendParams, send
from sandbox.telegram.objects import Invoice, Message, RefundedPayment
from sandbox.telegram.payments import Bill
from sandbox.telegram.world import CheckoutAnswer, World

STARS = "XTR"
_MONTH = 2_592_000
"""The only period of a subscription in Stars: 30 days in seconds."""
_DEAREST_SUBSCRIPTION = 10_000
_LONGEST_TITLE, _LONGEST_DESCRIPTION, _LONGEST_PAYLOAD = 32, 255, 128
_CURRENCY_CODE = 3


class Price(BaseModel):
    """A line of an invoice, in the currency's smallest units."""

    label: Annotated[str, Field(min_length=1)]
    amount: int


class InvoiceParams(Params):
    """What an invoice says."""

    title: str
    description: str
    payload: str
    currency: str
    prices: Nested[tuple[Price, ...]]
    provider_token: str = ""
    start_parameter: str = ""
    subscription_period: int | None = None

    def bill(self) -> Bill:
        """The invoice as it can be paid.

        Raises:
            ApiError: 400 for what the original refuses.
        """
        self._check_words()
        self._check_money()
        invoice = Invoice(
            title=self.title,
            description=self.description,
            start_parameter=self.start_parameter,
            currency=self.currency,
            total_amount=sum(price.amount for price in self.prices),
        )
        return Bill(
            invoice,
            self.payload,
            is_star=self.currency == STARS,
            subscription_period=self.subscription_period,
        )

    def _check_words(self) -> None:
        if not 1 <= len(self.title) <= _LONGEST_TITLE:
            raise bad_request("INVOICE_TITLE_INVALID")
        if not 1 <= len(self.description) <= _LONGEST_DESCRIPTION:
            raise bad_request("INVOICE_DESCRIPTION_INVALID")
        if not 1 <= len(self.payload.encode()) <= _LONGEST_PAYLOAD:
            raise bad_request("INVOICE_PAYLOAD_INVALID")

    def _check_money(self) -> None:
        if len(self.currency) != _CURRENCY_CODE or not self.currency.isupper():
            raise bad_request("CURRENCY_INVALID")
        if not self.prices or sum(price.amount for price in self.prices) <= 0:
            raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
        if self.currency == STARS:
            self._check_stars()
        elif not self.provider_token:
            raise bad_request("PAYMENT_PROVIDER_INVALID")

    def _check_stars(self) -> None:
        if len(self.prices) != 1:
            raise bad_request("STARS_INVOICE_INVALID")
        if self.provider_token:
            raise bad_request("PAYMENT_PROVIDER_INVALID")
        if self.subscription_period is None:
            return
        if self.subscription_period != _MONTH:
            raise bad_request("SUBSCRIPTION_PERIOD_INVALID")
        if self.prices[0].amount > _DEAREST_SUBSCRIPTION:
            raise bad_request("STARS_INVOICE_INVALID")


class SendInvoice(InvoiceParams, SendParams):
    """Parameters of sendInvoice."""


class AnswerPreCheckout(Params):
    """Parameters of answerPreCheckoutQuery."""

    pre_checkout_query_id: str
    ok: Flag
    error_message: str | None = None


class RefundStars(Params):
    """Parameters of refundStarPayment."""

    user_id: int
    telegram_payment_charge_id: str


@method("sendInvoice")
def send_invoice(world: World, params: SendInvoice) -> Message:
    """Send a bill; its first button is the pay button."""
    bill = params.bill()
    markup = params.reply_markup or _pay_keyboard(bill)
    if not isinstance(markup, InlineKeyboard) or not markup.buttons[0].pay:
        raise bad_request("the first button of an invoice must be a Pay button")
    asked = params.model_copy(update={"reply_markup": markup})
    message = send(world, asked, {"invoice": bill.invoice})
    world.payments.by_message[message.chat.id, message.message_id] = bill
    return message


def _pay_keyboard(bill: Bill) -> InlineKeyboard:
    amount = bill.invoice.total_amount
    price = f"{amount} ⭐" if bill.is_star else f"{amount / 100:.2f} {bill.invoice.currency}"
    return InlineKeyboard(inline_keyboard=((InlineButton(text=f"Pay {price}", pay=True),),))


@method("createInvoiceLink")
def create_invoice_link(world: World, params: InvoiceParams) -> str:
    """Make a link that opens a bill."""
    return world.payments.link(params.bill())


@method("answerPreCheckoutQuery")
def answer_pre_checkout(world: World, params: AnswerPreCheckout) -> bool:
    """Let a payment happen or not, within ten seconds and once."""
    if not params.ok and not params.error_message:
        raise bad_request("error message must be non-empty")
    answer = CheckoutAnswer(ok=params.ok, error_message=params.error_message)
    if not world.checkouts.answer(params.pre_checkout_query_id, answer):
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    return True


@method("refundStarPayment")
def refund_stars(world: World, params: RefundStars) -> bool:
    """Give Stars back, once; the bot hears of it too."""
    payment = world.payments.paid.get(params.telegram_payment_charge_id)
    if payment is None or payment.user_id != params.user_id or not payment.bill.is_star:
        raise bad_request("CHARGE_NOT_FOUND")
    if payment.is_refunded:
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    payment.is_refunded = True
    world.payments.stars.give_back(params.telegram_payment_charge_id, world.unix_time)
    receipt = payment.receipt.model_dump(include=set(RefundedPayment.model_fields))
    refund = RefundedPayment(**receipt)
    world.announce(world.rooms[params.user_id], {"refunded_payment": refund})
    return True
