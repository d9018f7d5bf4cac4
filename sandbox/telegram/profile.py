"""What a bot tells about itself: its command lists, name and descriptions, its menu button."""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.telegram.keyboards import WebApp
from sandbox.telegram.wire import Wire


class Command(Wire):
    """An entry of the command menu."""

    command: str
    description: str


class CommandScope(Wire):
    """For whom a command list is meant."""

    type: str = "default"
    chat_id: int | None = None
    user_id: int | None = None


class MenuButton(Wire):
    """The button beside the input field."""

    type: Literal["default", "commands", "web_app"] = "default"
    text: str | None = None
    web_app: WebApp | None = None


@dataclass
class Profile:
    """Everything set by the set-methods, by language code ("" is every language)."""

    commands: dict[tuple[CommandScope, str], tuple[Command, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    menu_buttons: dict[int, MenuButton] = field(default_factory=dict)

    def commands_for(self, chat_id: int, language: str, *, private: bool) -> tuple[Command, ...]:
        """The list a person sees: the narrowest scope first, their language before any."""
        kinds = "all_private_chats" if private else "all_group_chats"
        scopes = (CommandScope(type="chat", chat_id=chat_id), CommandScope(type=kinds))
        for scope in (*scopes, CommandScope()):
            for code in (language, ""):
                if (scope, code) in self.commands:
                    return self.commands[scope, code]
        return ()
