"""A customer who uses the public doors only: the chat, the payment page, the file they get."""

from collections.abc import Callable

from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.keyboards import InlineButton
from sandbox.telegram.views import MessageView, PaymentOutcome
from sandbox.yookassa.cards import PAID
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.controls import PaymentView

PATIENCE = 60.0


class ShopperStuck(Exception):
    """The shop did not do what a customer expects; the message says where."""


class Shopper:
    """One customer in one chat."""

    def __init__(
        self,
        telegram: TelegramSandbox,
        kassa: YooKassaSandbox,
        user_id: int,
        *,
        name: str = "Anna",
        language: str = "en",
    ) -> None:
        self.user_id = user_id
        self._telegram = telegram
        self._kassa = kassa
        self._name = name
        self._language = language

    async def arrive(self) -> MessageView:
        """Open the chat and press START; the bot's greeting."""
        await self._telegram.introduce(self.user_id, self._name, language_code=self._language)
        return await self.opens_menu()

    async def opens_menu(self) -> MessageView:
        """Press START once more; a fresh menu."""
        started = await self._telegram.press_start(self.user_id)
        return await self.sees(lambda message: bool(message.buttons), after=started.message_id)

    async def follows(self, link: str) -> MessageView:
        """Come by a link `https://t.me/<bot>?start=…` and press START; the bot's answer."""
        await self._telegram.introduce(self.user_id, self._name, language_code=self._language)
        started = await self._telegram.press_start(self.user_id, link.split("?start=")[1])
        return await self.sees(lambda message: bool(message.buttons), after=started.message_id)

    async def opens_plans(self, menu: MessageView) -> MessageView:
        """Tap on the menu's first button that leads to prices."""
        await self._telegram.press(menu, data=_data(menu, "open:plans"))
        return await self.sees(lambda message: _has(message, "buy:"))

    async def chooses(self, plans: MessageView, number: int = 0) -> MessageView:
        """Tap on a price; the payment message with its link."""
        prices = [each.callback_data for each in plans.buttons if _carries(each, "buy:")]
        await self._telegram.press(plans, data=prices[number])
        return await self.sees(
            lambda message: message.message_id == plans.message_id and _link(message) is not None
        )

    async def reaches_payment_page(self, number: int = 0) -> MessageView:
        """From START to the payment message with its link."""
        return await self.chooses(await self.opens_plans(await self.arrive()), number)

    async def reaches_star_invoice(self) -> MessageView:
        """From START to the payment message with its link to an invoice in Telegram Stars."""
        plans = await self.opens_plans(await self.arrive())
        await self.taps(plans, "stars:")
        return await self.sees(
            lambda message: message.message_id == plans.message_id and _link(message) is not None
        )

    async def pays_stars(self, message: MessageView) -> PaymentOutcome:
        """Open the invoice behind the message's link and pay, if the bot lets it happen."""
        return await self._telegram.pay_link(_link(message) or "", self.user_id)

    async def pays_payment(self, payment: PaymentView, scenario: str = PAID) -> PaymentView:
        """Pay on a page that was opened earlier."""
        return await self._kassa.pay(payment.id, scenario)

    async def sees_again(self, message: MessageView, prefix: str) -> MessageView:
        """The same message once it has a button whose data begins so."""
        return await self.sees(
            lambda each: each.message_id == message.message_id and _has(each, prefix)
        )

    async def sees_text(self, message: MessageView, words: str) -> MessageView:
        """The same message once it says so."""
        return await self.sees(
            lambda each: each.message_id == message.message_id and words in each.body
        )

    async def asks_for_config(self) -> None:
        """Ask for the file again, from a fresh menu."""
        await self.taps(await self.opens_menu(), "open:config")

    async def sees_payment_page(self, *, after: int = 0) -> MessageView:
        """The payment message once it has its link."""
        return await self.sees(lambda message: _link(message) is not None, after=after)

    async def buys(self, number: int = 0) -> MessageView:
        """From START to a paid page in one go; the payment message."""
        return await self._buys_from(await self.arrive(), number)

    async def buys_again(self, number: int = 0) -> MessageView:
        """The same from a fresh menu."""
        return await self._buys_from(await self.opens_menu(), number)

    async def _buys_from(self, menu: MessageView, number: int) -> MessageView:
        message = await self.chooses(await self.opens_plans(menu), number)
        await self.pays(message)
        return message

    async def taps_twice_at_once(self, message: MessageView, prefix: str) -> None:
        """An impatient thumb: both taps are on their way before the bot hears of the first."""
        await self._telegram.pause_delivery()
        for _ in range(2):
            await self.taps_and_leaves(message, prefix)
        await self._telegram.resume_delivery()

    async def taps_and_leaves(self, message: MessageView, prefix: str) -> None:
        """Tap without waiting for an answer."""
        data = _data(message, prefix)
        await self._telegram.press(message, data=data, wait=0)

    async def configs(self) -> list[bytes]:
        """Every configuration file in the chat."""
        seen = await self._telegram.messages(self.user_id)
        files = [each.current.document for each in seen.present if each.current.document]
        return [await self._telegram.download(file.file_id) for file in files]

    async def payment_count(self) -> int:
        """How many payment pages were ever made for this customer's purchases."""
        seen = await self._telegram.messages(self.user_id)
        links = {
            button.url
            for message in seen.messages
            for revision in message.revisions
            if revision.message.reply_markup is not None
            for button in revision.message.reply_markup.buttons
            if button.url is not None
        }
        return len(links)

    async def pays(self, message: MessageView, scenario: str = PAID) -> PaymentView:
        """Fill in the payment page behind the message's link with a test card."""
        payment = await self.payment_behind(message)
        return await self._kassa.pay(payment.id, scenario)

    async def payment_behind(self, message: MessageView) -> PaymentView:
        """The payment whose page the message links to."""
        link = _link(message)
        for payment in await self._kassa.payments():
            if payment.page_url is not None and payment.page_url == link:
                return payment
        raise ShopperStuck(f"no payment page stands behind {link}")

    async def gets_config(self, *, after: int = 0) -> tuple[str, bytes]:
        """The `.conf` file from the chat: its name and content."""
        message = await self.sees(lambda each: each.current.document is not None, after=after)
        document = message.current.document
        assert document is not None  # noqa: S101  # waited for
        return document.file_name or "", await self._telegram.download(document.file_id)

    async def gets_qr(self, *, after: int = 0) -> bytes:
        """The QR picture from the chat."""
        message = await self.sees(lambda each: bool(each.current.photo), after=after)
        return await self._telegram.download(message.file_id or "")

    async def taps(self, message: MessageView, prefix: str) -> None:
        """Tap on the button whose data begins so."""
        await self._telegram.press(message, data=_data(message, prefix))

    async def sees(
        self, looks_right: Callable[[MessageView], bool], *, after: int = 0
    ) -> MessageView:
        """Wait for such a message of the bot."""
        try:
            return await self._telegram.wait_for_message(
                self.user_id, looks_right, PATIENCE, after=after
            )
        except TimeoutError as error:
            raise ShopperStuck(str(error)) from error

    async def history(self, message: MessageView) -> list[str]:
        """Everything that the message has said, oldest first."""
        log = await self._telegram.messages(self.user_id)
        (found,) = (each for each in log.messages if each.message_id == message.message_id)
        return [each.message.text or each.message.caption or "" for each in found.revisions]


def _carries(button: InlineButton, prefix: str) -> bool:
    return (button.callback_data or "").startswith(prefix)


def _has(message: MessageView, prefix: str) -> bool:
    return any(_carries(button, prefix) for button in message.buttons)


def _data(message: MessageView, prefix: str) -> str:
    for button in message.buttons:
        if button.callback_data is not None and button.callback_data.startswith(prefix):
            return button.callback_data
    raise ShopperStuck(f"no button {prefix}… under: {message.body}")


def _link(message: MessageView) -> str | None:
    return next((button.url for button in message.buttons if button.url), None)
