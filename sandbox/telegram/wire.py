"""How Bot API objects look on the wire: frozen models, absent fields left out."""

from typing import Any, NamedTuple

import pydantic_core
from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """A Bot API object."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Remarked(NamedTuple):
    """A result with a word about it beside it: "Webhook was set"."""

    result: Any
    description: str


def to_json(value: Any) -> bytes:
    """Write a value as Telegram does: aliases used, absent fields omitted."""
    return pydantic_core.to_json(value, by_alias=True, exclude_none=True)
