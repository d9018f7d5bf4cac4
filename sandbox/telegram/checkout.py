"""Paying inside Telegram: the bot is asked first, then the receipt arrives as a message."""

from sandbox.telegram.objects import Invoice, PreCheckoutQuery, UpdateKind
from sandbox.telegram.payments import Bill
from sandbox.telegram.people import Impossible, Phones
from sandbox.telegram.views import PaymentOutcome
from sandbox.telegram.world import World


class Checkout:
    """The payment sheet of Telegram's apps. No money exists here."""

    def __init__(self, world: World, phones: Phones) -> None:
        self._world = world
        self._phones = phones

    async def pay_message(self, chat_id: int, message_id: int, user_id: int) -> PaymentOutcome:
        """Pay an invoice in a chat, once.

        Raises:
            Impossible: The message is no invoice, or it is paid.
        """
        payments, place = self._world.payments, (chat_id, message_id)
        bill = payments.by_message.get(place)
        if bill is None:
            raise Impossible(f"message {message_id} is no invoice")
        if place in payments.settled:
            raise Impossible(f"message {message_id} is paid already", 409)
        outcome = await self._pay(bill, user_id)
        if outcome.is_paid:
            payments.settled.add(place)
        return outcome

    async def pay_link(self, slug: str, user_id: int) -> PaymentOutcome:
        """Pay an invoice behind a link.

        Raises:
            Impossible: There is no such link.
        """
        bill = self._world.payments.by_link.get(slug)
        if bill is None:
            raise Impossible(f"there is no invoice {slug}")
        return await self._pay(bill, user_id)

    async def _pay(self, bill: Bill, user_id: int) -> PaymentOutcome:
        question = self._ask(bill.invoice, bill.payload, user_id)
        patience = self._world.checkouts.lifetime.total_seconds()
        answer = await self._world.checkouts.wait(question, patience)
        if answer is None:
            return PaymentOutcome(is_paid=False, error_message="the bot did not answer in time")
        if not answer.ok:
            return PaymentOutcome(is_paid=False, error_message=answer.error_message)
        return self._receive(bill, user_id)

    def _ask(self, invoice: Invoice, payload: str, user_id: int) -> str:
        query = PreCheckoutQuery(
            id=self._world.checkouts.ask(),
            from_=self._phones.person(user_id).user,
            currency=invoice.currency,
            total_amount=invoice.total_amount,
            invoice_payload=payload,
        )
        self._world.mailbox.post(UpdateKind.PRE_CHECKOUT_QUERY, query, user_id)
        return query.id

    def _receive(self, bill: Bill, user_id: int) -> PaymentOutcome:
        room, person = self._phones.room(user_id), self._phones.person(user_id)
        receipt = self._world.payments.take(person.user, bill, self._world.unix_time)
        entry = self._world.post(room, person.user, {"successful_payment": receipt})
        self._world.mailbox.post(UpdateKind.MESSAGE, entry.message, user_id)
        charge = receipt.telegram_payment_charge_id
        return PaymentOutcome(is_paid=True, telegram_payment_charge_id=charge)
