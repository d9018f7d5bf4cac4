"""The customer's devices: all of them, one of them, and what can be done with it."""

from datetime import datetime
from uuid import UUID

from aiogram.types import InlineKeyboardButton

from bot.buttons import (
    AddDevice,
    DeviceAct,
    DeviceKind,
    OnDevice,
    Place,
    Reissue,
    Row,
    back_to_device,
    back_to_menu,
    on_device,
    opens,
)
from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen
from bot.screens.setup import platform_rows
from domain.devices import Device, DeviceShelf
from domain.evacuation import EvacuationCause

KIND_NAMES = {
    DeviceKind.PHONE: N_("device.phone"),
    DeviceKind.LAPTOP: N_("device.laptop"),
    DeviceKind.TABLET: N_("device.tablet"),
    DeviceKind.COMPUTER: N_("device.computer"),
    DeviceKind.TV: N_("device.tv"),
    DeviceKind.ROUTER: N_("device.router"),
}
_KINDS_PER_ROW = 2
_WHY_REPLACED = {
    EvacuationCause.EVACUATION: N_("device.moved"),
    EvacuationCause.KEY_ROTATION: N_("device.server_key"),
}


def device_name(phrases: Phrasebook, name: str) -> str:
    """What the customer calls a device, or what we call it until then."""
    return name or phrases.label("device.unnamed")


def place_of(phrases: Phrasebook, device: Device) -> str:
    """Where the device's server stands."""
    if device.location is None:
        return phrases.label("mine.no_place")
    return phrases.place(device.location)


def devices_screen(phrases: Phrasebook, shelf: DeviceShelf, now: datetime) -> Screen:
    """Every device, with a button to each, and one to add another where the plan allows it."""
    paragraphs = [
        phrases.say("devices.title", number=len(shelf.devices), limit=shelf.limit),
        "\n".join(_line(phrases, device, now) for device in shelf.devices),
    ]
    if any(not device.may_connect for device in shelf.devices):
        paragraphs.append(phrases.say("devices.some_rest"))
    elif not shelf.has_room:
        paragraphs.append(phrases.say("devices.no_room"))
    rows: list[Row] = [(_on_device(phrases, device),) for device in shelf.devices]
    if shelf.has_room:
        rows.append((opens(phrases.label("button.add_device"), Place.NEW_DEVICE),))
    rows.append((opens(phrases.label("button.to_mine"), Place.MINE),))
    return Screen(text="\n\n".join(paragraphs), rows=tuple(rows))


def no_devices_screen(phrases: Phrasebook) -> Screen:
    """For a customer without access: what devices there are comes back with it."""
    buy = (opens(phrases.label("button.buy"), Place.PLANS),)
    return Screen(text=phrases.say("devices.no_access"), rows=(buy, back_to_menu(phrases)))


def new_device_screen(phrases: Phrasebook, device_id: UUID) -> Screen:
    """What to call the new device; whichever is tapped, it is one device."""
    buttons = [
        InlineKeyboardButton(
            text=phrases.label(KIND_NAMES[kind]),
            callback_data=AddDevice(kind=kind, device=device_id).pack(),
        )
        for kind in DeviceKind
    ]
    rows = tuple(
        tuple(buttons[start : start + _KINDS_PER_ROW])
        for start in range(0, len(buttons), _KINDS_PER_ROW)
    )
    return Screen(text=phrases.say("device.new"), rows=(*rows, _to_devices(phrases)))


def device_screen(
    phrases: Phrasebook, device: Device, now: datetime, *, is_last: bool, may_move: bool
) -> Screen:
    """One device with all that is known of it."""
    text = phrases.say(
        "device.facts",
        name=device_name(phrases, device.name),
        status=_status(phrases, device, now),
        place=place_of(phrases, device),
        down=phrases.size(device.traffic.sent_bytes),
        up=phrases.size(device.traffic.received_bytes),
    )
    rename = on_device(phrases.label("button.rename"), device.device_id, DeviceAct.RENAME)
    file = on_device(phrases.label("button.device_file"), device.device_id, DeviceAct.FILE)
    keys = on_device(phrases.label("button.new_keys"), device.device_id, DeviceAct.ASK_REISSUE)
    drop = on_device(phrases.label("button.remove"), device.device_id, DeviceAct.ASK_REMOVE)
    move = on_device(phrases.label("button.location"), device.device_id, DeviceAct.LOCATIONS)
    moves: tuple[Row, ...] = ((move,),) if may_move else ()
    first: tuple[Row, ...] = ((file,), *moves, (keys,)) if device.may_connect else ()
    last: Row = (rename,) if is_last else (rename, drop)
    return Screen(text=text, rows=(*first, last, _to_devices(phrases)))


