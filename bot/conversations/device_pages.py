"""The pages about devices that more than one conversation shows."""

from bot.phrasebook import Phrasebook
from bot.screens.devices import device_screen, devices_screen, no_devices_screen
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import Customer
from domain.devices import DeviceShelf
from domain.ids import DeviceId


async def shelf_with_access(shop: Shop, customer: Customer) -> DeviceShelf | None:
    """The customer's devices; None without access."""
    subscription = await shop.subscriptions.subscription_of(customer.user_id)
    if subscription is None or not subscription.gives_access(shop.now()):
        return None
    return await shop.devices.shelf(customer.user_id)


async def devices_page(shop: Shop, customer: Customer, phrases: Phrasebook) -> Screen:
    """The list."""
    shelf = await shelf_with_access(shop, customer)
    if shelf is None:
        return no_devices_screen(phrases)
    return devices_screen(phrases, shelf, shop.now())


async def device_page(
    device_id: DeviceId, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Screen:
    """The device; the list where it is there no more."""
    shelf = await shelf_with_access(shop, customer)
    device = None if shelf is None else shelf.find(device_id)
    if shelf is None or device is None:
        return await devices_page(shop, customer, phrases)
    choice = await shop.devices.locations(customer.user_id, device_id, shop.now())
    return device_screen(
        phrases,
        device,
        shop.now(),
        is_last=len(shelf.devices) == 1,
        may_move=choice is not None and bool(choice.places),
    )
