"""How to connect: steps for each platform, with the official WireGuard app."""

from aiogram.types import InlineKeyboardButton

from bot.buttons import Guide, Place, Platform, Row, back_to_menu, opens
from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen

_NAMES = {
    Platform.ANDROID: N_("platform.android"),
    Platform.IOS: N_("platform.ios"),
    Platform.WINDOWS: N_("platform.windows"),
    Platform.MACOS: N_("platform.macos"),
    Platform.LINUX: N_("platform.linux"),
    Platform.ROUTER: N_("platform.router"),
}
_STEPS = {
    Platform.ANDROID: N_("steps.android"),
    Platform.IOS: N_("steps.ios"),
    Platform.WINDOWS: N_("steps.windows"),
    Platform.MACOS: N_("steps.macos"),
    Platform.LINUX: N_("steps.linux"),
    Platform.ROUTER: N_("steps.router"),
}
# The official apps, as https://www.wireguard.com/install/ lists them.
_APPS = {
    Platform.ANDROID: "https://play.google.com/store/apps/details?id=com.wireguard.android",
    Platform.IOS: "https://apps.apple.com/app/wireguard/id1441195209",
    Platform.WINDOWS: "https://download.wireguard.com/windows-client/wireguard-installer.exe",
    Platform.MACOS: "https://apps.apple.com/app/wireguard/id1451685025",
}
_PER_ROW = 3


def setup_screen(phrases: Phrasebook) -> Screen:
    """The choice of a platform."""
    rows = (*platform_rows(phrases), back_to_menu(phrases))
    return Screen(text=phrases.say("setup.choose"), rows=rows)


def guide_screen(phrases: Phrasebook, platform: Platform) -> Screen:
    """The steps for one platform."""
    rows: list[Row] = [(opens(phrases.label("button.config"), Place.CONFIG),)]
    if app := _APPS.get(platform):
        rows.insert(0, (InlineKeyboardButton(text=phrases.label("button.app"), url=app),))
    rows.append(
        (
            opens(phrases.label("button.other_device"), Place.SETUP),
            opens(phrases.label("button.help"), Place.HELP),
        )
    )
    name, steps = phrases.label(_NAMES[platform]), phrases.say(_STEPS[platform])
    check = phrases.say("steps.check")
    text = f"<b>{name}</b>\n\n{steps}\n\n{check}"
    return Screen(text=text, rows=tuple(rows))


def platform_rows(phrases: Phrasebook, *, fresh: bool = False) -> tuple[Row, ...]:
    """A button for each platform."""
    buttons = [
        InlineKeyboardButton(
            text=phrases.label(_NAMES[platform]),
            callback_data=Guide(platform=platform, fresh=fresh).pack(),
        )
        for platform in Platform
    ]
    return tuple(
        tuple(buttons[start : start + _PER_ROW]) for start in range(0, len(buttons), _PER_ROW)
    )