def reissue_screen(phrases: Phrasebook, device: Device) -> Screen:
    """What new keys mean, before they are made."""
    data = Reissue(device=device.device_id, revision=device.revision)
    sure = InlineKeyboardButton(
        text=phrases.label("button.new_keys_sure"), callback_data=data.pack(), style="danger"
    )
    text = phrases.say("device.ask_reissue", name=device_name(phrases, device.name))
    return Screen(text=text, rows=((sure,), back_to_device(phrases, device.device_id)))


def remove_screen(phrases: Phrasebook, device: Device) -> Screen:
    """What a removal means, before it is done."""
    sure = InlineKeyboardButton(
        text=phrases.label("button.remove_sure"),
        callback_data=OnDevice(act=DeviceAct.REMOVE, device=device.device_id).pack(),
        style="danger",
    )
    text = phrases.say("device.ask_remove", name=device_name(phrases, device.name))
    return Screen(text=text, rows=((sure,), back_to_device(phrases, device.device_id)))


def rename_screen(phrases: Phrasebook, device: Device) -> Screen:
    """Ask for another name."""
    text = phrases.say("device.ask_name", name=device_name(phrases, device.name))
    return Screen(text=text, rows=(back_to_device(phrases, device.device_id),))


def device_ready_screen(phrases: Phrasebook, name: str) -> Screen:
    """After the file: how to connect."""
    devices = opens(phrases.label("button.devices"), Place.DEVICES, fresh=True)
    text = phrases.say("device.ready", name=device_name(phrases, name))
    return Screen(text=text, rows=(*platform_rows(phrases, fresh=True), (devices,)))


def file_replaced_screen(phrases: Phrasebook, name: str, cause: EvacuationCause) -> Screen:
    """After a file that the customer did not ask for: what happened, and what to do."""
    devices = opens(phrases.label("button.devices"), Place.DEVICES, fresh=True)
    text = phrases.say(_WHY_REPLACED[cause], name=device_name(phrases, name))
    return Screen(text=text, rows=(*platform_rows(phrases, fresh=True), (devices,)))


def device_delayed_screen(phrases: Phrasebook, name: str, *, all_full: bool) -> Screen:
    """The file takes longer, and there is nothing to do."""
    key = N_("device.delayed_full") if all_full else N_("device.delayed")
    support = (opens(phrases.label("button.help"), Place.HELP, fresh=True),)
    return Screen(text=phrases.say(key, name=device_name(phrases, name)), rows=(support,))


def _line(phrases: Phrasebook, device: Device, now: datetime) -> str:
    return phrases.say(
        "devices.line",
        name=device_name(phrases, device.name),
        status=_status(phrases, device, now),
        traffic=phrases.size(device.traffic.total_bytes),
    )


def _status(phrases: Phrasebook, device: Device, now: datetime) -> str:
    handshake = device.traffic.latest_handshake
    if not device.may_connect:
        return phrases.label("device.rests")
    if not device.is_set_up:
        return phrases.label("device.being_set_up")
    if handshake is None:
        return phrases.label("device.never_connected")
    if device.traffic.is_online(now):
        return phrases.label("device.online")
    return phrases.label("device.last_seen", ago=phrases.ago(now - handshake))


def _on_device(phrases: Phrasebook, device: Device) -> InlineKeyboardButton:
    return on_device(device_name(phrases, device.name), device.device_id, DeviceAct.SHOW)


def _to_devices(phrases: Phrasebook) -> Row:
    return (opens(phrases.label("button.to_devices"), Place.DEVICES),)
