"""Renewal by itself: what is agreed to, how it stands, and what becomes of each charge."""

from uuid import uuid4

from aiogram.types import InlineKeyboardButton

from bot.buttons import Agree, OfferRenewal, Place, Row, Unlink, back_to_menu, mark_of, opens
from bot.phrasebook import N_, Phrasebook
from bot.screens.declines import decline_reason
from bot.screens.discounts import reasons
from bot.screens.plans import plan_name
from bot.screens.screen import Screen
from domain.ids import PurchaseId
from domain.plans import Plan
from domain.pricing import Quote
from domain.renewals import RenewalNews, RenewalNotice, StandingRenewal, StopReason
from domain.subscriptions import Subscription

WORDING_VERSION = "2026-11-25"
"""Of `renewal.wording` in the catalogues: change it together with those texts."""

_STOPS = {
    StopReason.UNLINKED: N_("renewal.stopped.unlinked"),
    StopReason.REPLACED: N_("renewal.stopped.unlinked"),
    StopReason.PRICE_CHANGED: N_("renewal.stopped.price_changed"),
    StopReason.PLAN_GONE: N_("renewal.stopped.plan_gone"),
    StopReason.CARD_EXPIRED: N_("renewal.stopped.card_expired"),
    StopReason.PERMISSION_REVOKED: N_("renewal.stopped.permission_revoked"),
    StopReason.PLAN_CHANGED: N_("renewal.stopped.plan_changed"),
    StopReason.SUBSCRIPTION_OVER: N_("renewal.stopped.tries_are_over"),
}


def wording_of(phrases: Phrasebook, plan: Plan) -> str:
    """What the customer agrees to, word for word; kept with the consent."""
    return phrases.label(
        "renewal.wording",
        price=phrases.price(plan.price),
        period=phrases.count("days", plan.duration_days),
    )


def renewal_plans_screen(phrases: Phrasebook, plans: tuple[Plan, ...]) -> Screen:
    """What renewing by itself is, and for which plans."""
    rows = tuple((_offers(phrases, plan),) for plan in plans)
    mine = (opens(phrases.label("button.mine"), Place.MINE),)
    return Screen(text=phrases.say("renewal.off"), rows=(*rows, mine))


def renewal_offer_screen(phrases: Phrasebook, quote: Quote) -> Screen:
    """The consent itself; the button under it is the only way to give it."""
    plan = quote.plan
    agree = Agree(plan_id=plan.plan_id, terms=mark_of(quote), purchase=PurchaseId(uuid4()))
    button = InlineKeyboardButton(
        text=phrases.label("renewal.agree", price=phrases.price(quote.price)),
        callback_data=agree.pack(),
        style="success",
    )
    text = phrases.say(
        "renewal.offer",
        plan=plan_name(phrases, quote),
        now=phrases.price(quote.price),
        wording=wording_of(phrases, plan),
    )
    if why := reasons(phrases, quote.full_price, quote.discounts):
        only_now = phrases.say("renewal.only_now")
        text = f"{text}\n\n{only_now}\n{why}"
    without = (opens(phrases.label("renewal.without"), Place.PLANS),)
    return Screen(text=text, rows=((button,), without, back_to_menu(phrases)))


def standing_renewal_screen(
    phrases: Phrasebook, standing: StandingRenewal, subscription: Subscription | None
) -> Screen:
    """What will be charged, when and from which card, and one tap that ends it."""
    end = None if subscription is None else phrases.moment(subscription.expires_at)
    text = phrases.say(
        "renewal.on",
        price=phrases.price(standing.consent.price),
        card=_card(phrases, standing),
        end=end or phrases.label("renewal.no_end"),
        wording=standing.consent.wording,
    )
    return Screen(text=text, rows=(_unlinks(phrases), back_to_menu(phrases)))


def unlinked_screen(phrases: Phrasebook) -> Screen:
    """The card is forgotten, from this moment on."""
    mine = (opens(phrases.label("button.mine"), Place.MINE),)
    return Screen(text=phrases.say("renewal.unlinked"), rows=(mine, back_to_menu(phrases)))


def renewal_notice_screen(
    phrases: Phrasebook, notice: RenewalNotice, standing: StandingRenewal
) -> Screen:
    """A word about a charge to come, one that was declined, or the end of trying."""
    price, card = phrases.price(standing.consent.price), _card(phrases, standing)
    end = phrases.moment(notice.expires_at)
    by_hand = (opens(phrases.label("button.renew"), Place.PLANS, fresh=True),)
    when = "" if notice.charge_at is None else phrases.moment(notice.charge_at)
    match notice.news:
        case RenewalNews.AHEAD:
            text = phrases.say("renewal.ahead", price=price, card=card, when=when, end=end)
            return Screen(text=text, rows=(_unlinks(phrases),))
        case RenewalNews.FAILED:
            reason = decline_reason(phrases, notice.cancellation)
            text = phrases.say(
                "renewal.failed", price=price, card=card, reason=reason, when=when, end=end
            )
            return Screen(text=text, rows=(by_hand, _unlinks(phrases)))
        case RenewalNews.STOPPED:
            why = phrases.label(_STOPS[notice.stopped or StopReason.SUBSCRIPTION_OVER])
            text = phrases.say("renewal.stopped", why=why, end=end)
            anew = (opens(phrases.label("button.auto_renewal"), Place.AUTO_RENEWAL, fresh=True),)
            return Screen(text=text, rows=(by_hand, anew))


def _offers(phrases: Phrasebook, plan: Plan) -> InlineKeyboardButton:
    text = f"{plan.name.within(phrases.language)} · {phrases.price(plan.price)}"
    data = OfferRenewal(plan_id=plan.plan_id)
    return InlineKeyboardButton(text=text, callback_data=data.pack())


def _unlinks(phrases: Phrasebook) -> Row:
    return (
        InlineKeyboardButton(
            text=phrases.label("renewal.unlink"), callback_data=Unlink().pack(), style="danger"
        ),
    )


def _card(phrases: Phrasebook, standing: StandingRenewal) -> str:
    return standing.method_title or phrases.label("renewal.some_card")
