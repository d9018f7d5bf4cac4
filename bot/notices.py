"""Tells customers and staff in Telegram; fulfils `domain.ports.Notices`."""

from collections.abc import Awaitable

import structlog
from structlog.typing import FilteringBoundLogger as BoundLogger

from bot.buttons import Place, opens
from bot.courier import send_file, send_qr
from bot.device_notices import DeviceNotices
from bot.once import Doubt, send_once
from bot.phrasebook import phrasebook
from bot.renewals import Renewals
from bot.screens.alarm import alarm_screen
from bot.screens.auto_renewal import renewal_notice_screen
from bot.screens.cancelling import refund_alarm_screen, refund_notice_screen
from bot.screens.drift import drift_alarm_screen
from bot.screens.friends import reward_screen
from bot.screens.gifts import gift_opened_screen, gift_payload, gift_ready_screen
from bot.screens.health import full_alarm_screen, health_alarm_screen
from bot.screens.limits import quota_screen
from bot.screens.privacy import erasure_screen
from bot.screens.purchase import purchase_screen, ready_screen
from bot.screens.reminder import reminder_screen
from bot.screens.screen import Screen
from domain.errors import CustomerUnreachable, MessageGone, UnknownPurchase
from domain.health import FullAlarm, HealthAlarm
from domain.ids import ChatId, PurchaseId, UserId
from domain.languages import Language
from domain.notices import (
    Claim,
    ConfigDelivery,
    Delivery,
    DeviceNotice,
    GiftDelivery,
    HandoutNotice,
    Reminder,
    ReminderKind,
)
from domain.ports import NoticeBook
from domain.privacy import ErasureNotice
from domain.purchases import Alarm, ChatMessage, PurchaseNotice
from domain.quotas import QuotaNotice
from domain.reconciling import DriftAlarm
from domain.referrals import SettledReward
from domain.refund_orders import RefundAlarm, RefundNotice
from domain.renewals import RenewalNotice
from domain.servers import ClientConfig
from infra.postgres.auto_renewals import AutoRenewals
from infra.postgres.customers import Customers
from infra.postgres.gifts import Gifts
from infra.telegram import TelegramMessenger

_log = structlog.get_logger(__name__)


