"""The owner's prices in Telegram Stars, from the command line."""

import re
from collections.abc import Iterable

import typer

from domain.errors import SettingsError
from infra.postgres.plans import Plans
from infra.postgres.pool import open_pool
from infra.settings import DatabaseSettings, load

_PRICE = re.compile(r"(?P<slug>[a-z0-9-]{1,40})=(?P<stars>\d{1,6})")


async def set_star_prices(wanted: Iterable[str]) -> None:
    """Set each `plan=stars`; 0 takes the plan off sale for Stars.

    Raises:
        SettingsError: One is malformed, or names no plan; those before it are set.
    """
    prices = [_parsed(text) for text in wanted]
    async with await open_pool(load(DatabaseSettings).url.get_secret_value(), size=1) as pool:
        for slug, price in prices:
            if not await Plans(pool).sell_for_stars(slug, price or None):
                raise SettingsError(f"there is no plan {slug!r}")
            typer.echo(f"{slug}: {price} Stars" if price else f"{slug}: not sold for Stars")


def _parsed(text: str) -> tuple[str, int]:
    match = _PRICE.fullmatch(text)
    if match is None:
        raise SettingsError(f"{text!r} is no price: expected PLAN=STARS, such as month=250")
    return match["slug"], int(match["stars"])
