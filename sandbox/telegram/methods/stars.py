"""The bot's own list of its transactions in Stars."""

from typing import Annotated

from pydantic import Field

from sandbox.telegram.methods.registry import Params, method
from sandbox.telegram.star_account import StarTransactions
from sandbox.telegram.world import World

_LARGEST_PAGE = 100


class ListStars(Params):
    """Parameters of getStarTransactions."""

    offset: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=_LARGEST_PAGE)] = _LARGEST_PAGE


@method("getStarTransactions")
def list_stars(world: World, params: ListStars) -> StarTransactions:
    """A page of the account in chronological order: bots are answered with the oldest first."""
    lines = world.payments.stars.lines
    return StarTransactions(transactions=tuple(lines[params.offset : params.offset + params.limit]))
