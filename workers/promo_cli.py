"""The commands `wgshop promo …`."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer

promo_app = typer.Typer(
    help="Promo codes: percent, roubles or days.", no_args_is_help=True, add_completion=False
)

Percent = Annotated[int | None, typer.Option(help="Percent off.")]
Fixed = Annotated[float | None, typer.Option(help="Roubles off.")]
Days = Annotated[int | None, typer.Option(help="Days on top of those that are bought.")]
MaxUses = Annotated[int | None, typer.Option(help="How often all customers together may use it.")]
Each = Annotated[int, typer.Option(help="How often one customer may use it.")]
Since = Annotated[datetime | None, typer.Option(help="From when on it is valid, UTC.")]
Until = Annotated[datetime | None, typer.Option(help="When it stops being valid, UTC.")]
PlanSlugs = Annotated[
    list[str] | None, typer.Option("--plan", help="For this plan only; may be repeated.")
]
FirstPurchase = Annotated[bool, typer.Option(help="For a first purchase only.")]
Combines = Annotated[bool, typer.Option(help="Comes off after a standing discount.")]


@promo_app.command()
def create(
    code: Annotated[str, typer.Argument(help="Such as SPRING2027.")],
    *,
    percent: Percent = None,
    fixed: Fixed = None,
    days: Days = None,
    max_uses: MaxUses = None,
    each: Each = 1,
    since: Since = None,
    until: Until = None,
    plan: PlanSlugs = None,
    first_purchase: FirstPurchase = False,
    combines: Combines = False,
) -> None:
    """Make one code."""
    from workers.promo import PromoRequest, create_codes  # noqa: PLC0415  # --help stays quick

    request = PromoRequest(
        percent=percent,
        fixed=_decimal(fixed),
        days=days,
        max_uses=max_uses,
        max_uses_each=each,
        starts_at=_aware(since),
        ends_at=_aware(until),
        plans=tuple(plan or ()),
        is_for_first_purchase=first_purchase,
        combines=combines,
    )
    asyncio.run(create_codes((code,), request))
    typer.echo(f"{code.strip().upper()} is valid")


@promo_app.command()
def bulk(
    count: Annotated[int, typer.Argument(min=1, max=10_000, help="How many codes.")],
    *,
    prefix: Annotated[str, typer.Option(help="What every code begins with.")] = "",
    percent: Percent = None,
    fixed: Fixed = None,
    days: Days = None,
    max_uses: MaxUses = 1,
    each: Each = 1,
    since: Since = None,
    until: Until = None,
    plan: PlanSlugs = None,
    first_purchase: FirstPurchase = False,
    combines: Combines = False,
) -> None:
    """Make many random codes, each for one use unless told otherwise; CSV to stdout."""
    from workers.promo import PromoRequest, create_codes, random_codes  # noqa: PLC0415

    request = PromoRequest(
        percent=percent,
        fixed=_decimal(fixed),
        days=days,
        max_uses=max_uses,
        max_uses_each=each,
        starts_at=_aware(since),
        ends_at=_aware(until),
        plans=tuple(plan or ()),
        is_for_first_purchase=first_purchase,
        combines=combines,
    )
    codes = random_codes(count, prefix)
    asyncio.run(create_codes(codes, request))
    typer.echo("\n".join(("code", *codes)))


@promo_app.command("list")
def list_codes() -> None:
    """Print every code with its terms and uses as CSV."""
    from workers.promo import print_codes  # noqa: PLC0415

    asyncio.run(print_codes())


@promo_app.command()
def disable(code: str) -> None:
    """Let nobody use a code from now on; open payment pages keep their price."""
    from workers.promo import disable_code  # noqa: PLC0415

    asyncio.run(disable_code(code))
    typer.echo(f"{code.strip().upper()} is no longer valid")


def _decimal(number: float | None) -> Decimal | None:
    """As it was written: `99.9` is 99.90 roubles."""
    return None if number is None else Decimal(str(number))


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
