"""The owner's choice about trials, from the command line."""

import typer

from infra.postgres.plans import Plans
from infra.postgres.pool import open_pool
from infra.settings import DatabaseSettings, load


async def offer_trial(days: int | None) -> None:
    """Offer newcomers so many days for free; None: no longer."""
    async with await open_pool(load(DatabaseSettings).url.get_secret_value(), size=1) as pool:
        await Plans(pool).offer_trial(days)
    typer.echo("no trial is offered" if days is None else f"newcomers get {days} days for free")
