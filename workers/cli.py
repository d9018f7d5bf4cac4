"""The command `wgshop`."""

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer

from domain.errors import ShopError
from workers.customer_cli import customer_app
from workers.promo_cli import promo_app
from workers.server_commands import register, server
from workers.terms_cli import loyalty_app, referral

app = typer.Typer(
    name="wgshop",
    help="Sells WireGuard VPN subscriptions in Telegram.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(server)


def main() -> None:
    """Run a command; an error of the shop's own is said in its words, without a traceback."""
    try:
        app()
    except ShopError as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        _leave(1)
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise  # the interpreter prints what it is
        _leave(ended.code or 0)


def _leave(status: int) -> NoReturn:
    """End the process, not by way of the interpreter's end where Temporal's SDK was used.

    Its threads may abort the process there, after all work is done (temporalio/sdk-python#300).
    Only the demo has anything left to do at that point: it looks after a database.
    """
    if "temporalio" not in sys.modules or "sandbox.demo" in sys.modules:
        sys.exit(status)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _run(work: Coroutine[Any, Any, None]) -> None:
    import uvloop  # noqa: PLC0415  # each command imports what it needs, so that --help is quick

    uvloop.run(work)


app.add_typer(promo_app, name="promo")
app.add_typer(customer_app, name="customer")
app.add_typer(loyalty_app, name="loyalty")


# Processes


@app.command()
def api() -> None:
    """Serve the HTTP API and the webhooks of Telegram and YooKassa."""
    from workers.api_process import serve_api  # noqa: PLC0415

    _run(serve_api())


@app.command()
def worker() -> None:
    """Run workflows and activities."""
    from workers.worker_process import serve_worker  # noqa: PLC0415

    _run(serve_worker())


@app.command()
def bot() -> None:
    """Ask Telegram for updates (TELEGRAM_MODE=polling): no public address is needed."""
    from workers.bot_process import serve_bot  # noqa: PLC0415

    _run(serve_bot())


@app.command()
def demo(
    buy: Annotated[bool, typer.Option(help="Let one scripted customer buy, then stop.")] = False,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path(".demo"),
    browser: Annotated[
        bool, typer.Option(help="Open the control room in a browser, where there is a screen.")
    ] = True,
) -> None:
    """Start the whole shop on this machine, with sandboxes for Telegram, YooKassa and a server."""
    from sandbox.demo import run_demo  # noqa: PLC0415

    sys.exit(asyncio.run(run_demo(data.resolve(), buy=buy, browser=browser)))


# Installation


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date; safe to repeat."""
    from workers.installation import migrate_database  # noqa: PLC0415

    _run(migrate_database())


@app.command()
def namespace() -> None:
    """Make the Temporal namespace with its retention and search attributes; safe to repeat."""
    from workers.installation import prepare_temporal  # noqa: PLC0415

    _run(prepare_temporal())


app.command("register-server", hidden=True)(register)  # its name before there was `server`


@app.command("new-key")
def new_key(key_id: Annotated[str, typer.Argument(help="Such as 2026a.")]) -> None:
    """Print a new entry for ENCRYPTION_KEYS; put it first, and keep the old ones behind it."""
    from infra.keyring import KeyRing  # noqa: PLC0415

    try:
        entry = KeyRing.generate_entry(key_id)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="KEY_ID") from None
    typer.echo(entry)


@app.command()
def trial(
    days: Annotated[int, typer.Option(min=0, max=365, help="0: no trial any more.")],
) -> None:
    """Offer newcomers so many days for free, once each."""
    from workers.trial import offer_trial  # noqa: PLC0415

    _run(offer_trial(days or None))


@app.command()
def stars(
    prices: Annotated[
        list[str], typer.Argument(help="PLAN=STARS, such as month=250; 0: not sold.")
    ],
) -> None:
    """Set the prices of plans in Telegram Stars."""
    from workers.star_prices import set_star_prices  # noqa: PLC0415

    _run(set_star_prices(prices))


app.command()(referral)


# Staff


@app.command()
def repair(
    purchase_id: UUID,
    action: Annotated[str, typer.Argument(help="retry, other_server or refund")],
    actor: Annotated[str, typer.Option(help="Who decides, for the audit log.")] = "cli",
) -> None:
    """Decide about a stuck purchase."""
    from workers.repair import repair_purchase  # noqa: PLC0415

    _run(repair_purchase(purchase_id, action, actor))


@app.command()
def refund(
    purchase_id: UUID,
    amount: Annotated[str, typer.Argument(help="Such as 149.50; the access shrinks with it.")],
    *,
    currency: Annotated[str, typer.Option(help="XTR for Telegram Stars.")] = "RUB",
    actor: Annotated[str, typer.Option(help="Who decides, for the audit log.")] = "cli",
    refund_id: Annotated[UUID | None, typer.Option(help="Of an earlier call to repeat.")] = None,
) -> None:
    """Give a part of a purchase's price back, or all of it."""
    from workers.refund import refund_purchase  # noqa: PLC0415

    _run(refund_purchase(purchase_id, amount, currency, actor, refund_id))


@app.command("repair-refund")
def repair_refund(
    refund_id: UUID,
    action: Annotated[str, typer.Argument(help="retry or give_up")],
    actor: Annotated[str, typer.Option(help="Who decides, for the audit log.")] = "cli",
) -> None:
    """Decide about a refund that the provider refused."""
    from workers.refund import decide_refused_refund  # noqa: PLC0415

    _run(decide_refused_refund(refund_id, action, actor))


@app.command()
def token(service: Annotated[str, typer.Argument(help="The service's name.")]) -> None:
    """Print an access token of the HTTP API for a service; it lives 15 minutes."""
    from workers.tokens import service_token  # noqa: PLC0415

    typer.echo(service_token(service))
