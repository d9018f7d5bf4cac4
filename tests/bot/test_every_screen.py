"""Every screen in both languages, as a person reads it: `screens.ru.txt` and `screens.en.txt`.

After a change of texts: `WRITE_SCREENS=1 pytest tests/bot/test_every_screen.py`, and read the diff.
"""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from bot.buttons import Platform
from bot.catalogue import Catalogue
from bot.phrasebook import Phrasebook, phrasebook
from bot.screens.alarm import alarm_screen
from bot.screens.auto_renewal import (
    renewal_notice_screen,
    renewal_offer_screen,
    renewal_plans_screen,
    standing_renewal_screen,
    unlinked_screen,
    wording_of,
)
from bot.screens.cancelling import (
    cancel_screen,
    cancelled_screen,
    changed_cancel_screen,
    refund_alarm_screen,
    refund_notice_screen,
)
from bot.screens.changing import (
    change_screen,
    changed_change_screen,
    plan_changed_screen,
)
from bot.screens.checkout import (
    email_screen,
    not_started_screen,
    refused_email_screen,
    saved_email_screen,
    sold_out_screen,
)
from bot.screens.declines import REASONS
from bot.screens.devices import (
    device_delayed_screen,
    device_ready_screen,
    device_screen,
    devices_screen,
    file_replaced_screen,
    new_device_screen,
    no_devices_screen,
    reissue_screen,
    remove_screen,
    rename_screen,
)
from bot.screens.drift import drift_alarm_screen
from bot.screens.freezing import freeze_screen, resumed_screen
from bot.screens.friends import friends_screen, reward_screen, welcome_line
from bot.screens.gifts import (
    gift_gone_screen,
    gift_offer_screen,
    gift_opened_screen,
    gift_ready_screen,
    gifts_screen,
    give_screen,
)
from bot.screens.health import full_alarm_screen, health_alarm_screen
from bot.screens.help import help_screen
from bot.screens.language import language_screen
from bot.screens.limits import quota_screen
from bot.screens.locations import location_changed_screen, locations_screen
from bot.screens.menu import menu_screen
from bot.screens.plans import changed_plans_screen, plans_screen
from bot.screens.privacy import erasure_question_screen, erasure_screen, privacy_screen
from bot.screens.promo import promo_screen, refused_promo_screen
from bot.screens.purchase import purchase_screen, ready_screen
from bot.screens.refusals import outage_text, refusal_text
from bot.screens.reminder import reminder_screen
from bot.screens.screen import Screen
from bot.screens.setup import guide_screen, setup_screen
from bot.screens.subscription import subscription_screen
from bot.standing import Standing
from domain.devices import DeviceShelf
from domain.evacuation import EvacuationCause
from domain.health import FullAlarm, Health, HealthRecord, Symptom
from domain.ids import (
    ChatId,
    MessageId,
    PaymentId,
    PlanId,
    PurchaseId,
    RefundId,
    SavedMethodId,
    ServerId,
    SubscriptionId,
    UserId,
)
from domain.languages import Language
from domain.locations import ChangesLeft, LocationChoice
from domain.money import roubles, stars
from domain.notices import Reminder, ReminderKind
from domain.payments import Cancellation, Provider
from domain.plan_changes import Changed, ChangeOffer, ChangeRefusal
from domain.pricing import DiscountReason, Offers, StandingDiscount, list_quote, quote, quotes
from domain.privacy import ErasureStage
from domain.promotions import PromoKind, PromoRefusal
from domain.purchases import (
    Alarm,
    ChatMessage,
    PurchaseKind,
    PurchaseNotice,
    PurchaseOrder,
    PurchaseRecord,
    PurchaseStage,
    StuckReason,
    repairs_for,
)
from domain.quotas import GIGABYTE, Quota, QuotaMark, QuotaNotice, Usage
from domain.reconciling import Drift, DriftAlarm, DriftNews
from domain.referrals import Invitation, RewardState, SettledReward
from domain.refund_orders import RefundAlarm, RefundNews, RefundNotice
from domain.refunds import WhyNot
from domain.renewals import Consent, RenewalNews, RenewalNotice, StandingRenewal, StopReason
from domain.stars import CheckoutRefusal
from domain.subscriptions import SubscriptionStatus
from domain.traffic import Traffic
from tests.bot.fakes import (
    ANNA,
    GIFT,
    MONTH,
    NOW,
    SPRING,
    TRIAL,
    YEAR,
    a_device,
    a_subscription,
    an_offer,
    changes_to,
)

