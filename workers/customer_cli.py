"""The commands `wgshop customer …`, for support."""

import asyncio
import sys
from typing import Annotated

import typer

customer_app = typer.Typer(
    help="One customer: what they have, their data out of here, or gone.",
    no_args_is_help=True,
    add_completion=False,
)

UserNumber = Annotated[int, typer.Argument(min=1, help="The customer's Telegram user id.")]


@customer_app.command()
def show(user_id: UserNumber) -> None:
    """Print the customer's subscription and devices, with server, handshake and traffic."""
    from domain.ids import UserId  # noqa: PLC0415  # --help stays quick
    from workers.customer_card import customer_card  # noqa: PLC0415

    typer.echo(asyncio.run(customer_card(UserId(user_id))))


@customer_app.command()
def export(user_id: UserNumber) -> None:
    """Print everything that is kept about the customer, as JSON."""
    from workers.customers import exported  # noqa: PLC0415  # --help stays quick

    sys.stdout.write(asyncio.run(exported(user_id)) + "\n")


@customer_app.command()
def erase(
    user_id: UserNumber,
    actor: Annotated[str, typer.Option(help="Who decides, for the audit log.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End the customer's access and unlink everything from them; it cannot be undone."""
    from workers.customers import erase_customer  # noqa: PLC0415

    if not yes:
        typer.confirm(f"Erase customer {user_id}? What they have paid for is lost", abort=True)
    typer.echo(asyncio.run(erase_customer(user_id, actor)))
