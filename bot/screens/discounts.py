"""Why a price is what it is, line by line."""

from bot.phrasebook import N_, Phrasebook
from domain.money import Money
from domain.pricing import Discount, DiscountReason
from domain.promotions import PromoRefusal

_STANDING = {
    DiscountReason.LOYALTY: N_("discount.loyalty"),
    DiscountReason.WELCOME: N_("discount.welcome"),
}
_REFUSALS = {
    PromoRefusal.UNKNOWN: N_("promo.unknown"),
    PromoRefusal.NOT_YET: N_("promo.not_yet"),
    PromoRefusal.OVER: N_("promo.over"),
    PromoRefusal.USED_UP: N_("promo.used_up"),
    PromoRefusal.USED_BY_YOU: N_("promo.used_by_you"),
    PromoRefusal.HELD_BY_YOU: N_("promo.held_by_you"),
    PromoRefusal.NOT_FIRST: N_("promo.not_first"),
}


def reasons(phrases: Phrasebook, full_price: Money, discounts: tuple[Discount, ...]) -> str:
    """The full price and what comes off it, a line for each; empty when nothing does."""
    if not discounts:
        return ""
    lines = [_line(phrases, discount) for discount in discounts]
    if any(discount.saved.amount for discount in discounts):
        lines.insert(0, phrases.say("discount.full_price", price=phrases.price(full_price)))
    return "\n".join(lines)


def refusal_reason(phrases: Phrasebook, refusal: PromoRefusal) -> str:
    """Why a code cannot be used."""
    return phrases.say(_REFUSALS[refusal])


def _line(phrases: Phrasebook, discount: Discount) -> str:
    saved, percent = phrases.price(discount.saved), discount.percent
    if discount.reason in _STANDING:
        return phrases.say(_STANDING[discount.reason], saved=saved, percent=percent)
    if discount.reason is DiscountReason.UNUSED_TIME:
        return phrases.say("discount.unused_time", saved=saved)
    if discount.days:
        days = phrases.count("days", discount.days)
        return phrases.say("discount.code_days", days=days, code=discount.code)
    if percent is not None:
        key = N_("discount.code_percent")
        return phrases.say(key, saved=saved, code=discount.code, percent=percent)
    return phrases.say("discount.code", saved=saved, code=discount.code)