class TelegramNotices:
    """Writes to chats; the notice book keeps repeats harmless.

    Args:
        messenger: The way into Telegram.
        book: Which notices went out.
        customers: Where a reminder finds the customer's language.
        renewals: Where a reminder finds the price of its one-tap renewal.
        gifts: Where a gift's link is found.
        admin_chat_id: The staff's chat; without one alarms only go to the log.
        staff_language: The language of alarms.
    """

    def __init__(
        self,
        messenger: TelegramMessenger,
        book: NoticeBook,
        customers: Customers,
        renewals: Renewals,
        auto_renewals: AutoRenewals,
        *,
        gifts: Gifts,
        admin_chat_id: ChatId | None,
        staff_language: Language = Language.RUSSIAN,
    ) -> None:
        self._messenger = messenger
        self._book = book
        self._customers = customers
        self._renewals = renewals
        self._auto_renewals = auto_renewals
        self._gifts = gifts
        self._admin_chat_id = admin_chat_id
        self._staff_language = staff_language
        self._devices = DeviceNotices(messenger, book, customers)

    async def show_purchase(self, notice: PurchaseNotice) -> Delivery:
        """Edit the payment message so that it tells the truth."""
        screen = purchase_screen(phrasebook(notice.language), notice)
        customer = UserId(notice.message.chat_id)
        return await self._tell(
            customer, self._show(notice.purchase_id, customer, notice.message, screen)
        )

    async def deliver_config(self, delivery: ConfigDelivery, config: ClientConfig) -> Delivery:
        """Send the file and its QR picture, then turn the payment message into "ready"."""
        return await self._tell(delivery.user_id, self._deliver(delivery, config))

    async def hand_over_gift(self, delivery: GiftDelivery) -> Delivery:
        """Turn the payment message into the gift's link."""
        return await self._tell(delivery.user_id, self._hand_over_gift(delivery))

    async def tell_giver(self, opening_id: PurchaseId) -> Delivery:
        """Tell the giver, once, that their gift was opened, and by whom."""
        gift = await self._gifts.opened_as(opening_id)
        if gift is None or gift.opened_by == gift.giver_id:
            return Delivery.DELIVERED  # it was closed again meanwhile, or they know
        phrases = phrasebook(await self._language_of(gift.giver_id))
        screen = gift_opened_screen(phrases, gift)
        return await self._tell(
            gift.giver_id,
            self._say_once(f"gift:{gift.purchase_id}:opened:{gift.opening}", gift.giver_id, screen),
        )

    async def deliver_device(self, notice: DeviceNotice, config: ClientConfig) -> Delivery:
        """Send the device's file and QR picture, then say so; the same file only once."""
        return await self._tell(notice.user_id, self._devices.deliver(notice, config))

    async def hand_out(self, notice: HandoutNotice, config: ClientConfig) -> Delivery:
        """Send a file that replaces the customer's, and say why; once for each decision."""
        return await self._tell(notice.user_id, self._devices.hand_out(notice, config))

    async def tell_device_delayed(self, notice: DeviceNotice) -> Delivery:
        """Tell the customer that the device's file takes longer, once for each decision."""
        return await self._tell(notice.user_id, self._devices.tell_delayed(notice))

    async def tell_referrer(self, reward: SettledReward) -> Delivery:
        """Tell who invited a friend what that has brought them, once."""
        phrases = phrasebook(await self._language_of(reward.referrer_id))
        return await self._tell(
            reward.referrer_id,
            self._say_once(
                f"reward:{reward.friend_id}:{reward.state}",
                reward.referrer_id,
                reward_screen(phrases, reward),
            ),
        )

    async def raise_alarm(self, alarm: Alarm) -> None:
        """Tell the staff, once for each parking, with a button for each repair."""
        screen = alarm_screen(phrasebook(self._staff_language), alarm)
        key = f"purchase:{alarm.purchase_id}:alarm:{alarm.occasion}"
        log = _log.bind(purchase_id=str(alarm.purchase_id), reason=alarm.reason)
        await self._call_staff(key, screen, "a paid purchase is stuck", alarm.detail, log)

    async def raise_drift_alarm(self, alarm: DriftAlarm) -> None:
        """Tell the staff that a server was not what the ledger says, once for each occasion."""
        screen = drift_alarm_screen(phrasebook(self._staff_language), alarm)
        key = f"server:{alarm.server}:{alarm.news}:{alarm.occasion}"
        log = _log.bind(server=alarm.server, news=alarm.news)
        detail = alarm.drift.model_dump_json()
        await self._call_staff(key, screen, "a server had drifted", detail, log)

    async def raise_health_alarm(self, alarm: HealthAlarm) -> None:
        """Tell the staff that a server fell or has come back, once for each occasion."""
        record = alarm.record
        screen = health_alarm_screen(phrasebook(self._staff_language), record)
        key = f"server:{record.slug}:health:{alarm.occasion}"
        log = _log.bind(server=record.slug, health=record.health)
        await self._call_staff(key, screen, "a server's health changed", record.detail, log)

    async def raise_full_alarm(self, alarm: FullAlarm) -> None:
        """Tell the staff that plans cannot be sold, once for each occasion."""
        screen = full_alarm_screen(phrasebook(self._staff_language), alarm)
        key = f"fleet:full:{alarm.occasion}"
        log = _log.bind(plans=alarm.plans)
        await self._call_staff(key, screen, "no room to sell", ", ".join(alarm.plans), log)

    async def raise_refund_alarm(self, alarm: RefundAlarm) -> None:
        """Tell the staff of a refused refund, once for each parking, with a button for each way."""
        screen = refund_alarm_screen(phrasebook(self._staff_language), alarm)
        key = f"refund:{alarm.refund_id}:alarm:{alarm.occasion}"
        log = _log.bind(refund_id=str(alarm.refund_id))
        await self._call_staff(key, screen, "a refund is stuck", alarm.detail, log)

    async def tell_refund(self, notice: RefundNotice) -> Delivery:
        """Tell the customer what became of a refund: once for each payment."""
        screen = refund_notice_screen(phrasebook(notice.language), notice)
        key = f"refund:{notice.refund_id}:{notice.payment_id}:{notice.news}"
        return await self._tell(notice.user_id, self._say_once(key, notice.user_id, screen))

    async def remind(self, kind: ReminderKind, reminder: Reminder) -> Delivery:
        """Tell the customer of an end to come, or one that came: once for each kind and end."""
        return await self._tell(reminder.user_id, self._remind(kind, reminder))

    async def tell_renewal(self, notice: RenewalNotice) -> Delivery:
        """Tell the customer about a charge: once for each kind, end and try."""
        return await self._tell(notice.user_id, self._tell_renewal(notice))

    async def tell_quota(self, notice: QuotaNotice) -> Delivery:
        """Tell the customer how far their traffic is used: once for each mark and period."""
        screen = quota_screen(phrasebook(await self._language_of(notice.user_id)), notice)
        began = int(notice.usage.since.timestamp())
        which = f"{notice.mark}:{notice.quota.traffic_gb}:{began}"
        key = f"subscription:{notice.subscription_id}:quota:{which}"
        return await self._tell(notice.user_id, self._say_once(key, notice.user_id, screen))

    async def show_erasure(self, notice: ErasureNotice) -> Delivery:
        """Edit the message with the button; nothing is noted about whom it was for."""
        screen = erasure_screen(phrasebook(notice.language), notice.stage)
        try:
            await self._messenger.edit_text(notice.message, screen.text, screen.keyboard)
        except (CustomerUnreachable, MessageGone):
            return Delivery.UNREACHABLE
        return Delivery.DELIVERED

    async def _call_staff(
        self, key: str, screen: Screen, what: str, detail: str, log: BoundLogger
    ) -> None:
        if self._admin_chat_id is None:
            log.error(f"{what}, and ADMIN_CHAT_ID is not set", detail=detail)
            return
        chat_id = self._admin_chat_id
        try:
            await send_once(
                self._book,
                key,
                None,
                lambda: self._messenger.send_text(chat_id, screen.text, screen.keyboard),
                in_doubt=Doubt.REPEAT,
            )
        except CustomerUnreachable:
            log.exception(f"{what}, and the staff chat is closed to us")

    async def _tell(self, user_id: UserId, telling: Awaitable[None]) -> Delivery:
        try:
            await telling
        except CustomerUnreachable:
            await self._book.note_unreachable(user_id)
            return Delivery.UNREACHABLE
        return Delivery.DELIVERED

    async def _show(
        self, purchase_id: PurchaseId, user_id: UserId, message: ChatMessage, screen: Screen
    ) -> None:
        """Edit the payment message; one that the customer deleted is replaced, once."""
        try:
            await self._messenger.edit_text(message, screen.text, screen.keyboard)
        except MessageGone:
            await self._show_in_place_of(purchase_id, user_id, screen)

    async def _show_in_place_of(
        self, purchase_id: PurchaseId, user_id: UserId, screen: Screen
    ) -> None:
        """Say it in the message that stands in for a payment message, sent at the first need."""
        chat_id = ChatId(user_id)
        stand_in = await send_once(
            self._book,
            f"purchase:{purchase_id}:message",
            user_id,
            lambda: self._messenger.send_text(chat_id, screen.text, screen.keyboard),
            in_doubt=Doubt.REPEAT,
        )
        if stand_in.claim is not Claim.SENT or stand_in.message_id is None:
            return
        message = ChatMessage(chat_id=chat_id, message_id=stand_in.message_id)
        try:
            await self._messenger.edit_text(message, screen.text, screen.keyboard)
        except MessageGone:
            _log.info("the payment message was deleted twice", purchase_id=str(purchase_id))

    async def _deliver(self, delivery: ConfigDelivery, config: ClientConfig) -> None:
        purchase_id, user_id = delivery.purchase_id, delivery.user_id
        chat_id, phrases = ChatId(user_id), phrasebook(delivery.language)
        if delivery.is_automatic:
            await self._tell_renewed(delivery)
            return
        await send_once(
            self._book,
            f"purchase:{purchase_id}:config",
            user_id,
            lambda: send_file(self._messenger, chat_id, config, phrases),
            in_doubt=Doubt.REPEAT,
        )
        await send_once(
            self._book,
            f"purchase:{purchase_id}:qr",
            user_id,
            lambda: send_qr(self._messenger, chat_id, config, phrases),
            in_doubt=Doubt.REPEAT,
        )
        screen = ready_screen(
            phrases,
            plan_name=delivery.plan_name,
            expires_at=delivery.expires_at,
            is_renewal=delivery.is_renewal,
        )
        if delivery.message is None:
            await self._show_in_place_of(purchase_id, user_id, screen)
        else:
            await self._show(purchase_id, user_id, delivery.message, screen)

    async def _tell_renewed(self, delivery: ConfigDelivery) -> None:
        """The customer has the file already, so it is not sent again."""
        phrases = phrasebook(delivery.language)
        text = phrases.say(
            "renewal.renewed", plan=delivery.plan_name, end=phrases.moment(delivery.expires_at)
        )
        mine = opens(phrases.label("button.mine"), Place.MINE, fresh=True)
        screen = Screen(text=text, rows=((mine,),))
        key = f"purchase:{delivery.purchase_id}:renewed"
        await self._say_once(key, delivery.user_id, screen)

    async def _tell_renewal(self, notice: RenewalNotice) -> None:
        standing = await self._auto_renewals.latest_of(notice.user_id)
        if standing is None:
            return
        phrases = phrasebook(await self._language_of(notice.user_id))
        end = int(notice.expires_at.timestamp())
        await self._say_once(
            f"subscription:{notice.subscription_id}:renewal-{notice.news}-{notice.attempt}:{end}",
            notice.user_id,
            renewal_notice_screen(phrases, notice, standing),
        )

    async def _hand_over_gift(self, delivery: GiftDelivery) -> None:
        gift = await self._gifts.bought_as(delivery.purchase_id)
        if gift is None:
            raise UnknownPurchase(f"purchase {delivery.purchase_id} has paid for no gift")
        link = await self._messenger.link(gift_payload(gift))
        screen = gift_ready_screen(phrasebook(delivery.language), gift, link)
        if delivery.message is None:
            await self._show_in_place_of(delivery.purchase_id, delivery.user_id, screen)
        else:
            await self._show(delivery.purchase_id, delivery.user_id, delivery.message, screen)

    async def _say_once(self, key: str, user_id: UserId, screen: Screen) -> None:
        """News that is said once, or rather not at all than twice."""
        await send_once(
            self._book,
            key,
            user_id,
            lambda: self._messenger.send_text(ChatId(user_id), screen.text, screen.keyboard),
            in_doubt=Doubt.KEEP_SILENT,
        )

    async def _language_of(self, user_id: UserId) -> Language:
        customer = await self._customers.find(user_id)
        return Language.RUSSIAN if customer is None else customer.language

    async def _remind(self, kind: ReminderKind, reminder: Reminder) -> None:
        phrases = phrasebook(await self._language_of(reminder.user_id))
        renewal = await self._renewals.renewal_of(reminder.user_id)
        screen = reminder_screen(phrases, kind, reminder, renewal)
        await self._say_once(_reminder_key(kind, reminder), reminder.user_id, screen)


def _reminder_key(kind: ReminderKind, reminder: Reminder) -> str:
    """One for each kind and end; where a plan has several of a kind, for each of them."""
    many = kind in {ReminderKind.BEFORE, ReminderKind.WIN_BACK}
    which = f"{kind}-{int(reminder.distance.total_seconds())}" if many else f"{kind}"
    end = int(reminder.expires_at.timestamp())
    return f"subscription:{reminder.subscription_id}:{which}:{end}"
