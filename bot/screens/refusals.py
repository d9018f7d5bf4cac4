"""Why Telegram must not take the Stars, in words; Telegram shows them over the chat."""

from bot.phrasebook import N_, Phrasebook
from domain.stars import CheckoutRefusal

_TEXTS = {
    CheckoutRefusal.UNKNOWN: N_("stars.unknown"),
    CheckoutRefusal.STRANGER: N_("stars.stranger"),
    CheckoutRefusal.PAID: N_("stars.paid"),
    CheckoutRefusal.CLOSED: N_("stars.closed"),
    CheckoutRefusal.PRICE: N_("stars.price"),
}


def refusal_text(phrases: Phrasebook, refusal: CheckoutRefusal) -> str:
    """The reason, and what to do instead."""
    return phrases.label(_TEXTS[refusal])


def outage_text(phrases: Phrasebook) -> str:
    """The shop cannot look at the purchase just now."""
    return phrases.label("stars.outage")