HERE = Path(__file__).parent
PURCHASE = PurchaseId(UUID(int=7))
REFUND = RefundId(UUID(int=8))
URL = "https://pay.example/1"
QUOTA = Quota(traffic_gb=300, slow_mbit=1)
LIMITS: dict[str, dict[str, object]] = {
    "a speed": {"speed_mbit": 50},
    "traffic": {"quota": QUOTA},
    "both": {"speed_mbit": 50, "quota": QUOTA},
}


def used_of(gigabytes: int) -> Usage:
    return Usage(since=NOW - timedelta(days=10), used_bytes=gigabytes * GIGABYTE + 12_345)


Named = tuple[str, Screen]


@pytest.mark.parametrize("language", list(Language))
def test_the_screens_are_those_that_were_read_and_approved(language: Language) -> None:
    approved = HERE / f"screens.{language}.txt"
    shown = "\n".join(drawn(name, screen) for name, screen in every_screen(phrasebook(language)))
    if os.environ.get("WRITE_SCREENS"):
        approved.write_text(shown)
    assert shown == approved.read_text()


@pytest.mark.parametrize("language", list(Language))
def test_every_screen_keeps_to_telegrams_limits(language: Language) -> None:
    for name, screen in every_screen(phrasebook(language)):
        assert len(screen.text) <= 4096, name
        for button in (button for row in screen.rows for button in row):
            assert len((button.callback_data or "").encode()) <= 64, name


@pytest.mark.parametrize("language", list(Language))
def test_no_screen_shows_a_key_in_the_place_of_its_text(language: Language) -> None:
    """A text that the extraction does not see, as within an f-string, is in no catalogue."""
    for name, screen in every_screen(phrasebook(language)):
        labels = [button.text for row in screen.rows for button in row]
        for line in (*screen.text.splitlines(), *labels):
            assert not re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)+", line), (name, line)


def every_screen(phrases: Phrasebook) -> Iterator[Named]:
    yield from menus(phrases)
    yield from catalogues(phrases)
    yield from discounts(phrases)
    yield from purchases(phrases)
    yield from presents(phrases)
    yield from friends(phrases)
    yield from subscriptions(phrases)
    yield from renewals(phrases)
    yield from devices(phrases)
    yield from locations(phrases)
    yield from cancelling(phrases)
    yield from changing(phrases)
    yield from freezing(phrases)
    yield from guides(phrases)
    yield from alarms(phrases)
    yield "my data", privacy_screen(phrases)
    for name, subscription in (("", None), (", with access", a_subscription())):
        question = erasure_question_screen(phrases, subscription, NOW, PURCHASE)
        yield f"my data, erase{name}", question
    for outcome in ErasureStage:
        yield f"my data, {outcome}", erasure_screen(phrases, outcome)
    yield "my data, the file", Screen(text=phrases.say("privacy.file"))
    yield "language", language_screen(phrases)
    yield "help", help_screen(phrases, "@shop_support")
    yield "help, contact by e-mail", help_screen(phrases, "help@example.com")
    yield "help, with receipts", help_screen(phrases, None, receipts=True)
    for key in ("text", "content", "edited", "group", "staff_chat", "stale_button"):
        yield f"fallback, {key}", Screen(text=phrases.say(f"fallback.{key}"))
    yield "failure", Screen(text=phrases.say("failure.apology"))


def menus(phrases: Phrasebook) -> Iterator[Named]:
    ended = a_subscription(status=SubscriptionStatus.EXPIRED)
    revoked = a_subscription(status=SubscriptionStatus.REVOKED)
    standings = {
        "new": Standing(),
        "new, with a trial": Standing(trial=TRIAL),
        "active": Standing(subscription=a_subscription()),
        "ended": Standing(subscription=ended),
        "revoked": Standing(subscription=revoked),
        "awaiting payment": Standing(purchase=record(phrases, PurchaseStage.AWAITING_PAYMENT)),
        "setting up": Standing(purchase=record(phrases, PurchaseStage.SETTING_UP)),
        "refunding": Standing(purchase=record(phrases, PurchaseStage.REFUNDING)),
    }
    for name, standing in standings.items():
        yield f"menu, {name}", menu_screen(phrases, standing, NOW, first_name="Анна")


