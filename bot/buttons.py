"""What a button under a message carries: at most 64 bytes, and never believed without a look."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4
from zlib import crc32

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton

from bot.phrasebook import Phrasebook
from domain.ids import DeviceId, PlanId, PurchaseId
from domain.languages import Language
from domain.money import Money
from domain.payments import Provider
from domain.pricing import Quote
from domain.purchases import PurchaseKind, PurchaseOrder, RepairAction
from domain.refund_orders import RefundRepair

Row = tuple[InlineKeyboardButton, ...]


class Place(StrEnum):
    """The screens that a button can open."""

    MENU = "menu"
    PLANS = "plans"
    MINE = "mine"
    CONFIG = "config"
    SETUP = "setup"
    HELP = "help"
    LANGUAGE = "language"
    AUTO_RENEWAL = "renewal"
    PROMO = "promo"
    NO_PROMO = "no_promo"
    TRIAL = "trial"
    GIFTS = "gifts"
    GIVE = "give"
    DEVICES = "devices"
    NEW_DEVICE = "new_device"
    PRIVACY = "privacy"
    EXPORT = "export"
    ERASURE = "erasure"
    FRIENDS = "friends"
    CANCEL = "cancel"
    CHANGE = "change"
    FREEZE = "freeze"


class Platform(StrEnum):
    """What customers connect, each with its own steps."""

    ANDROID = "android"
    IOS = "ios"
    WINDOWS = "windows"
    MACOS = "macos"
    LINUX = "linux"
    ROUTER = "router"


class DeviceKind(StrEnum):
    """What customers call a device before they give it a name of their own."""

    PHONE = "phone"
    LAPTOP = "laptop"
    TABLET = "tablet"
    COMPUTER = "computer"
    TV = "tv"
    ROUTER = "router"


class DeviceAct(StrEnum):
    """What a button under a device asks for."""

    SHOW = "show"
    FILE = "file"
    RENAME = "rename"
    ASK_REISSUE = "keys"
    LOCATIONS = "places"
    ASK_REMOVE = "drop"
    REMOVE = "remove"


class Open(CallbackData, prefix="open"):
    """Open a screen; `fresh` in a new message, where the present one belongs to a purchase."""

    place: Place
    fresh: bool = False


class Guide(CallbackData, prefix="guide"):
    """Show the steps for a platform."""

    platform: Platform
    fresh: bool = False


class Buy(CallbackData, prefix="buy"):
    """Buy a plan at the price that the button shows, as a purchase minted with the button."""

    plan_id: PlanId
    price: Decimal
    days: int
    """Days on top, which the button shows as well."""
    is_gift: bool
    """For somebody else: at the price in the list."""
    purchase: UUID

    def agrees_with(self, quote: Quote) -> bool:
        """Whether the plan still costs, and gives, what the button says."""
        shown = (Provider.YOOKASSA, self.plan_id, self.price, self.days)
        return shown == (
            quote.provider,
            quote.plan.plan_id,
            quote.price.amount,
            quote.extra_days,
        )


class BuyInStars(CallbackData, prefix="stars"):
    """The same for Telegram Stars."""

    plan_id: PlanId
    price: int
    days: int
    is_gift: bool
    purchase: UUID

    def agrees_with(self, quote: Quote) -> bool:
        """Whether the plan still costs, and gives, what the button says."""
        shown = (Provider.STARS, self.plan_id, self.price, self.days)
        return shown == (
            quote.provider,
            quote.plan.plan_id,
            int(quote.price.amount),
            quote.extra_days,
        )


class OfferRenewal(CallbackData, prefix="auto"):
    """Show what is agreed to when the plan renews by itself."""

    plan_id: PlanId


class Agree(CallbackData, prefix="agree"):
    """Agree to renewals at the price that the text names, and buy the first period."""

    plan_id: PlanId
    terms: str
    """A short mark of both prices and of days on top: all three do not fit into 64 bytes."""
    purchase: UUID

    def agrees_with(self, quote: Quote) -> bool:
        """Whether now and later it still costs, and gives, what the text says."""
        return (self.plan_id, self.terms) == (quote.plan.plan_id, mark_of(quote))


class Unlink(CallbackData, prefix="unlink"):
    """Forget the kept card, and renew nothing by itself."""


class Again(CallbackData, prefix="again"):
    """Ask for the payment page of a further attempt at the same purchase."""

    purchase: UUID
    attempt: int


class Unwrap(CallbackData, prefix="gift"):
    """Open the gift that this code's link led to."""

    code: str


class AddDevice(CallbackData, prefix="device_add"):
    """Add a device under an id minted with the screen: two taps on it are one device."""

    kind: DeviceKind
    device: UUID


