"""What a plan's devices are held to, in words that promise no more than that."""

from datetime import datetime

from bot.buttons import Place, opens
from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen
from domain.plans import Plan
from domain.quotas import Quota, QuotaMark, QuotaNotice, Usage
from domain.subscriptions import Subscription

_MINE = {
    None: (N_("mine.traffic"), N_("mine.traffic_to_the_end")),
    QuotaMark.NEARLY: (N_("mine.traffic"), N_("mine.traffic_to_the_end")),
    QuotaMark.USED_UP: (N_("mine.traffic_used_up"), N_("mine.traffic_used_up_to_the_end")),
}
_NEWS = {
    QuotaMark.NEARLY: (N_("quota.nearly"), N_("quota.nearly_to_the_end")),
    QuotaMark.USED_UP: (N_("quota.used_up"), N_("quota.used_up_to_the_end")),
}
"""While another period is to come, and where the access ends before."""


def limits_line(phrases: Phrasebook, plan: Plan) -> str | None:
    """`up to 50 Mbit/s`, and what traffic is included; None where nobody is held to anything."""
    lines = []
    if plan.speed_mbit is not None:
        lines.append(phrases.say("limits.speed", speed=plan.speed_mbit))
    if plan.quota is not None:
        size, slow = phrases.size(plan.quota.size), plan.quota.slow_mbit
        lines.append(phrases.say("limits.traffic", size=size, slow=slow))
    return "\n".join(lines) or None


def limits_of_mine(phrases: Phrasebook, subscription: Subscription, now: datetime) -> list[str]:
    """The same of what the customer has, with what is used of it."""
    lines = []
    if subscription.speed_mbit is not None:
        lines.append(phrases.say("mine.speed", speed=subscription.speed_mbit))
    quota, usage = subscription.quota, subscription.usage
    if quota is not None and usage is not None:
        period = usage.at(now)
        texts = _MINE[period.mark(quota)]
        lines.append(_said(phrases, texts, quota, period, subscription.expires_at))
    return lines


def _said(
    phrases: Phrasebook, texts: tuple[str, str], quota: Quota, usage: Usage, end: datetime
) -> str:
    to_be_continued, to_the_end = texts
    return phrases.say(
        to_be_continued if usage.until < end else to_the_end,
        used=phrases.size(usage.used_bytes),
        size=phrases.size(quota.size),
        slow=quota.slow_mbit,
        until=phrases.moment(usage.until),
    )


def quota_screen(phrases: Phrasebook, notice: QuotaNotice) -> Screen:
    """How far the traffic is used, what that means, and what can be done."""
    text = _said(phrases, _NEWS[notice.mark], notice.quota, notice.usage, notice.expires_at)
    renew = opens(phrases.label("button.renew"), Place.PLANS, fresh=True)
    mine = opens(phrases.label("button.mine"), Place.MINE, fresh=True)
    return Screen(text=text, rows=((renew,), (mine,)))