def catalogues(phrases: Phrasebook) -> Iterator[Named]:
    plans = prices(Offers())
    yield "plans", plans_screen(phrases, plans)
    both = prices(Offers(), Provider.YOOKASSA, Provider.STARS)
    yield "plans, cards and Stars", plans_screen(phrases, both)
    yield "plans, Stars only", plans_screen(phrases, prices(Offers(), Provider.STARS))
    yield "plans, a renewal", plans_screen(phrases, plans, active_until=NOW)
    yield "plans, changed", changed_plans_screen(phrases, plans)
    for name, limits in LIMITS.items():
        limited = quotes(MONTH.model_copy(update=limits), Offers(), (Provider.YOOKASSA,))
        yield f"plans, with {name}", plans_screen(phrases, Catalogue(quotes=limited))
    yield "plans, none", plans_screen(phrases, Catalogue(quotes=()))
    yield "checkout, e-mail", email_screen(phrases)
    yield "checkout, e-mail refused", refused_email_screen(phrases)
    yield "checkout, e-mail saved", saved_email_screen(phrases, "anna@mail.ru")
    yield "checkout, sold out", sold_out_screen(phrases)
    yield "checkout, not started", not_started_screen(phrases, order(phrases))


def prices(offers: Offers, *accepted: Provider) -> Catalogue:
    """Both plans at a customer's price."""
    ways = accepted or (Provider.YOOKASSA,)
    priced = (*quotes(MONTH, offers, ways), *quotes(YEAR, offers, ways))
    return Catalogue(quotes=priced, offers=offers)


def discounts(phrases: Phrasebook) -> Iterator[Named]:
    loyal = StandingDiscount(reason=DiscountReason.LOYALTY, percent=10)
    welcome = StandingDiscount(reason=DiscountReason.WELCOME, percent=15)
    both = SPRING.model_copy(update={"combines": True})
    days = SPRING.model_copy(update={"kind": PromoKind.DAYS, "worth": Decimal(7)})
    fixed = SPRING.model_copy(update={"kind": PromoKind.FIXED, "worth": Decimal(100)})
    small = SPRING.model_copy(update={"worth": Decimal(5)})
    for name, offers in {
        "loyal": Offers(standing=(loyal,)),
        "a code that combines": Offers(standing=(loyal,), promo=both),
        "welcome, days": Offers(standing=(welcome,), promo=days),
        "fixed": Offers(promo=fixed),
        "a code that saves nothing": Offers(standing=(loyal,), promo=small),
    }.items():
        yield f"plans, {name}", plans_screen(phrases, prices(offers))
        both_ways = prices(offers, Provider.YOOKASSA, Provider.STARS)
        yield f"plans, cards and Stars, {name}", plans_screen(phrases, both_ways)
        cut = quote(MONTH, offers)
        told = {"price": cut.price, "full_price": cut.full_price, "discounts": cut.discounts}
        page = notice(phrases, PurchaseStage.AWAITING_PAYMENT).model_copy(update=told)
        yield f"purchase, {name}", purchase_screen(phrases, page)
    for refusal in PromoRefusal:
        refused = prices(Offers(refused_code="SPRING", refusal=refusal))
        yield f"plans, code refused: {refusal}", plans_screen(phrases, refused)
        yield f"promo, refused: {refusal}", refused_promo_screen(phrases, "SPRING", refusal)
    yield "promo", promo_screen(phrases)
    yield "promo, accepted", Screen(text=phrases.say("promo.accepted", code="SPRING"))