class OnDevice(CallbackData, prefix="device"):
    """Do something with a device."""

    act: DeviceAct
    device: UUID


class Reissue(CallbackData, prefix="device_keys"):
    """Give a device new keys, once: as seen at this revision."""

    device: UUID
    revision: int


class ChangeLocation(CallbackData, prefix="place"):
    """Take a device to another location, once: as seen at this revision."""

    device: UUID
    revision: int
    place: str
    """A short mark of the location: its name may be too long."""

    def location_of(self, locations: Iterable[str]) -> str | None:
        """Which of the locations the button means."""
        return next((each for each in locations if place_mark(each) == self.place), None)


class Speak(CallbackData, prefix="speak"):
    """Choose a language."""

    language: Language


class Forget(CallbackData, prefix="forget"):
    """Erase all that is known about whoever taps, as an erasure minted with the button."""

    erasure: UUID


class Mend(CallbackData, prefix="repair"):
    """A staff member's decision about a stuck purchase."""

    action: RepairAction
    purchase: UUID


class MendRefund(CallbackData, prefix="mend"):
    """A staff member's decision about a refund that was refused."""

    action: RefundRepair
    refund: UUID


class ChangePlan(CallbackData, prefix="chg"):
    """Take the offer of another plan that was made at that second, if it is still the same."""

    plan_id: PlanId
    purchase: UUID
    at: int
    mark: str


class Freeze(CallbackData, prefix="freeze"):
    """Let the subscription stand still."""


class Resume(CallbackData, prefix="resume"):
    """Let the frozen subscription go on."""


class Cancel(CallbackData, prefix="cancel"):
    """Take the offer that was made at that second, if it is still the same."""

    refund: UUID
    at: int
    mark: str
    """The offer's fingerprint."""


def place_mark(location: str) -> str:
    """Eight letters that differ where locations do."""
    return f"{crc32(location.encode()):08x}"


def mark_of(quote: Quote) -> str:
    """Eight letters that differ where a quote does."""
    terms = f"{quote.full_price}/{quote.price}/{quote.extra_days}"
    return f"{crc32(terms.encode()):08x}"


def opens(text: str, place: Place, *, fresh: bool = False) -> InlineKeyboardButton:
    """A button that opens a screen."""
    return InlineKeyboardButton(text=text, callback_data=Open(place=place, fresh=fresh).pack())


def buys(text: str, quote: Quote, *, is_gift: bool = False) -> InlineKeyboardButton:
    """A button that buys at that price.

    A purchase gets its id when its button is drawn, so two taps on the button are one purchase.
    """
    quoted = (quote.provider, quote.plan.plan_id, quote.price, quote.extra_days)
    data = _buying(*quoted, PurchaseId(uuid4()), is_gift=is_gift)
    return InlineKeyboardButton(text=text, callback_data=data.pack())


def goes_on(text: str, order: PurchaseOrder) -> InlineKeyboardButton:
    """A button that goes on with a purchase that was written down before."""
    days = sum(discount.days for discount in order.discounts)
    terms = (order.provider, order.plan_id, order.price, days, order.purchase_id)
    data = _buying(*terms, is_gift=order.kind is PurchaseKind.GIFT)
    return InlineKeyboardButton(text=text, callback_data=data.pack())


def _buying(
    provider: Provider,
    plan_id: PlanId,
    price: Money,
    days: int,
    purchase: PurchaseId,
    *,
    is_gift: bool,
) -> Buy | BuyInStars:
    if provider is Provider.STARS:
        stars = int(price.amount)
        return BuyInStars(
            plan_id=plan_id, price=stars, days=days, is_gift=is_gift, purchase=purchase
        )
    return Buy(plan_id=plan_id, price=price.amount, days=days, is_gift=is_gift, purchase=purchase)


def tries_again(phrases: Phrasebook, purchase_id: PurchaseId, attempt: int) -> InlineKeyboardButton:
    """A button that asks for the payment page of this attempt."""
    data = Again(purchase=purchase_id, attempt=attempt)
    text = phrases.label("button.try_again")
    return InlineKeyboardButton(text=text, callback_data=data.pack(), style="primary")


def on_device(text: str, device_id: DeviceId, act: DeviceAct) -> InlineKeyboardButton:
    """A button that does something with a device."""
    data = OnDevice(act=act, device=device_id)
    return InlineKeyboardButton(text=text, callback_data=data.pack())


def back_to_device(phrases: Phrasebook, device_id: DeviceId) -> Row:
    """The last row of a question about a device."""
    return (on_device(phrases.label("button.back"), device_id, DeviceAct.SHOW),)


def back_to_menu(phrases: Phrasebook) -> Row:
    """The last row of a screen that the menu leads to."""
    return (opens(phrases.label("button.menu"), Place.MENU),)
