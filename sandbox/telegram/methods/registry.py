"""Methods by name, and the calling of one: parameters checked, refusals in Telegram's words."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import pydantic_core
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.files import Upload
from sandbox.telegram.world import World


class Params(BaseModel):
    """Parameters of a method. Telegram ignores those it does not know, so these do too.

    To Telegram all are texts first: a number in JSON is as good as the same digits in quotes.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", arbitrary_types_allowed=True, coerce_numbers_to_str=True
    )

    uploads: dict[str, Upload] = {}


HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])


def _from_json_text(value: Any) -> Any:
    """In forms and queries, nested values come as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return pydantic_core.from_json(value)
    except ValueError:
        raise bad_request("can't parse JSON object") from None


def _flag(value: Any) -> bool:
    """The open server's `to_bool`: three words are true, everything else is not."""
    return str(value).strip().lower() in {"true", "yes", "1"}


def _chat_reference(value: Any) -> int | str:
    text = str(value).strip()
    if not text:
        raise bad_request("chat_id is empty")
    try:
        return int(text)
    except ValueError:
        return text


T = TypeVar("T")
Nested = Annotated[T, BeforeValidator(_from_json_text)]
"""A parameter that is an object or a list: given as such, or as JSON text."""
Flag = Annotated[bool, BeforeValidator(_flag)]
"""A parameter that is true or false."""
ChatReference = Annotated[int | str, BeforeValidator(_chat_reference)]
"""A chat's id or @username."""

_MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "from_chat_id": "from_chat_id is empty",
    "user_id": "invalid user_id specified",
}


class MethodNotFound(ApiError):
    """No such method: a bot that misspells one must not get `true`."""

    def __init__(self) -> None:
        super().__init__(404, "Not Found: method not found")


class Method:
    """One method: its parameters' shape and what it does."""

    def __init__(self, name: str, handler: Callable[..., Any]) -> None:
        self.name = name
        self._handler = handler
        self._shape: type[Params] = inspect.get_annotations(handler, eval_str=True)["params"]

    async def call(self, world: World, raw: dict[str, Any]) -> Any:
        """Check the parameters and act.

        Raises:
            ApiError: The refusal.
        """
        try:
            params = self._shape.model_validate(raw)
        except ValidationError as error:
            raise _refusal(error) from None
        result = self._handler(world, params)
        return await result if inspect.isawaitable(result) else result


def _refusal(error: ValidationError) -> ApiError:
    fault = error.errors()[0]
    name = str(fault["loc"][0]) if fault["loc"] else "parameter"
    if fault["type"] == "missing":
        return bad_request(_MISSING.get(name, f'parameter "{name}" is required'))
    return bad_request(f"invalid {name} specified: {fault['msg']}")


_METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[HandlerT], HandlerT]:
    """Register a function `(world, params)`, plain or async, as a method of the Bot API."""

    def register(handler: HandlerT) -> HandlerT:
        _METHODS[name.lower()] = Method(name, handler)
        return handler

    return register


def find_method(name: str) -> Method:
    """The method of this name, in any case.

    Raises:
        MethodNotFound: There is none.
    """
    found = _METHODS.get(name.lower())
    if found is None:
        raise MethodNotFound
    return found


def method_names() -> tuple[str, ...]:
    """All methods, in the documentation's spelling."""
    return tuple(sorted(each.name for each in _METHODS.values()))