def purchases(phrases: Phrasebook) -> Iterator[Named]:
    for stage in PurchaseStage:
        yield f"purchase, {stage}", purchase_screen(phrases, notice(phrases, stage))
    for stage in (PurchaseStage.AWAITING_PAYMENT, PurchaseStage.REFUNDED):
        in_stars = notice(phrases, stage).model_copy(update={"price": stars(250)})
        yield f"purchase in Stars, {stage}", purchase_screen(phrases, in_stars)
    for refusal in CheckoutRefusal:
        yield f"checkout in Stars, {refusal}", Screen(text=refusal_text(phrases, refusal))
    yield "checkout in Stars, outage", Screen(text=outage_text(phrases))
    for reason in (*REASONS, "a reason of tomorrow"):
        cancellation = Cancellation(party="yoo_money", reason=reason)
        declined = notice(phrases, PurchaseStage.DECLINED, cancellation)
        yield f"purchase, declined: {reason}", purchase_screen(phrases, declined)
    for name, is_renewal in (("ready", False), ("renewed", True)):
        plan_name = MONTH.name.within(phrases.language)
        ready = ready_screen(phrases, plan_name=plan_name, expires_at=NOW, is_renewal=is_renewal)
        yield f"purchase, {name}", ready
    yield "file", Screen(text=phrases.say("config.file"))
    yield "QR picture", Screen(text=phrases.say("config.qr"))


def friends(phrases: Phrasebook) -> Iterator[Named]:
    link = "https://t.me/wgshop_bot?start=ref_abcd2345"
    new = Invitation(code="abcd2345", reward_days=7, welcome_percent=10)
    told = {"friends": 3, "friends_who_paid": 2, "days_granted": 7, "days_to_come": 7}
    yield "friends, new", friends_screen(phrases, new, link)
    yield "friends", friends_screen(phrases, new.model_copy(update=told), link)
    nothing = new.model_copy(update={"reward_days": 0, "welcome_percent": 0})
    yield "friends, nothing promised", friends_screen(phrases, nothing, link)
    for percent in (0, 10):
        yield f"friends, welcome {percent}", Screen(text=welcome_line(phrases, percent))
    people = {"referrer_id": ANNA, "friend_id": UserId(7), "days": 7}
    granted = SettledReward(state=RewardState.GRANTED, expires_at=NOW, **people)
    credited = SettledReward(state=RewardState.CREDIT, **people)
    yield "friends, rewarded", reward_screen(phrases, granted)
    yield "friends, credited", reward_screen(phrases, credited)


def presents(phrases: Phrasebook) -> Iterator[Named]:
    link = "https://t.me/wgshop_bot?start=gift_abc"
    opened = {"opened_by": ANNA, "opened_at": NOW, "opener_name": "Борис"}
    was_opened = GIFT.model_copy(update=opened)
    yield "gift, give", give_screen(phrases, prices(Offers()).for_others)
    yield "gifts", gifts_screen(phrases, ((GIFT, link), (was_opened, link)))
    yield "gifts, none", gifts_screen(phrases, ())
    yield "gift, ready", gift_ready_screen(phrases, GIFT, link)
    yield "gift, offer", gift_offer_screen(phrases, GIFT)
    yield "gift, gone", gift_gone_screen(phrases)
    yield "gift, yours already", gift_gone_screen(phrases, by_yourself=True)
    yield "gift, opened", gift_opened_screen(phrases, was_opened)
    for stage in (
        *(PurchaseStage.PREPARING, PurchaseStage.SETTING_UP, PurchaseStage.DELAYED),
        *(PurchaseStage.STUCK, PurchaseStage.REFUNDED),
    ):
        free = notice(phrases, stage).model_copy(update={"price": roubles(0)})
        yield f"free, {stage}", purchase_screen(phrases, free)
    gift = {"kind": PurchaseKind.GIFT}
    paid = notice(phrases, PurchaseStage.PAID).model_copy(update=gift)
    yield "purchase of a gift, paid", purchase_screen(phrases, paid)
    yield "trial, refused", Screen(text=phrases.say("trial.not_for_you"))


