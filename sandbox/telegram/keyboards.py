"""Keyboards under messages: their shapes, and the real refusals of malformed ones."""

from enum import StrEnum
from typing import Annotated, Any, Literal

import pydantic_core
from pydantic import BaseModel, BeforeValidator, ValidationError

from sandbox.telegram.errors import bad_request
from sandbox.telegram.wire import Wire

LONGEST_CALLBACK_DATA = 64
"""Bytes, not characters."""
LONGEST_COPY_TEXT = 256


class ButtonStyle(StrEnum):
    """A button's colour."""

    DANGER = "danger"
    SUCCESS = "success"
    PRIMARY = "primary"


class CopyText(Wire):
    """What a copy button puts on the clipboard."""

    text: str


class WebApp(Wire):
    """A web page that opens inside Telegram."""

    url: str


class InlineButton(Wire):
    """A button under a message; exactly one of the actions is set."""

    text: str
    url: str | None = None
    callback_data: str | None = None
    copy_text: CopyText | None = None
    web_app: WebApp | None = None
    pay: Literal[True] | None = None
    style: ButtonStyle | None = None
    icon_custom_emoji_id: str | None = None


class InlineKeyboard(Wire):
    """Rows of buttons under a message."""

    inline_keyboard: tuple[tuple[InlineButton, ...], ...]

    @property
    def buttons(self) -> tuple[InlineButton, ...]:
        """All buttons in reading order."""
        return tuple(button for row in self.inline_keyboard for button in row)


class KeyboardButton(Wire):
    """A button that writes its own text for the customer."""

    text: str
    request_contact: bool | None = None
    request_location: bool | None = None
    style: ButtonStyle | None = None
    icon_custom_emoji_id: str | None = None


class ReplyKeyboard(Wire):
    """Buttons in place of the customer's keyboard."""

    keyboard: tuple[tuple[KeyboardButton, ...], ...]
    is_persistent: bool | None = None
    resize_keyboard: bool | None = None
    one_time_keyboard: bool | None = None
    input_field_placeholder: str | None = None
    selective: bool | None = None


class ReplyKeyboardRemove(Wire):
    """Gives the customer's own keyboard back."""

    remove_keyboard: Literal[True]
    selective: bool | None = None


class ForceReply(Wire):
    """Opens the reply field."""

    force_reply: Literal[True]
    input_field_placeholder: str | None = None
    selective: bool | None = None


Markup = InlineKeyboard | ReplyKeyboard | ReplyKeyboardRemove | ForceReply

_SHAPES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("inline_keyboard", InlineKeyboard),
    ("keyboard", ReplyKeyboard),
    ("remove_keyboard", ReplyKeyboardRemove),
    ("force_reply", ForceReply),
)


def read_markup(raw: Any) -> Any:
    """Read a reply markup in either form, JSON text or object.

    Raises:
        ApiError: 400 with the original's text.
    """
    if raw is None or raw == "" or isinstance(raw, BaseModel):
        return raw or None
    fields = _as_object(raw)
    for mark, shape in _SHAPES:
        if mark in fields:
            return _checked(_shaped(fields, shape))
    return None


def _as_object(raw: Any) -> dict[str, Any]:
    if isinstance(raw, str):
        try:
            raw = pydantic_core.from_json(raw)
        except ValueError:
            raise bad_request("can't parse reply keyboard markup JSON object") from None
    if not isinstance(raw, dict):
        raise bad_request("object expected as reply markup")
    return raw


def _shaped(fields: dict[str, Any], shape: type[BaseModel]) -> BaseModel:
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise bad_request(f"can't parse keyboard button: {where}: {fault['msg']}") from None


def _checked(markup: BaseModel) -> BaseModel | None:
    if not isinstance(markup, InlineKeyboard):
        return markup
    for button in markup.buttons:
        _check_button(button)
    # An empty keyboard is how a bot takes the buttons away.
    return markup if markup.buttons else None


def _check_button(button: InlineButton) -> None:
    prefix = "can't parse inline keyboard button"
    actions = (button.url, button.callback_data, button.copy_text, button.web_app, button.pay)
    if not button.text.strip():
        raise bad_request(f"{prefix}: Button text must not be empty")
    if sum(action is not None for action in actions) != 1:
        raise bad_request(f"{prefix}: Text buttons are unallowed in the inline keyboard")
    if button.callback_data is not None:
        size = len(button.callback_data.encode())
        if not 1 <= size <= LONGEST_CALLBACK_DATA:
            raise bad_request("BUTTON_DATA_INVALID")
    if button.copy_text is not None and not 1 <= len(button.copy_text.text) <= LONGEST_COPY_TEXT:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    _check_address(button)


def _check_address(button: InlineButton) -> None:
    url = button.url
    if url is not None and not url.startswith(("https://", "http://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    if button.web_app is not None and not button.web_app.url.startswith("https://"):
        raise bad_request(
            f"inline keyboard button Web App URL '{button.web_app.url}' is invalid: "
            "Only HTTPS links are allowed"
        )


ReplyMarkup = Annotated[Markup | None, BeforeValidator(read_markup)]
"""A parameter that holds any keyboard."""
