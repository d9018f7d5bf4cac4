"""Another name for a device."""

from uuid import UUID

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from bot.buttons import DeviceAct, OnDevice
from bot.conversations.device_pages import device_page
from bot.phrasebook import Phrasebook
from bot.replies import Toast, reply, turn_page
from bot.screens.devices import rename_screen
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.customers import Customer
from domain.devices import NAME_LENGTH, clean_name
from domain.errors import UnknownDevice
from domain.ids import DeviceId


class Naming(StatesGroup):
    """What to call a device."""

    name = State()


def device_names_router() -> Router:
    """Asks for a name and takes it."""
    router = Router(name="device_names")
    router.callback_query.register(ask_name, OnDevice.filter(F.act == DeviceAct.RENAME))
    router.message.register(take_name, StateFilter(Naming.name), F.text, ~F.text.startswith("/"))
    return router


async def ask_name(
    tap: CallbackQuery,
    callback_data: OnDevice,
    *,
    shop: Shop,
    customer: Customer,
    phrases: Phrasebook,
    state: FSMContext,
) -> Toast | None:
    """Turn the message into the question."""
    shelf = await shop.devices.shelf(customer.user_id)
    device = None if shelf is None else shelf.find(DeviceId(callback_data.device))
    if device is None:
        return Toast(text=phrases.label("device.refused_unknown"), alert=True)
    await state.set_state(Naming.name)
    await state.set_data({"device": str(device.device_id)})
    await turn_page(shop.messenger, tap, rename_screen(phrases, device))
    return None


async def take_name(
    message: Message, shop: Shop, customer: Customer, phrases: Phrasebook, state: FSMContext
) -> None:
    """Take the name, if it can be one, and show the device."""
    name = clean_name(message.text or "")
    if name is None:
        text = phrases.say("device.name_refused", length=NAME_LENGTH)
        return await reply(shop.messenger, message, Screen(text=text))
    device_id = DeviceId(UUID((await state.get_data())["device"]))
    try:
        await shop.devices.rename(customer.user_id, device_id, name)
    except UnknownDevice:
        gone = Screen(text=phrases.say("device.refused_unknown"))
        await reply(shop.messenger, message, gone)
    else:
        screen = await device_page(device_id, shop, customer, phrases)
        await reply(shop.messenger, message, screen)
    # Last, so that a repeat of a half-done update still finds its question.
    await state.clear()
    return None