def subscriptions(phrases: Phrasebook) -> Iterator[Named]:
    ended = a_subscription(status=SubscriptionStatus.EXPIRED)
    yield "mine, active", subscription_screen(phrases, a_subscription(), NOW)
    for name, used in (("little", 12), ("nearly all", 241), ("all", 300)):
        limits = {**LIMITS["both"], "usage": used_of(used)}
        for when, days in (("", 29), (" to the end", 20)):
            mine = a_subscription(NOW + timedelta(days=days)).model_copy(update=limits)
            yield f"mine, {name} of the traffic{when}", subscription_screen(phrases, mine, NOW)
    quick = a_subscription().model_copy(update=LIMITS["a speed"])
    yield "mine, with a speed", subscription_screen(phrases, quick, NOW)
    for mark, used in ((QuotaMark.NEARLY, 241), (QuotaMark.USED_UP, 300)):
        for when, days in (("", 29), (" to the end", 20)):
            news = QuotaNotice(
                subscription_id=quick.subscription_id,
                user_id=ANNA,
                mark=mark,
                quota=QUOTA,
                usage=used_of(used),
                expires_at=NOW + timedelta(days=days),
            )
            yield f"quota, {mark}{when}", quota_screen(phrases, news)
    yield "mine, ended", subscription_screen(phrases, ended, NOW)
    yield "mine, none", subscription_screen(phrases, None, NOW)
    reminder = Reminder(
        subscription_id=SubscriptionId(UUID(int=1)),
        user_id=ANNA,
        expires_at=NOW + timedelta(days=1),
        distance=timedelta(days=3),
    )
    for kind in ReminderKind:
        yield f"reminder, {kind}", reminder_screen(phrases, kind, reminder, list_quote(MONTH))
    no_plan = reminder_screen(phrases, ReminderKind.ENDED, reminder, None)
    yield "reminder, plan no longer for sale", no_plan


def renewals(phrases: Phrasebook) -> Iterator[Named]:
    subscription = a_subscription()
    standing = StandingRenewal(
        consent=Consent(
            purchase_id=PURCHASE,
            user_id=ANNA,
            plan_id=MONTH.plan_id,
            price=MONTH.price,
            wording_version="1",
            wording=wording_of(phrases, MONTH),
            given_at=NOW,
        ),
        method_id=SavedMethodId("card-1"),
        method_title="Bank card *4444",
    )
    yield "auto-renewal, off", renewal_plans_screen(phrases, (MONTH, YEAR))
    yield "auto-renewal, consent", renewal_offer_screen(phrases, quote(MONTH, Offers()))
    cheaper = quote(MONTH, Offers(promo=SPRING))
    yield "auto-renewal, consent with a code", renewal_offer_screen(phrases, cheaper)
    yield "auto-renewal, on", standing_renewal_screen(phrases, standing, subscription)
    yield "auto-renewal, unlinked", unlinked_screen(phrases)
    told = RenewalNotice(
        news=RenewalNews.AHEAD,
        subscription_id=subscription.subscription_id,
        user_id=ANNA,
        expires_at=NOW + timedelta(days=2),
        charge_at=NOW + timedelta(days=1),
        cancellation=Cancellation(party="payment_network", reason="insufficient_funds"),
    )
    for news in (RenewalNews.AHEAD, RenewalNews.FAILED):
        notice = told.model_copy(update={"news": news})
        yield f"auto-renewal, {news}", renewal_notice_screen(phrases, notice, standing)
    for reason in StopReason:
        notice = told.model_copy(update={"news": RenewalNews.STOPPED, "stopped": reason})
        yield f"auto-renewal, stopped: {reason}", renewal_notice_screen(phrases, notice, standing)


