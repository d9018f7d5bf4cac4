"""The owner's terms for loyal customers and for invitations, from the command line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import typer
from pydantic import ValidationError

from domain.errors import SettingsError
from domain.promotions import LoyaltyRule
from infra.postgres.pool import open_pool
from infra.postgres.terms import InvitationTerms, PromotionTerms
from infra.settings import DatabaseSettings, load


async def change_invitations(
    reward_days: int | None, hold_days: int | None, welcome_percent: int | None
) -> None:
    """Change what is given, and print the terms as they are then. Raises `SettingsError`."""
    try:
        wanted = InvitationTerms(
            reward_days=reward_days,
            reward_hold=None if hold_days is None else timedelta(days=hold_days),
            welcome_percent=welcome_percent,
        )
    except ValidationError as error:
        raise SettingsError(_words_of(error)) from None
    async with _terms() as terms:
        present = await terms.change(wanted)
    hold = (present.reward_hold or timedelta(0)).days
    typer.echo(f"the inviter gets {present.reward_days} days, {hold} days after the payment")
    typer.echo(f"the friend gets {present.welcome_percent}% off the first purchase")


async def add_loyalty_rule(
    percent: int, after_periods: int | None, after_months: int | None
) -> None:
    """Add a rule. Raises `SettingsError`."""
    try:
        rule = LoyaltyRule(percent=percent, after_periods=after_periods, after_months=after_months)
    except ValidationError as error:
        raise SettingsError(_words_of(error)) from None
    async with _terms() as terms:
        await terms.add_rule(rule)
    await print_loyalty_rules()


async def print_loyalty_rules() -> None:
    """Every rule, a line for each."""
    async with _terms() as terms:
        rules = await terms.rules()
    for rule_id, rule in rules.items():
        if rule.after_periods is not None:
            condition = f"{rule.after_periods} paid periods"
        else:
            condition = f"{rule.after_months} paid months"
        typer.echo(f"{rule_id}: {rule.percent}% after {condition}")
    if not rules:
        typer.echo("there are no loyalty rules")


async def remove_loyalty_rule(rule_id: int) -> None:
    """Take a rule away. Raises `SettingsError`."""
    async with _terms() as terms:
        await terms.remove_rule(rule_id)
    await print_loyalty_rules()


def _words_of(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())


@asynccontextmanager
async def _terms() -> AsyncIterator[PromotionTerms]:
    dsn = load(DatabaseSettings).url.get_secret_value()
    async with await open_pool(dsn, size=1) as pool:
        yield PromotionTerms(pool)
