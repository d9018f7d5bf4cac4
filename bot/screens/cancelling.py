"""Cancelling: what goes back and what is lost, before anything happens; and what became of it."""

from collections.abc import Iterable
from uuid import uuid4

from aiogram.types import InlineKeyboardButton

from bot.buttons import Cancel, MendRefund, Place, back_to_menu, opens
from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen
from domain.ids import RefundId
from domain.money import Money
from domain.refund_orders import RefundAlarm, RefundNews, RefundNotice, RefundRepair
from domain.refunds import RefundOffer, WhyNot

_DETAIL_LENGTH = 600

_WHY_NOT = {
    WhyNot.RULE: N_("cancel.why_not.rule"),
    WhyNot.TOO_LATE: N_("cancel.why_not.too_late"),
    WhyNot.TOO_MUCH_USED: N_("cancel.why_not.too_much_used"),
    WhyNot.USED_UP: N_("cancel.why_not.used_up"),
    WhyNot.WHOLE_ONLY: N_("cancel.why_not.whole_only"),
    WhyNot.UNDER_WAY: N_("cancel.why_not.under_way"),
}
_LABELS = {
    RefundRepair.RETRY: N_("repair.retry"),
    RefundRepair.GIVE_UP: N_("refund.give_up"),
}
_NEWS = {
    RefundNews.DONE: N_("refund.done"),
    RefundNews.RESTORED: N_("refund.restored"),
}


def cancel_screen(phrases: Phrasebook, offer: RefundOffer) -> Screen:
    """The offer; the button under it takes exactly this one."""
    mine = (opens(phrases.label("button.mine"), Place.MINE),)
    why_not = "\n".join(phrases.say(_WHY_NOT[reason]) for reason in offer.refusals)
    if not offer.is_worth_it:
        text = phrases.say("cancel.nothing")
        return Screen(text=f"{text}\n\n{why_not}".rstrip(), rows=(mine, back_to_menu(phrases)))
    amount = _in_words(phrases, offer.totals)
    text = phrases.say("cancel.offer", amount=amount, left=phrases.duration(offer.lost))
    button = InlineKeyboardButton(
        text=phrases.label("cancel.confirm", amount=amount),
        callback_data=Cancel(
            refund=RefundId(uuid4()), at=int(offer.made_at.timestamp()), mark=offer.fingerprint
        ).pack(),
        style="danger",
    )
    keep = (opens(phrases.label("cancel.keep"), Place.MINE),)
    return Screen(text=f"{text}\n\n{why_not}".rstrip(), rows=((button,), keep))


def changed_cancel_screen(phrases: Phrasebook, offer: RefundOffer) -> Screen:
    """The offer once more, because it is not what the customer had seen."""
    return cancel_screen(phrases, offer).under(phrases.say("cancel.changed"))


def cancelled_screen(phrases: Phrasebook, totals: Iterable[Money]) -> Screen:
    """It is over; nothing in `totals` when the money is back already."""
    buy = (opens(phrases.label("button.buy"), Place.PLANS),)
    amount = _in_words(phrases, totals)
    text = (
        phrases.say("cancel.done", amount=amount) if amount else phrases.say("cancel.done_before")
    )
    return Screen(text=text, rows=(buy, back_to_menu(phrases)))


def refund_notice_screen(phrases: Phrasebook, notice: RefundNotice) -> Screen:
    """What became of the money."""
    text = phrases.say(_NEWS[notice.news], amount=phrases.price(notice.amount))
    mine = opens(phrases.label("button.mine"), Place.MINE, fresh=True)
    return Screen(text=text, rows=((mine,),))


def refund_alarm_screen(phrases: Phrasebook, alarm: RefundAlarm) -> Screen:
    """The alarm for staff: a refund was refused."""
    text = phrases.say(
        "refund.alarm",
        refund=alarm.refund_id,
        customer=alarm.user_id,
        amount=phrases.price(alarm.amount),
        detail=alarm.detail[:_DETAIL_LENGTH],
    )
    buttons = tuple(
        InlineKeyboardButton(
            text=refund_repair_label(phrases, action),
            callback_data=MendRefund(action=action, refund=alarm.refund_id).pack(),
        )
        for action in RefundRepair
    )
    return Screen(text=text, rows=(buttons,))


def refund_repair_label(phrases: Phrasebook, action: RefundRepair) -> str:
    """What a decision about a refused refund is called on its button."""
    return phrases.label(_LABELS[action])


def _in_words(phrases: Phrasebook, totals: Iterable[Money]) -> str:
    return " + ".join(phrases.price(each) for each in totals)