def devices(phrases: Phrasebook) -> Iterator[Named]:
    seen_before = Traffic(latest_handshake=NOW - timedelta(minutes=5), sent_bytes=12_345_000_000)
    phone = a_device()
    others = (
        a_device(name="Phone", traffic=seen_before),
        a_device(name="Laptop", is_set_up=False, location=None, traffic=Traffic()),
        a_device(name="<TV>", traffic=Traffic()),
    )
    resting = a_device(name="Tablet", may_connect=False)
    for name, limit, known in (
        ("one", 1, (phone,)),
        ("room for more", 5, (phone, *others)),
        ("more than the plan allows", 1, (phone, resting)),
    ):
        shelf = DeviceShelf(subscription_id=SubscriptionId(UUID(int=1)), limit=limit, devices=known)
        yield f"devices, {name}", devices_screen(phrases, shelf, NOW)
    yield "devices, no access", no_devices_screen(phrases)
    yield "device", device_screen(phrases, phone, NOW, is_last=False, may_move=True)
    yield "device, the last", device_screen(phrases, others[1], NOW, is_last=True, may_move=False)
    yield "device, resting", device_screen(phrases, resting, NOW, is_last=False, may_move=True)
    yield "device, new", new_device_screen(phrases, UUID(int=3))
    yield "device, new keys?", reissue_screen(phrases, phone)
    yield "device, remove?", remove_screen(phrases, phone)
    yield "device, rename", rename_screen(phrases, phone)
    yield "device, name refused", Screen(text=phrases.say("device.name_refused", length=32))
    yield "device, ready", device_ready_screen(phrases, "Laptop")
    for cause in EvacuationCause:
        yield f"device, file replaced by {cause}", file_replaced_screen(phrases, "Laptop", cause)
    for name, all_full in (("delayed", False), ("no room", True)):
        screen = device_delayed_screen(phrases, "Laptop", all_full=all_full)
        yield f"device, {name}", screen
    yield "file of a device", Screen(text=phrases.say("config.file_of", device="Laptop"))
    for reason in ("busy", "full", "last", "limit", "rests", "unknown"):
        refusal = Screen(text=phrases.label(f"device.refused_{reason}"))
        yield f"device, refused: {reason}", refusal


def locations(phrases: Phrasebook) -> Iterator[Named]:
    phone = a_device(name="Phone")
    for name, places, changes in (
        ("a few left", ("de", "fi", "us-east"), ChangesLeft(limit=3, number=2)),
        ("any number", ("de",), ChangesLeft(limit=None, number=None)),
        ("used up", ("de",), ChangesLeft(limit=3, number=0, again_at=NOW + timedelta(days=12))),
        ("no room", (), ChangesLeft(limit=3, number=3)),
    ):
        choice = LocationChoice(places=places, changes=changes)
        yield f"location, {name}", locations_screen(phrases, phone, choice)
    yield "location, changed", location_changed_screen(phrases, "Laptop", "nl")
    for reason in ("full", "limit", "moved", "not_offered"):
        refusal = Screen(text=phrases.label(f"location.refused_{reason}"))
        yield f"location, refused: {reason}", refusal


def cancelling(phrases: Phrasebook) -> Iterator[Named]:
    offer = an_offer()
    for name, each in {
        "offer": offer,
        "offer, a part of it": offer.model_copy(update={"refusals": tuple(WhyNot)}),
        "nothing to give": offer.model_copy(update={"parts": (), "refusals": (WhyNot.TOO_LATE,)}),
    }.items():
        yield f"cancel, {name}", cancel_screen(phrases, each)
    yield "cancel, changed", changed_cancel_screen(phrases, offer)
    yield "cancel, done", cancelled_screen(phrases, offer.totals)
    yield "cancel, done before", cancelled_screen(phrases, ())
    for news in RefundNews:
        notice = RefundNotice(
            news=news,
            refund_id=REFUND,
            payment_id=PaymentId(1),
            user_id=ANNA,
            language=phrases.language,
            amount=offer.totals[0],
        )
        yield f"refund, {news}", refund_notice_screen(phrases, notice)
    alarm = RefundAlarm(
        refund_id=REFUND,
        user_id=ANNA,
        amount=offer.totals[0],
        detail="the provider cancelled the refund: insufficient_funds",
        occasion=1,
    )
    yield "refund, alarm", refund_alarm_screen(phrases, alarm)
    for drift_news in DriftNews:
        found = Drift(missing=12, changed=1, strangers=("A" * 43 + "=", "B" * 43 + "="), blocked=1)
        drifted = DriftAlarm(news=drift_news, server="nl1", drift=found, occasion="7")
        yield f"drift, {drift_news}", drift_alarm_screen(phrases, drifted)
    yield from server_alarms(phrases)


def server_alarms(phrases: Phrasebook) -> Iterator[Named]:
    well = HealthRecord(server_id=ServerId(1), slug="nl1", since=NOW)
    yield "health, healthy", health_alarm_screen(phrases, well)
    for symptom in Symptom:
        ill = {
            "health": Health.DOWN if symptom.harms_customers else Health.SUSPECT,
            "symptom": symptom,
            "detail": "UDP nl1.example.com:51820 does not answer",
        }
        yield f"health, {symptom}", health_alarm_screen(phrases, well.model_copy(update=ill))
    full = FullAlarm(plans=("month", "year"), occasion="2026-03-01")
    yield "health, no room", full_alarm_screen(phrases, full)


