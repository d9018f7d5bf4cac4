"""The menu: it knows whether the customer is new, connected, paying, or gone."""

from datetime import datetime

from bot.buttons import Place, Row, opens
from bot.phrasebook import Phrasebook
from bot.screens.freezing import frozen_text, resume_row
from bot.screens.purchase import pay_button
from bot.screens.screen import Screen
from bot.standing import Standing
from domain.plans import Plan
from domain.purchases import PurchaseRecord, PurchaseStage
from domain.subscriptions import Subscription, SubscriptionStatus


def menu_screen(
    phrases: Phrasebook, standing: Standing, now: datetime, *, first_name: str
) -> Screen:
    """The menu for where a customer stands."""
    subscription, purchase = standing.subscription, standing.purchase
    if subscription is not None and standing.has_access(now):
        return Screen(
            text=_active(phrases, subscription, now), rows=_rows(phrases, *_active_rows(phrases))
        )
    if subscription is not None and subscription.status is SubscriptionStatus.FROZEN:
        mine = (opens(phrases.label("button.mine"), Place.MINE),)
        rows = _rows(phrases, resume_row(phrases), mine)
        return Screen(text=frozen_text(phrases, subscription), rows=rows)
    if purchase is not None and _is_under_way(purchase):
        return _under_way(phrases, purchase)
    buy = (opens(phrases.label("button.buy"), Place.PLANS),)
    if subscription is not None and subscription.status is SubscriptionStatus.REVOKED:
        return Screen(text=phrases.say("menu.revoked"), rows=_rows(phrases, buy))
    if subscription is not None:
        text = phrases.say("menu.ended", end=phrases.moment(subscription.expires_at))
        renew = (opens(phrases.label("button.renew"), Place.PLANS),)
        return Screen(text=text, rows=_rows(phrases, renew))
    rows = _rows(phrases, *_trial_rows(phrases, standing.trial), buy)
    return Screen(text=phrases.say("menu.new", name=first_name), rows=rows)


def _trial_rows(phrases: Phrasebook, trial: Plan | None) -> tuple[Row, ...]:
    if trial is None:
        return ()
    label = phrases.label("button.trial", days=phrases.count("days", trial.duration_days))
    return ((opens(label, Place.TRIAL),),)


def _active(phrases: Phrasebook, subscription: Subscription, now: datetime) -> str:
    return phrases.say(
        "menu.active",
        plan=subscription.plan_name(phrases.language),
        end=phrases.moment(subscription.expires_at),
        left=phrases.duration(subscription.expires_at - now),
    )


def _is_under_way(purchase: PurchaseRecord) -> bool:
    if purchase.stage is PurchaseStage.AWAITING_PAYMENT:
        return purchase.confirmation_url is not None
    return purchase.stage.is_paid and purchase.stage is not PurchaseStage.DONE


def _under_way(phrases: Phrasebook, purchase: PurchaseRecord) -> Screen:
    order, url = purchase.order, purchase.confirmation_url
    price = phrases.price(order.price)
    if purchase.stage is PurchaseStage.AWAITING_PAYMENT and url is not None:
        text = phrases.say("menu.awaiting_payment", plan=order.plan_name, price=price)
        plans = (opens(phrases.label("button.other_plans"), Place.PLANS),)
        rows = _rows(phrases, (pay_button(phrases, order.price, url),), plans)
    elif purchase.stage is PurchaseStage.REFUNDING:
        text, rows = phrases.say("menu.refunding", price=price), _rows(phrases)
    else:
        text, rows = phrases.say("menu.setting_up", plan=order.plan_name), _rows(phrases)
    return Screen(text=text, rows=rows)


def _active_rows(phrases: Phrasebook) -> tuple[Row, ...]:
    return (
        (opens(phrases.label("button.config"), Place.CONFIG),),
        (
            opens(phrases.label("button.mine"), Place.MINE),
            opens(phrases.label("button.renew"), Place.PLANS),
        ),
    )


def _rows(phrases: Phrasebook, *first: Row) -> tuple[Row, ...]:
    return (
        *first,
        (
            opens(phrases.label("button.setup"), Place.SETUP),
            opens(phrases.label("button.help"), Place.HELP),
        ),
        (opens(phrases.label("button.language"), Place.LANGUAGE),),
    )
