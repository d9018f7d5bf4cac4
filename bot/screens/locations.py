"""Another location for a device: what it means, how often it may be, and where to."""

from aiogram.types import InlineKeyboardButton

from bot.buttons import ChangeLocation, Place, Row, back_to_device, opens, place_mark
from bot.phrasebook import Phrasebook
from bot.screens.devices import device_name, place_of
from bot.screens.screen import Screen
from bot.screens.setup import platform_rows
from domain.devices import Device
from domain.locations import ChangesLeft, LocationChoice


def locations_screen(phrases: Phrasebook, device: Device, choice: LocationChoice) -> Screen:
    """A button for each place that the device can go to now; the words tell what a tap means."""
    title = phrases.say(
        "location.title",
        name=device_name(phrases, device.name),
        place=place_of(phrases, device),
    )
    changes = choice.changes
    rows: list[Row] = []
    if changes.again_at is not None:
        moment = phrases.moment(changes.again_at)
        parts = [title, phrases.say("location.used_up", limit=changes.limit, moment=moment)]
    elif not choice.places:
        parts = [title, phrases.say("location.none_now")]
    else:
        parts = [title, phrases.say("location.meaning"), _left(phrases, changes)]
        rows = [(_goes(phrases, device, place),) for place in choice.places]
    return Screen(text="\n\n".join(parts), rows=(*rows, back_to_device(phrases, device.device_id)))


def location_changed_screen(phrases: Phrasebook, name: str, place: str) -> Screen:
    """After the file: where the device is now, and how to connect."""
    devices = opens(phrases.label("button.devices"), Place.DEVICES, fresh=True)
    text = phrases.say(
        "location.changed", name=device_name(phrases, name), place=phrases.place(place)
    )
    return Screen(text=text, rows=(*platform_rows(phrases, fresh=True), (devices,)))


def _left(phrases: Phrasebook, changes: ChangesLeft) -> str:
    if changes.number is None:
        return phrases.say("location.unlimited")
    return phrases.say("location.left", number=changes.number, limit=changes.limit)


def _goes(phrases: Phrasebook, device: Device, place: str) -> InlineKeyboardButton:
    data = ChangeLocation(
        device=device.device_id, revision=device.revision, place=place_mark(place)
    )
    return InlineKeyboardButton(text=phrases.place(place), callback_data=data.pack())
