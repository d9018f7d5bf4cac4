"""What the bot is and says about itself: getMe, commands, names, descriptions, menu button."""

import re
from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.registry import Nested, Params, method
from sandbox.telegram.objects import Bot
from sandbox.telegram.profile import Command, CommandScope, MenuButton
from sandbox.telegram.wire import Wire
from sandbox.telegram.world import World

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_MOST_COMMANDS = 100
_LONGEST_COMMAND_DESCRIPTION = 256
_LONGEST_NAME = 64
_LONGEST_DESCRIPTION = 512
_LONGEST_SHORT_DESCRIPTION = 120


class CommandsFor(Params):
    """Whose command list."""

    scope: Nested[CommandScope] = CommandScope()
    language_code: str = ""


class SetCommands(CommandsFor):
    """Parameters of setMyCommands."""

    commands: Nested[tuple[Command, ...]]


class InLanguage(Params):
    """A text about the bot, in one language or in all."""

    language_code: str = ""


class SetName(InLanguage):
    """Parameters of setMyName."""

    name: str = ""


class SetDescription(InLanguage):
    """Parameters of setMyDescription."""

    description: str = ""


class SetShortDescription(InLanguage):
    """Parameters of setMyShortDescription."""

    short_description: str = ""


class BotName(Wire):
    """What getMyName answers."""

    name: str


class BotDescription(Wire):
    """What getMyDescription answers."""

    description: str


class BotShortDescription(Wire):
    """What getMyShortDescription answers."""

    short_description: str


class MenuFor(Params):
    """Whose menu button; 0 is everyone's."""

    chat_id: int = 0


class SetMenu(MenuFor):
    """Parameters of setChatMenuButton."""

    menu_button: Nested[MenuButton] = MenuButton()


@method("getMe")
def get_me(world: World, params: Params) -> Bot:
    """Who the bot is."""
    return world.me


@method("setMyCommands")
def set_commands(world: World, params: SetCommands) -> bool:
    """Replace a command list."""
    if len(params.commands) > _MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    commands = tuple(_checked(each) for each in params.commands)
    world.profile.commands[params.scope, params.language_code] = commands
    world.changes.bump()
    return True


def _checked(command: Command) -> Command:
    name = command.command.removeprefix("/")
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(command.description) <= _LONGEST_COMMAND_DESCRIPTION:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return command.model_copy(update={"command": name})


@method("getMyCommands")
def get_commands(world: World, params: CommandsFor) -> tuple[Command, ...]:
    """Exactly this scope's and language's list."""
    return world.profile.commands.get((params.scope, params.language_code), ())


@method("deleteMyCommands")
def delete_commands(world: World, params: CommandsFor) -> bool:
    """Drop a list; wider scopes show through again."""
    world.profile.commands.pop((params.scope, params.language_code), None)
    world.changes.bump()
    return True


def _set(texts: dict[str, str], language: str, text: str, longest: int, refusal: str) -> bool:
    if len(text) > longest:
        raise bad_request(refusal)
    texts[language] = text
    return True


def _get(texts: dict[str, str], language: str, default: str = "") -> str:
    return texts.get(language) or texts.get("") or default


@method("setMyName")
def set_name(world: World, params: SetName) -> bool:
    """Rename the bot."""
    names = world.profile.names
    return _set(names, params.language_code, params.name, _LONGEST_NAME, "BOT_TITLE_INVALID")


@method("getMyName")
def get_name(world: World, params: InLanguage) -> BotName:
    """The name in a language, or the general one."""
    name = _get(world.profile.names, params.language_code, world.me.first_name)
    return BotName(name=name)


@method("setMyDescription")
def set_description(world: World, params: SetDescription) -> bool:
    """Set what an empty chat shows above START."""
    texts, longest = world.profile.descriptions, _LONGEST_DESCRIPTION
    refusal = "BOT_DESCRIPTION_TOO_LONG"
    return _set(texts, params.language_code, params.description, longest, refusal)


@method("getMyDescription")
def get_description(world: World, params: InLanguage) -> BotDescription:
    """The description in a language, or the general one."""
    return BotDescription(description=_get(world.profile.descriptions, params.language_code))


@method("setMyShortDescription")
def set_short_description(world: World, params: SetShortDescription) -> bool:
    """Set what the bot's profile shows."""
    texts, longest = world.profile.short_descriptions, _LONGEST_SHORT_DESCRIPTION
    refusal = "BOT_ABOUT_TOO_LONG"
    return _set(texts, params.language_code, params.short_description, longest, refusal)


@method("getMyShortDescription")
def get_short_description(world: World, params: InLanguage) -> BotShortDescription:
    """The short description in a language, or the general one."""
    text = _get(world.profile.short_descriptions, params.language_code)
    return BotShortDescription(short_description=text)


@method("setChatMenuButton")
def set_menu_button(world: World, params: SetMenu) -> bool:
    """Set the menu button of a chat, or of all."""
    world.profile.menu_buttons[params.chat_id] = params.menu_button
    world.changes.bump()
    return True


@method("getChatMenuButton")
def get_menu_button(world: World, params: MenuFor) -> Any:
    """The menu button of a chat, or the general one."""
    buttons = world.profile.menu_buttons
    return buttons.get(params.chat_id) or buttons.get(0) or MenuButton(type="commands")
