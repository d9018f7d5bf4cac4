"""The commands `wgshop loyalty …` and `wgshop referral`."""

import asyncio
from typing import Annotated

import typer

loyalty_app = typer.Typer(
    help="Discounts for customers who stay.", no_args_is_help=True, add_completion=False
)


@loyalty_app.command()
def add(
    percent: Annotated[int, typer.Option(help="Percent off.")],
    after_periods: Annotated[int | None, typer.Option(help="After so many payments.")] = None,
    after_months: Annotated[int | None, typer.Option(help="After so many paid months.")] = None,
) -> None:
    """Add a rule; of those that a customer has earned the best counts."""
    from workers.terms import add_loyalty_rule  # noqa: PLC0415  # --help stays quick

    asyncio.run(add_loyalty_rule(percent, after_periods, after_months))


@loyalty_app.command("list")
def list_rules() -> None:
    """Print the rules with their numbers."""
    from workers.terms import print_loyalty_rules  # noqa: PLC0415

    asyncio.run(print_loyalty_rules())


@loyalty_app.command()
def remove(number: int) -> None:
    """Take a rule away."""
    from workers.terms import remove_loyalty_rule  # noqa: PLC0415

    asyncio.run(remove_loyalty_rule(number))


def referral(
    reward_days: Annotated[
        int | None, typer.Option(help="For whoever invited a friend; 0: none.")
    ] = None,
    hold_days: Annotated[
        int | None, typer.Option(help="How long after the friend's first payment.")
    ] = None,
    welcome_percent: Annotated[
        int | None, typer.Option(help="Off the friend's first purchase; 0: none.")
    ] = None,
) -> None:
    """Change what inviting a friend brings, and print it."""
    from workers.terms import change_invitations  # noqa: PLC0415

    asyncio.run(change_invitations(reward_days, hold_days, welcome_percent))
