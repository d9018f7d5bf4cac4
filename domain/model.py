"""The base of every value in the shop."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value.

    Unknown fields are ignored and new fields carry defaults, so that workers of two releases
    can read each other's workflow payloads during a deploy.
    """

    model_config = ConfigDict(frozen=True)
