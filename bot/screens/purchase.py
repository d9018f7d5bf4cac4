"""The payment message, one screen for each stage of a purchase: it never lies."""

from datetime import datetime

from aiogram.types import InlineKeyboardButton

from bot.buttons import Place, Row, opens, tries_again
from bot.phrasebook import N_, Phrasebook
from bot.screens.declines import decline_reason
from bot.screens.discounts import reasons
from bot.screens.screen import Screen
from bot.screens.setup import platform_rows
from domain.money import STAR, Money
from domain.purchases import (
    ChatMessage,
    PurchaseKind,
    PurchaseNotice,
    PurchaseOrder,
    PurchaseStage,
)

_TEXTS = {
    PurchaseStage.PREPARING: N_("purchase.preparing"),
    PurchaseStage.AWAITING_PAYMENT: N_("purchase.awaiting_payment"),
    PurchaseStage.EXPIRED: N_("purchase.expired"),
    PurchaseStage.PAID: N_("purchase.paid"),
    PurchaseStage.SETTING_UP: N_("purchase.setting_up"),
    PurchaseStage.DELAYED: N_("purchase.delayed"),
    PurchaseStage.STUCK: N_("purchase.stuck"),
    PurchaseStage.REFUNDING: N_("purchase.refunding"),
    PurchaseStage.REFUNDED: N_("purchase.refunded"),
    PurchaseStage.DONE: N_("purchase.done"),
}

_TEXTS_FOR_STARS = {
    PurchaseStage.AWAITING_PAYMENT: N_("purchase.awaiting_stars"),
    PurchaseStage.REFUNDED: N_("purchase.refunded_stars"),
}

_FREE_TEXTS = {
    PurchaseStage.PREPARING: N_("free.preparing"),
    PurchaseStage.SETTING_UP: N_("free.setting_up"),
    PurchaseStage.DELAYED: N_("free.delayed"),
    PurchaseStage.STUCK: N_("free.stuck"),
    PurchaseStage.REFUNDED: N_("free.taken_back"),
}


def purchase_screen(phrases: Phrasebook, notice: PurchaseNotice) -> Screen:
    """The payment message of a stage. The text says what is bought and for how much."""
    title = _title(phrases, notice)
    return Screen(text=f"{title}\n\n{_text(phrases, notice)}", rows=_rows(phrases, notice))


def _text(phrases: Phrasebook, notice: PurchaseNotice) -> str:
    """Where it stands. Who paid nothing is not told of money."""
    if notice.stage is PurchaseStage.DECLINED:
        reason = decline_reason(phrases, notice.cancellation)
        return phrases.say("purchase.declined", reason=reason)
    return phrases.say(_text_of(notice), price=phrases.price(notice.price))


def _title(phrases: Phrasebook, notice: PurchaseNotice) -> str:
    """What is bought, for how much, and why for so much."""
    if notice.is_free:
        return phrases.say("free.title", plan=notice.plan_name)
    price = phrases.price(notice.price)
    title = phrases.say("purchase.title", plan=notice.plan_name, price=price)
    why = reasons(phrases, notice.full_price or notice.price, notice.discounts)
    return f"{title}\n{why}" if why else title


def _text_of(notice: PurchaseNotice) -> str:
    if notice.is_free and notice.stage in _FREE_TEXTS:
        return _FREE_TEXTS[notice.stage]
    if notice.kind is PurchaseKind.GIFT and notice.stage is PurchaseStage.PAID:
        return N_("purchase.paid_gift")
    if notice.price.currency == STAR:
        return _TEXTS_FOR_STARS.get(notice.stage, _TEXTS[notice.stage])
    return _TEXTS[notice.stage]


def notice_of(
    order: PurchaseOrder,
    message: ChatMessage,
    stage: PurchaseStage,
    confirmation_url: str | None = None,
) -> PurchaseNotice:
    """What the payment message of an order has to say at its beginning."""
    return PurchaseNotice(
        purchase_id=order.purchase_id,
        message=message,
        language=order.language,
        stage=stage,
        plan_name=order.plan_name,
        price=order.price,
        kind=order.kind,
        full_price=order.full_price,
        discounts=order.discounts,
        confirmation_url=confirmation_url,
        attempt=order.attempt,
    )


def ready_screen(
    phrases: Phrasebook, *, plan_name: str, expires_at: datetime, is_renewal: bool
) -> Screen:
    """The last word of a purchase: until when, and how to connect."""
    key = N_("purchase.renewed") if is_renewal else N_("purchase.ready")
    text = phrases.say(key, plan=plan_name, end=phrases.moment(expires_at))
    mine = opens(phrases.label("button.mine"), Place.MINE, fresh=True)
    return Screen(text=text, rows=(*platform_rows(phrases, fresh=True), (mine,)))


def pay_button(phrases: Phrasebook, price: Money, url: str) -> InlineKeyboardButton:
    """The button that opens the payment page, or the invoice in Stars."""
    key = N_("button.pay_stars") if price.currency == STAR else N_("button.pay")
    label = phrases.label(key, price=phrases.price(price))
    return InlineKeyboardButton(text=label, url=url, style="success")


def _rows(phrases: Phrasebook, notice: PurchaseNotice) -> tuple[Row, ...]:
    plans = (opens(phrases.label("button.other_plans"), Place.PLANS, fresh=True),)
    support = (opens(phrases.label("button.help"), Place.HELP, fresh=True),)
    match notice.stage:
        case PurchaseStage.AWAITING_PAYMENT if notice.confirmation_url:
            return ((pay_button(phrases, notice.price, notice.confirmation_url),), plans)
        case PurchaseStage.DECLINED | PurchaseStage.EXPIRED:
            again = tries_again(phrases, notice.purchase_id, notice.attempt + 1)
            return ((again,), plans, support)
        case PurchaseStage.DELAYED | PurchaseStage.STUCK | PurchaseStage.REFUNDING:
            return (support,)
        case PurchaseStage.REFUNDED:
            return (plans, support)
        case PurchaseStage.DONE:
            return ((opens(phrases.label("button.mine"), Place.MINE, fresh=True),),)
    return ()
