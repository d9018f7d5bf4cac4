"""The customer's devices: see them, add, give new keys, remove.

Each decision is written down first, then the servers are told. A repeat of a half-done update
finds the decision and tells them again.
"""

from uuid import uuid4

from aiogram import F, Router
from aiogram.types import CallbackQuery

from bot.buttons import AddDevice, DeviceAct, OnDevice, Open, Place, Reissue
from bot.conversations.device_pages import device_page, devices_page, shelf_with_access
from bot.courier import send_file, send_qr
from bot.phrasebook import N_, Phrasebook
from bot.replies import Toast, turn_page
from bot.screens.devices import (
    KIND_NAMES,
    device_name,
    new_device_screen,
    reissue_screen,
    remove_screen,
)
from bot.shop import Shop
from domain.customers import Customer
from domain.devices import ReissueOrder
from domain.errors import (
    AccessEnded,
    DeviceBusy,
    DeviceLimitReached,
    LastDevice,
    NoFreeAddress,
    RefundRefused,
    ShopError,
    TemporalUnavailable,
    UnknownDevice,
)
from domain.ids import ChatId, DeviceId

_REFUSALS: dict[type[ShopError], str] = {
    AccessEnded: N_("config.no_access"),
    DeviceBusy: N_("device.refused_busy"),
    DeviceLimitReached: N_("device.refused_limit"),
    LastDevice: N_("device.refused_last"),
    NoFreeAddress: N_("device.refused_full"),
    UnknownDevice: N_("device.refused_unknown"),
    RefundRefused: N_("cancel.unavailable"),
    TemporalUnavailable: N_("cancel.unavailable"),
}
_REFUSED = tuple(_REFUSALS)


def devices_router() -> Router:
    """Shows and changes devices."""
    router = Router(name="devices")
    router.callback_query.register(open_devices, Open.filter(F.place == Place.DEVICES))
    router.callback_query.register(open_new_device, Open.filter(F.place == Place.NEW_DEVICE))
    router.callback_query.register(add_device, AddDevice.filter())
    router.callback_query.register(reissue, Reissue.filter())
    router.callback_query.register(remove, OnDevice.filter(F.act == DeviceAct.REMOVE))
    router.callback_query.register(send_device_file, OnDevice.filter(F.act == DeviceAct.FILE))
    router.callback_query.register(open_device, OnDevice.filter())
    return router


async def open_devices(
    tap: CallbackQuery, callback_data: Open, shop: Shop, customer: Customer, phrases: Phrasebook
) -> None:
    """Turn the message into the list."""
    screen = await devices_page(shop, customer, phrases)
    await turn_page(shop.messenger, tap, screen, fresh=callback_data.fresh)


async def open_new_device(
    tap: CallbackQuery, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast | None:
    """Turn the message into the choice of a name, with an id for the device to come."""
    shelf = await shelf_with_access(shop, customer)
    if shelf is None or not shelf.has_room:
        return _refused(phrases, AccessEnded() if shelf is None else DeviceLimitReached())
    await turn_page(shop.messenger, tap, new_device_screen(phrases, uuid4()))
    return None


async def add_device(
    tap: CallbackQuery,
    callback_data: AddDevice,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
) -> Toast:
    """Add the device of the button; its file comes by itself."""
    device_id = DeviceId(callback_data.device)
    name = phrases.label(KIND_NAMES[callback_data.kind])
    try:
        work = await shop.devices.add(customer.user_id, device_id, name, shop.now())
    except _REFUSED as error:
        return _refused(phrases, error)
    await shop.starter.carry_out(work)
    await turn_page(shop.messenger, tap, await device_page(device_id, shop, customer, phrases))
    return Toast(text=phrases.label("device.file_comes"))


async def open_device(
    tap: CallbackQuery,
    callback_data: OnDevice,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
) -> None:
    """Turn the message into the device, or into a question about it."""
    device_id = DeviceId(callback_data.device)
    shelf = await shelf_with_access(shop, customer)
    device = None if shelf is None else shelf.find(device_id)
    if device is not None and callback_data.act is DeviceAct.ASK_REISSUE:
        screen = reissue_screen(phrases, device)
    elif device is not None and callback_data.act is DeviceAct.ASK_REMOVE:
        screen = remove_screen(phrases, device)
    else:
        screen = await device_page(device_id, shop, customer, phrases)
    await turn_page(shop.messenger, tap, screen)


async def send_device_file(
    _: CallbackQuery, callback_data: OnDevice, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast:
    """Send the device's file and QR picture again."""
    device_id, shelf = DeviceId(callback_data.device), await shelf_with_access(shop, customer)
    if shelf is None:
        return _refused(phrases, AccessEnded())
    device = shelf.find(device_id)
    if device is None:
        return _refused(phrases, UnknownDevice())
    if not device.may_connect:
        return Toast(text=phrases.label("device.refused_rests"), alert=True)
    try:
        config = await shop.subscriptions.client_config(device_id)
    except LookupError:
        # On no server yet, or its earlier key is still alive.
        return Toast(text=phrases.label("config.not_yet"), alert=True)
    chat_id, name = ChatId(customer.user_id), device_name(phrases, device.name)
    await send_file(shop.messenger, chat_id, config, phrases, device=name)
    await send_qr(shop.messenger, chat_id, config, phrases)
    return Toast(text=phrases.label("config.sent"))


async def reissue(
    tap: CallbackQuery, callback_data: Reissue, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast:
    """Make the old file worthless; the new one comes by itself."""
    device_id, shelf = DeviceId(callback_data.device), await shelf_with_access(shop, customer)
    if shelf is None:
        return _refused(phrases, AccessEnded())
    order = ReissueOrder(
        subscription_id=shelf.subscription_id,
        user_id=customer.user_id,
        device_id=device_id,
        revision=callback_data.revision,
    )
    try:
        await shop.starter.reissue(order)
    except _REFUSED as error:
        return _refused(phrases, error)
    await turn_page(shop.messenger, tap, await device_page(device_id, shop, customer, phrases))
    return Toast(text=phrases.label("device.file_comes"))


async def remove(
    tap: CallbackQuery, callback_data: OnDevice, shop: Shop, customer: Customer, phrases: Phrasebook
) -> Toast:
    """Take the device away for good."""
    device_id = DeviceId(callback_data.device)
    try:
        work = await shop.devices.remove(customer.user_id, device_id, shop.now())
    except _REFUSED as error:
        return _refused(phrases, error)
    await shop.starter.carry_out(work)
    await turn_page(shop.messenger, tap, await devices_page(shop, customer, phrases))
    return Toast(text=phrases.label("device.removed"))


def _refused(phrases: Phrasebook, error: ShopError) -> Toast:
    return Toast(text=phrases.label(_REFUSALS[type(error)]), alert=True)
