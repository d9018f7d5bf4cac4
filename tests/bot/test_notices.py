"""The shop's notices, on the sandbox's Telegram over HTTP."""

from datetime import timedelta
from uuid import UUID

import pytest
from structlog.types import EventDict

from bot.notices import TelegramNotices
from bot.renewals import Renewals
from domain.errors import TelegramOutcomeUnknown, TelegramThrottled, TelegramUnavailable
from domain.ids import ChatId, MessageId, PurchaseId, SubscriptionId, UserId
from domain.languages import Language
from domain.money import roubles
from domain.notices import ConfigDelivery, Delivery, GiftDelivery, Reminder, ReminderKind
from domain.payments import Cancellation
from domain.purchases import (
    Alarm,
    ChatMessage,
    PurchaseNotice,
    PurchaseOrder,
    PurchaseStage,
    StuckReason,
    repairs_for,
)
from domain.quotas import GIGABYTE, Quota, QuotaMark, QuotaNotice, Usage
from domain.referrals import RewardState, SettledReward
from infra.telegram import TelegramMessenger
from sandbox.telegram.client import FaultKind, TelegramSandbox
from sandbox.telegram.views import MessageView
from tests.bot.conftest import STAFF
from tests.bot.fakes import (
    ANNA,
    CONFIG,
    GIFT,
    MONTH,
    NOW,
    AutoRenewals,
    Customers,
    Gifts,
    NoticeBook,
    Offers,
    Plans,
    Purchases,
)

PURCHASE = PurchaseId(UUID(int=7))


@pytest.fixture
def book() -> NoticeBook:
    return NoticeBook()


@pytest.fixture
def purchases() -> Purchases:
    return Purchases()


@pytest.fixture
def gifts(purchases: Purchases) -> Gifts:
    return Gifts(purchases)


@pytest.fixture
async def notices(
    messenger: TelegramMessenger,
    telegram: TelegramSandbox,
    book: NoticeBook,
    purchases: Purchases,
    gifts: Gifts,
) -> TelegramNotices:
    await telegram.introduce(ANNA, "Анна", language_code="ru")
    await telegram.introduce(5, "Staff")
    await telegram.press_start(ANNA)
    await telegram.found_group(STAFF, "Staff", admins=(5,))
    renewals = Renewals(purchases, Plans(), Offers(), lambda: NOW)
    return TelegramNotices(
        messenger,
        book,
        Customers(),
        renewals,
        AutoRenewals(),
        gifts=gifts,
        admin_chat_id=STAFF,
    )


@pytest.fixture
async def message(messenger: TelegramMessenger, notices: TelegramNotices) -> ChatMessage:
    message_id = await messenger.send_text(ChatId(ANNA), "plans")
    return ChatMessage(chat_id=ChatId(ANNA), message_id=message_id)


def at(stage: PurchaseStage, message: ChatMessage, **facts: object) -> PurchaseNotice:
    return PurchaseNotice(
        purchase_id=PURCHASE,
        message=message,
        language=Language.RUSSIAN,
        stage=stage,
        plan_name="30 дней",
        price=roubles(299),
        **facts,
    )


def delivery(message: ChatMessage | None, *, is_renewal: bool = False) -> ConfigDelivery:
    return ConfigDelivery(
        purchase_id=PURCHASE,
        user_id=ANNA,
        language=Language.RUSSIAN,
        message=message,
        plan_name="30 дней",
        expires_at=NOW + timedelta(days=30),
        is_renewal=is_renewal,
    )


async def from_bot(telegram: TelegramSandbox, chat_id: int = ANNA) -> list[MessageView]:
    log = await telegram.messages(chat_id)
    return [each for each in log.present if each.from_bot]


async def documents(telegram: TelegramSandbox) -> list[MessageView]:
    return [each for each in await from_bot(telegram) if "настройки WireGuard" in each.body]


def buttons_of(message: MessageView) -> dict[str, str]:
    return {button.text: button.url or button.callback_data for button in message.buttons}


