"""Promo codes: the question, and why an answer was no good."""

from bot.buttons import Place, opens
from bot.phrasebook import Phrasebook
from bot.screens.discounts import refusal_reason
from bot.screens.screen import Screen
from domain.promotions import PromoRefusal


def promo_screen(phrases: Phrasebook) -> Screen:
    """The question for a code."""
    plans = (opens(phrases.label("button.other_plans"), Place.PLANS),)
    return Screen(text=phrases.say("promo.enter"), rows=(plans,))


def refused_promo_screen(phrases: Phrasebook, entered: str, refusal: PromoRefusal) -> Screen:
    """Why the code cannot be used; another may be written at once."""
    text = phrases.say("promo.refused", code=entered, reason=refusal_reason(phrases, refusal))
    plans = (opens(phrases.label("button.other_plans"), Place.PLANS),)
    return Screen(text=text, rows=(plans,))
