"""What can come between the tap on a price and the payment page."""

from bot.buttons import Place, back_to_menu, goes_on, opens
from bot.phrasebook import Phrasebook
from bot.screens.screen import Screen
from domain.purchases import PurchaseOrder


def email_screen(phrases: Phrasebook) -> Screen:
    """The question where the receipt goes."""
    plans = (opens(phrases.label("button.other_plans"), Place.PLANS),)
    return Screen(text=phrases.say("checkout.email"), rows=(plans,))


def refused_email_screen(phrases: Phrasebook) -> Screen:
    """The question again, after an answer that is no address."""
    plans = (opens(phrases.label("button.other_plans"), Place.PLANS),)
    return Screen(text=phrases.say("checkout.email_refused"), rows=(plans,))


def saved_email_screen(phrases: Phrasebook, email: str) -> Screen:
    """The address that was understood, so that a slip of the finger is seen, and how to mend it."""
    return Screen(text=phrases.say("checkout.email_saved", email=email))


def sold_out_screen(phrases: Phrasebook) -> Screen:
    """No server has room for what was tapped; nothing has begun."""
    plans = (opens(phrases.label("button.other_plans"), Place.PLANS),)
    return Screen(text=phrases.say("checkout.sold_out"), rows=(plans, back_to_menu(phrases)))


def not_started_screen(phrases: Phrasebook, order: PurchaseOrder) -> Screen:
    """The purchase could not be started; the same button starts the same purchase."""
    price = "" if order.is_free else f" · {phrases.price(order.price)}"
    again = (goes_on(f"{order.plan_name}{price}", order),)
    return Screen(text=phrases.say("checkout.not_started"), rows=(again,))
