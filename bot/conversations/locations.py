"""Taking a device to another location.

The ledger decides, in the subscription's workflow; here it is asked, and what it says is shown.
"""

from aiogram import F, Router
from aiogram.types import CallbackQuery

from bot.buttons import ChangeLocation, DeviceAct, OnDevice
from bot.conversations.device_pages import device_page, shelf_with_access
from bot.phrasebook import N_, Phrasebook
from bot.replies import Toast, turn_page
from bot.screens.locations import locations_screen
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import Customer
from domain.devices import Device
from domain.errors import (
    AccessEnded,
    DeviceBusy,
    DeviceMoved,
    LocationLimitReached,
    LocationNotOffered,
    NoFreeAddress,
    RefundRefused,
    ShopError,
    TemporalUnavailable,
    UnknownDevice,
)
from domain.ids import DeviceId
from domain.locations import LocationChoice, LocationOrder

_REFUSALS: dict[type[ShopError], str] = {
    AccessEnded: N_("config.no_access"),
    DeviceBusy: N_("device.refused_busy"),
    DeviceMoved: N_("location.refused_moved"),
    LocationLimitReached: N_("location.refused_limit"),
    LocationNotOffered: N_("location.refused_not_offered"),
    NoFreeAddress: N_("location.refused_full"),
    UnknownDevice: N_("device.refused_unknown"),
    RefundRefused: N_("cancel.unavailable"),
    TemporalUnavailable: N_("cancel.unavailable"),
}
_REFUSED = tuple(_REFUSALS)


def locations_router() -> Router:
    """Shows where a device could go, and takes it there."""
    router = Router(name="locations")
    router.callback_query.register(open_locations, OnDevice.filter(F.act == DeviceAct.LOCATIONS))
    router.callback_query.register(change_location, ChangeLocation.filter())
    return router


async def open_locations(
    tap: CallbackQuery, callback_data: OnDevice, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Turn the message into the choice, with what a change means."""
    screen = await _choice_page(DeviceId(callback_data.device), shop, customer, phrases)
    await turn_page(shop.messenger, tap, screen)


async def change_location(
    tap: CallbackQuery,
    callback_data: ChangeLocation,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
) -> Toast:
    """Take the device there; its file comes by itself."""
    device_id = DeviceId(callback_data.device)
    try:
        await _change(callback_data, shop, customer)
    except _REFUSED as error:
        screen = await _choice_page(device_id, shop, customer, phrases)
        toast = Toast(text=phrases.label(_REFUSALS[type(error)]), alert=True)
    else:
        screen = await device_page(device_id, shop, customer, phrases)
        toast = Toast(text=phrases.label("device.file_comes"))
    await turn_page(shop.messenger, tap, screen)
    return toast


async def _change(tapped: ChangeLocation, shop: Shop, customer: Customer) -> None:
    device_id = DeviceId(tapped.device)
    shelf = await shelf_with_access(shop, customer)
    if shelf is None:
        raise AccessEnded(f"customer {customer.user_id} has no access now")
    device = shelf.find(device_id)
    if device is None:
        raise UnknownDevice(f"customer {customer.user_id} has no device {device_id}")
    choice = await shop.devices.locations(customer.user_id, device_id, shop.now())
    location = tapped.location_of(_known_places(device, choice))
    if location is None:
        raise NoFreeAddress("the location has no room any more")
    order = LocationOrder(
        subscription_id=shelf.subscription_id,
        user_id=customer.user_id,
        device_id=device_id,
        revision=tapped.revision,
        location=location,
    )
    await shop.starter.change_location(order)


def _known_places(device: Device, choice: LocationChoice | None) -> tuple[str, ...]:
    """Where it could go, and where it is: a tap that is repeated finds it there already."""
    here = () if device.location is None else (device.location,)
    return here if choice is None else (*here, *choice.places)


async def _choice_page(
    device_id: DeviceId, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Screen:
    """The choice; the device itself where there is none."""
    shelf = await shelf_with_access(shop, customer)
    device = None if shelf is None else shelf.find(device_id)
    choice = await shop.devices.locations(customer.user_id, device_id, shop.now())
    if device is None or choice is None:
        return await device_page(device_id, shop, customer, phrases)
    return locations_screen(phrases, device, choice)
