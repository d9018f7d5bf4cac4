"""The catalogue: every plan with the customer's price on a button, and why it is that."""

from datetime import datetime

from bot.buttons import Place, Row, back_to_menu, buys, opens
from bot.catalogue import Catalogue
from bot.phrasebook import Phrasebook
from bot.screens.discounts import reasons, refusal_reason
from bot.screens.limits import limits_line
from bot.screens.screen import Screen
from domain.pricing import Offers, Quote


def plans_screen(
    phrases: Phrasebook, catalogue: Catalogue, *, active_until: datetime | None = None
) -> Screen:
    """All plans; a customer with access is told that a renewal adds to it."""
    if not catalogue.quotes:
        return Screen(text=phrases.say("plans.none"), rows=(back_to_menu(phrases),))
    paragraphs = [phrases.say("plans.title"), *_described_all(phrases, catalogue)]
    if active_until is not None:
        paragraphs.append(phrases.say("plans.adds_up", end=phrases.moment(active_until)))
    prices = tuple(price_row(phrases, each) for each in catalogue.by_plan)
    by_itself = (opens(phrases.label("button.auto_renewal"), Place.AUTO_RENEWAL),)
    code = _code_row(phrases, catalogue.offers)
    rows = (*prices, by_itself, code, back_to_menu(phrases))
    return Screen(text="\n\n".join(paragraphs), rows=rows)


def changed_plans_screen(phrases: Phrasebook, catalogue: Catalogue) -> Screen:
    """The plans as they are now, after a tap on a button with a price of yesterday."""
    return plans_screen(phrases, catalogue).under(phrases.say("plans.changed"))


def plan_label(phrases: Phrasebook, quote: Quote) -> str:
    """A plan on its button, with the price."""
    return f"{plan_name(phrases, quote)} · {phrases.price(quote.price)}"


def plan_name(phrases: Phrasebook, quote: Quote) -> str:
    """A plan's name, with days on top if there are any."""
    name = quote.plan.name.within(phrases.language)
    return f"{name} + {phrases.count('days', quote.extra_days)}" if quote.extra_days else name


def _described_all(phrases: Phrasebook, catalogue: Catalogue) -> list[str]:
    offers = catalogue.offers
    described = [_described(phrases, each) for each in catalogue.by_plan]
    if offers.refused_code is not None and offers.refusal is not None:
        reason = refusal_reason(phrases, offers.refusal)
        described.append(phrases.say("promo.not_counted", code=offers.refused_code, reason=reason))
    elif offers.promo is not None and not _counts(catalogue.quotes):
        described.append(phrases.say("promo.saves_nothing", code=offers.promo.code))
    return described


def _counts(quotes: tuple[Quote, ...]) -> bool:
    return any(cut.promo_id is not None for each in quotes for cut in each.discounts)


def price_row(phrases: Phrasebook, quotes: tuple[Quote, ...], *, is_gift: bool = False) -> Row:
    """A button for each way to pay; the first names the plan."""
    first, *others = quotes
    beside = (buys(phrases.price(each.price), each, is_gift=is_gift) for each in others)
    return (buys(plan_label(phrases, first), first, is_gift=is_gift), *beside)


def _prices(phrases: Phrasebook, quotes: tuple[Quote, ...]) -> str:
    """`299 ₽`, or `299 ₽ or 250 ⭐`."""
    first, *others = (phrases.price(each.price) for each in quotes)
    return phrases.label("plans.either", price=first, other=others[0]) if others else first


def _described(phrases: Phrasebook, quotes: tuple[Quote, ...]) -> str:
    quote = quotes[0]
    plan = quote.plan
    places = ", ".join(phrases.place(location) for location in plan.locations)
    text = phrases.say(
        "plans.plan",
        name=plan_name(phrases, quote),
        price=_prices(phrases, quotes),
        description=plan.description.within(phrases.language),
        devices=phrases.count("devices", plan.device_limit),
        places=places or phrases.label("plans.any_place"),
    )
    why = (reasons(phrases, each.full_price, each.discounts) for each in quotes)
    return "\n".join(filter(None, (text, limits_line(phrases, plan), *why)))


def _code_row(phrases: Phrasebook, offers: Offers) -> Row:
    """One way in, one way out; and the same plans for somebody else."""
    give = opens(phrases.label("button.give"), Place.GIVE)
    if offers.promo is None and offers.refused_code is None:
        return (opens(phrases.label("button.promo"), Place.PROMO), give)
    return (opens(phrases.label("button.no_promo"), Place.NO_PROMO), give)