class TestThePaymentMessage:
    """One message, edited in place."""

    async def test_it_offers_the_payment_page(
        self, notices: TelegramNotices, telegram: TelegramSandbox, message: ChatMessage
    ) -> None:
        url = "https://pay.example/1"
        notice = at(PurchaseStage.AWAITING_PAYMENT, message, confirmation_url=url)
        assert await notices.show_purchase(notice) is Delivery.DELIVERED
        (shown,) = await from_bot(telegram)
        assert buttons_of(shown)["💳 Оплатить 299 ₽"] == url

    async def test_a_decline_gives_the_reason_and_the_next_attempt(
        self, notices: TelegramNotices, telegram: TelegramSandbox, message: ChatMessage
    ) -> None:
        cancellation = Cancellation(party="payment_network", reason="insufficient_funds")
        notice = at(PurchaseStage.DECLINED, message, cancellation=cancellation, attempt=2)
        await notices.show_purchase(notice)
        (shown,) = await from_bot(telegram)
        assert "Не хватило денег" in shown.body
        assert buttons_of(shown)["🔁 Попробовать ещё раз"] == f"again:{PURCHASE.hex}:3"

    async def test_saying_the_same_twice_is_harmless(
        self, notices: TelegramNotices, telegram: TelegramSandbox, message: ChatMessage
    ) -> None:
        for _ in range(2):
            assert (
                await notices.show_purchase(at(PurchaseStage.PAID, message)) is Delivery.DELIVERED
            )
        assert len(await from_bot(telegram)) == 1

    async def test_a_deleted_message_is_replaced_once_and_then_edited(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        gone = ChatMessage(chat_id=ChatId(ANNA), message_id=MessageId(99999))
        for stage in (PurchaseStage.PAID, PurchaseStage.SETTING_UP):
            assert await notices.show_purchase(at(stage, gone)) is Delivery.DELIVERED
        (shown,) = await from_bot(telegram)
        assert "Настраиваем ваш VPN" in shown.body

    async def test_a_customer_who_blocked_the_bot_is_noted(
        self,
        notices: TelegramNotices,
        telegram: TelegramSandbox,
        message: ChatMessage,
        book: NoticeBook,
    ) -> None:
        await telegram.block(ANNA)
        outcome = await notices.show_purchase(at(PurchaseStage.PAID, message))
        assert outcome is Delivery.UNREACHABLE
        assert book.unreachable == [ANNA]


class TestDelivery:
    """The file, its QR picture, and the last word."""

    async def test_the_file_arrives_byte_for_byte(
        self, notices: TelegramNotices, telegram: TelegramSandbox, message: ChatMessage
    ) -> None:
        assert await notices.deliver_config(delivery(message), CONFIG) is Delivery.DELIVERED
        ready, document, picture = await from_bot(telegram)
        assert document.current.document.file_name == "wgshop-nl1.conf"
        assert await telegram.download(document.file_id) == CONFIG.render().encode()
        assert picture.current.photo
        assert "4 апреля 2027, 12:30 МСК (UTC+3)" in ready.body
        assert [name for name in buttons_of(ready) if "Android" in name or "Роутер" in name]

    async def test_a_repeat_sends_nothing_twice(
        self, notices: TelegramNotices, telegram: TelegramSandbox, message: ChatMessage
    ) -> None:
        for _ in range(2):
            await notices.deliver_config(delivery(message), CONFIG)
        assert len(await from_bot(telegram)) == 3

    @pytest.mark.parametrize(
        ("kind", "error"),
        [
            (FaultKind.SERVER_ERROR, TelegramUnavailable),
            (FaultKind.TOO_MANY_REQUESTS, TelegramThrottled),
        ],
    )
    async def test_what_is_known_unsent_is_sent_once_by_the_next_attempt(
        self,
        notices: TelegramNotices,
        telegram: TelegramSandbox,
        message: ChatMessage,
        kind: FaultKind,
        error: type[Exception],
    ) -> None:
        await telegram.order_fault(kind, method="sendPhoto")
        with pytest.raises(error):
            await notices.deliver_config(delivery(message), CONFIG)
        await notices.deliver_config(delivery(message), CONFIG)
        assert len(await from_bot(telegram)) == 3

    async def test_a_file_in_doubt_is_sent_again(
        self, notices: TelegramNotices, telegram: TelegramSandbox, message: ChatMessage
    ) -> None:
        await telegram.order_fault(FaultKind.DROP_AFTER, method="sendDocument")
        with pytest.raises(TelegramOutcomeUnknown):
            await notices.deliver_config(delivery(message), CONFIG)
        await notices.deliver_config(delivery(message), CONFIG)
        assert len(await documents(telegram)) == 2, "a second file is harmless, none is not"

    async def test_a_renewal_says_that_nothing_has_to_be_done(
        self, notices: TelegramNotices, telegram: TelegramSandbox, message: ChatMessage
    ) -> None:
        await notices.deliver_config(delivery(message, is_renewal=True), CONFIG)
        ready, document, _ = await from_bot(telegram)
        assert "Продлено до 4 апреля 2027" in ready.body
        assert document.current.document is not None

    async def test_a_purchase_without_a_message_gets_one_at_the_end(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        for _ in range(2):
            await notices.deliver_config(delivery(None), CONFIG)
        *_, ready = await from_bot(telegram)
        assert "Готово, VPN ваш" in ready.body
        assert len(await from_bot(telegram)) == 3

    async def test_a_customer_who_blocked_the_bot_is_noted_and_nothing_is_stuck(
        self,
        notices: TelegramNotices,
        telegram: TelegramSandbox,
        message: ChatMessage,
        book: NoticeBook,
    ) -> None:
        await telegram.block(ANNA)
        assert await notices.deliver_config(delivery(message), CONFIG) is Delivery.UNREACHABLE
        assert book.unreachable == [ANNA]
        await telegram.unblock(ANNA)
        assert await notices.deliver_config(delivery(message), CONFIG) is Delivery.DELIVERED


class TestAlarms:
    """Staff hear of every parking once."""

    def alarm(self, reason: StuckReason = StuckReason.SERVER, occasion: int = 1) -> Alarm:
        return Alarm(
            purchase_id=PURCHASE,
            user_id=ANNA,
            reason=reason,
            detail="nl1 refused: <stale> revision",
            occasion=occasion,
            repairs=repairs_for(reason),
        )

    async def test_it_has_a_button_for_each_repair_that_makes_sense(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        await notices.raise_alarm(self.alarm())
        (shown,) = await from_bot(telegram, STAFF)
        assert buttons_of(shown) == {
            "🔁 Повторить": f"repair:retry:{PURCHASE.hex}",
            "🔀 Другой сервер": f"repair:other_server:{PURCHASE.hex}",
            "↩️ Вернуть деньги": f"repair:refund:{PURCHASE.hex}",
        }
        assert "nl1 refused: <stale> revision" in shown.body

    async def test_another_server_is_no_cure_for_a_wrong_payment(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        await notices.raise_alarm(self.alarm(StuckReason.MISMATCH))
        (shown,) = await from_bot(telegram, STAFF)
        assert "🔀 Другой сервер" not in buttons_of(shown)

    async def test_each_parking_is_one_alarm(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        for occasion in (1, 1, 2):
            await notices.raise_alarm(self.alarm(occasion=occasion))
        assert len(await from_bot(telegram, STAFF)) == 2

    async def test_an_alarm_in_doubt_is_raised_again(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        await telegram.order_fault(FaultKind.DROP_AFTER, method="sendMessage")
        with pytest.raises(TelegramOutcomeUnknown):
            await notices.raise_alarm(self.alarm())
        await notices.raise_alarm(self.alarm())
        assert len(await from_bot(telegram, STAFF)) == 2

    @pytest.mark.parametrize("chat_id", [None, ChatId(-404)])
    async def test_without_a_staff_chat_it_goes_to_the_log(
        self,
        messenger: TelegramMessenger,
        book: NoticeBook,
        chat_id: ChatId | None,
        log: list[EventDict],
    ) -> None:
        renewals = Renewals(Purchases(), Plans(), Offers(), lambda: NOW)
        alone = TelegramNotices(
            messenger,
            book,
            Customers(),
            renewals,
            AutoRenewals(),
            gifts=Gifts(Purchases()),
            admin_chat_id=chat_id,
        )
        await alone.raise_alarm(self.alarm())
        assert "a paid purchase is stuck" in log[0]["event"]
        assert log[0]["log_level"] == "error"
        assert book.notices == {}


class TestReminders:
    """Once for each kind and end, never twice."""

    REMINDER = Reminder(
        subscription_id=SubscriptionId(UUID(int=1)),
        user_id=ANNA,
        expires_at=NOW + timedelta(days=1),
    )

    async def test_it_tells_the_exact_end(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        await notices.remind(ReminderKind.DAY_BEFORE, self.REMINDER)
        (shown,) = await from_bot(telegram)
        assert "6 марта 2027, 12:30 МСК (UTC+3)" in shown.body

    async def test_one_tap_renews_what_was_bought_last(
        self, notices: TelegramNotices, telegram: TelegramSandbox, purchases: Purchases
    ) -> None:
        await purchases.open(order(), NOW)
        await notices.remind(ReminderKind.DAY_BEFORE, self.REMINDER)
        (shown,) = await from_bot(telegram)
        data = buttons_of(shown)["🔄 Продлить: 30 дней · 299 ₽"]
        assert data.startswith(f"buy:{MONTH.plan_id}:299.00:")

    async def test_a_repeat_is_silent(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        for _ in range(2):
            outcome = await notices.remind(ReminderKind.DAY_BEFORE, self.REMINDER)
            assert outcome is Delivery.DELIVERED
        assert len(await from_bot(telegram)) == 1

    async def test_one_in_doubt_is_not_repeated(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        await telegram.order_fault(FaultKind.DROP_AFTER, method="sendMessage")
        with pytest.raises(TelegramOutcomeUnknown):
            await notices.remind(ReminderKind.DAY_BEFORE, self.REMINDER)
        await notices.remind(ReminderKind.DAY_BEFORE, self.REMINDER)
        assert len(await from_bot(telegram)) == 1

    async def test_one_known_unsent_is_sent_by_the_next_attempt(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        await telegram.order_fault(FaultKind.SERVER_ERROR, method="sendMessage")
        with pytest.raises(TelegramUnavailable):
            await notices.remind(ReminderKind.ENDED, self.REMINDER)
        await notices.remind(ReminderKind.ENDED, self.REMINDER)
        (shown,) = await from_bot(telegram)
        assert "VPN отключён" in shown.body

    async def test_another_kind_and_another_end_are_other_reminders(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        later = self.REMINDER.model_copy(update={"expires_at": NOW + timedelta(days=31)})
        await notices.remind(ReminderKind.DAY_BEFORE, self.REMINDER)
        await notices.remind(ReminderKind.ENDED, self.REMINDER)
        await notices.remind(ReminderKind.DAY_BEFORE, later)
        assert len(await from_bot(telegram)) == 3


def order() -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=PURCHASE,
        user_id=ANNA,
        plan_id=MONTH.plan_id,
        plan_name="30 дней",
        price=MONTH.price,
        duration=MONTH.duration,
        language=Language.RUSSIAN,
    )


class TestGifts:
    """What the giver reads."""

    def delivery(self, message: ChatMessage | None) -> GiftDelivery:
        return GiftDelivery(
            purchase_id=GIFT.purchase_id,
            user_id=ANNA,
            language=Language.RUSSIAN,
            message=message,
        )

    async def test_the_payment_message_becomes_the_link(
        self,
        notices: TelegramNotices,
        message: ChatMessage,
        telegram: TelegramSandbox,
        gifts: Gifts,
    ) -> None:
        gifts.known = [GIFT]
        for _ in range(2):
            assert await notices.hand_over_gift(self.delivery(message)) is Delivery.DELIVERED
        (shown,) = [
            each
            for each in (await telegram.messages(ANNA)).present
            if each.message_id == message.message_id
        ]
        assert f"?start=gift_{GIFT.code}" in shown.body
        assert "t.me/share/url?" in (shown.buttons[0].url or "")

    async def test_the_giver_is_told_once_who_opened_it(
        self, notices: TelegramNotices, telegram: TelegramSandbox, gifts: Gifts
    ) -> None:
        opened = {"giver_id": ANNA, "opened_by": UserId(5), "opener_name": "Борис"}
        gifts.known = [GIFT.model_copy(update=opened)]
        for _ in range(2):
            await notices.tell_giver(GIFT.opening_id)
        bodies = [each.body for each in (await telegram.messages(ANNA)).present]
        assert len([body for body in bodies if "Борис теперь с VPN" in body]) == 1

    async def test_whoever_opens_their_own_gift_knows(
        self, notices: TelegramNotices, telegram: TelegramSandbox, gifts: Gifts
    ) -> None:
        before = len((await telegram.messages(ANNA)).present)
        gifts.known = [GIFT.model_copy(update={"giver_id": ANNA, "opened_by": ANNA})]
        await notices.tell_giver(GIFT.opening_id)
        assert len((await telegram.messages(ANNA)).present) == before


class TestRewards:
    """What somebody reads who invited a friend."""

    async def test_a_reward_is_told_once(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        reward = SettledReward(
            state=RewardState.GRANTED,
            referrer_id=ANNA,
            friend_id=UserId(5),
            days=7,
            expires_at=NOW,
        )
        for _ in range(2):
            assert await notices.tell_referrer(reward) is Delivery.DELIVERED
        bodies = [each.body for each in (await telegram.messages(ANNA)).present]
        assert len([body for body in bodies if "мы добавили вам 7 дней" in body]) == 1


class TestQuotas:
    """What somebody reads whose traffic is nearly used, or used up."""

    async def test_each_mark_of_a_period_is_told_once(
        self, notices: TelegramNotices, telegram: TelegramSandbox
    ) -> None:
        nearly = QuotaNotice(
            subscription_id=SubscriptionId(UUID(int=1)),
            user_id=ANNA,
            mark=QuotaMark.NEARLY,
            quota=Quota(traffic_gb=300, slow_mbit=1),
            usage=Usage(since=NOW, used_bytes=241 * GIGABYTE),
            expires_at=NOW + timedelta(days=90),
        )
        used_up = nearly.model_copy(update={"mark": QuotaMark.USED_UP})
        for notice in (nearly, nearly, used_up, used_up):
            assert await notices.tell_quota(notice) is Delivery.DELIVERED
        next_period = {"usage": Usage(since=NOW + timedelta(days=30), used_bytes=250 * GIGABYTE)}
        await notices.tell_quota(nearly.model_copy(update=next_period))

        bodies = [each.body for each in (await telegram.messages(ANNA)).present]
        assert len([body for body in bodies if "Трафик подходит к концу" in body]) == 2
        (slow,) = [body for body in bodies if "Трафик израсходован" in body]
        assert "до 1 Мбит/с" in slow