def changing(phrases: Phrasebook) -> Iterator[Named]:
    cheap = MONTH.model_copy(update={"plan_id": PlanId(3), "price": roubles(100)})
    offers = changes_to((MONTH, YEAR, cheap))
    yield "change, plans", change_screen(phrases, offers)
    limited = YEAR.model_copy(update=LIMITS["both"])
    yield "change, with limits", change_screen(phrases, changes_to((MONTH, limited)))
    yield "change, outdated", changed_change_screen(phrases, offers)
    refused = tuple((YEAR, refusal) for refusal in ChangeRefusal)
    yield "change, refused", change_screen(phrases, refused)
    changed = Changed(subscription_id=a_subscription().subscription_id, expires_at=NOW)
    yield "change, done", plan_changed_screen(phrases, MONTH.name.within(phrases.language), changed)
    offer = offers[1][1]
    assert isinstance(offer, ChangeOffer)
    told = {"price": offer.to_pay, "full_price": YEAR.price, "discounts": (offer.discount,)}
    page = notice(phrases, PurchaseStage.AWAITING_PAYMENT).model_copy(update=told)
    yield "change, payment", purchase_screen(phrases, page)


def freezing(phrases: Phrasebook) -> Iterator[Named]:
    frozen = a_subscription(status=SubscriptionStatus.FROZEN).model_copy(
        update={"frozen_at": NOW, "resumes_at": NOW + timedelta(days=7)}
    )
    may_freeze = a_subscription().model_copy(update={"freeze_days": 7})
    yield "mine, may be paused", subscription_screen(phrases, may_freeze, NOW)
    yield "freeze, offer", freeze_screen(phrases, timedelta(days=7), NOW)
    yield "freeze, used up", freeze_screen(phrases, timedelta(0), NOW)
    yield "mine, frozen", subscription_screen(phrases, frozen, NOW)
    menu = menu_screen(phrases, Standing(subscription=frozen), NOW, first_name="Анна")
    yield "menu, frozen", menu
    yield "freeze, resumed", resumed_screen(phrases, NOW + timedelta(days=29))


def guides(phrases: Phrasebook) -> Iterator[Named]:
    yield "setup", setup_screen(phrases)
    for platform in Platform:
        yield f"setup, {platform}", guide_screen(phrases, platform)


def alarms(phrases: Phrasebook) -> Iterator[Named]:
    for reason in StuckReason:
        alarm = Alarm(
            purchase_id=PURCHASE,
            user_id=ANNA,
            reason=reason,
            detail="nl1: connection refused",
            occasion=1,
            repairs=repairs_for(reason),
        )
        yield f"alarm, {reason}", alarm_screen(phrases, alarm)


def order(phrases: Phrasebook) -> PurchaseOrder:
    return PurchaseOrder(
        purchase_id=PURCHASE,
        user_id=ANNA,
        plan_id=MONTH.plan_id,
        plan_name=MONTH.name.within(phrases.language),
        price=MONTH.price,
        duration=MONTH.duration,
        language=phrases.language,
    )


def record(phrases: Phrasebook, stage: PurchaseStage) -> PurchaseRecord:
    return PurchaseRecord(
        order=order(phrases), stage=stage, confirmation_url=URL, created_at=NOW, updated_at=NOW
    )


def notice(
    phrases: Phrasebook, stage: PurchaseStage, cancellation: Cancellation | None = None
) -> PurchaseNotice:
    return PurchaseNotice(
        purchase_id=PURCHASE,
        message=ChatMessage(chat_id=ChatId(ANNA), message_id=MessageId(1)),
        language=phrases.language,
        stage=stage,
        plan_name=MONTH.name.within(phrases.language),
        price=MONTH.price,
        confirmation_url=URL,
        cancellation=cancellation,
    )


def drawn(name: str, screen: Screen) -> str:
    """A screen as text: its name, what it says, and its rows of buttons."""
    rows = "".join(f"[{'] ['.join(button.text for button in row)}]\n" for row in screen.rows)
    return f"═══ {name} ═══\n{screen.text}\n{rows}"
