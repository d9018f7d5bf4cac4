"""`wgshop server evacuate`: what it means is said first, then it is watched to its end."""

import asyncio
import sys

import typer
from temporalio.client import WorkflowFailureError

from domain.errors import FleetRefused
from domain.evacuation import EvacuationOrder, EvacuationProgress, Forecast
from domain.servers import Server
from infra.postgres.evacuating import forecast
from infra.postgres.fleet import Fleet
from infra.postgres.pool import Pool, open_pool
from infra.settings import DatabaseSettings, EncryptionSettings, TemporalSettings, load
from temporal.client import connect
from temporal.evacuation import Watched, begin_or_join, progress_of, under_way
from workers.temporal_link import temporal_target

A_SECOND = 1.0


async def evacuate_server(order: EvacuationOrder, *, is_sure: bool) -> None:
    """Have it done by the workers, and watch; one that is under way is joined without a word."""
    ring = load(EncryptionSettings).key_ring()
    client = await connect(temporal_target(load(TemporalSettings)), ring, lazy=True)
    async with await open_pool(load(DatabaseSettings).url.get_secret_value(), size=1) as pool:
        target = (await Fleet(pool, ring).berth(order.target)).registration.server
        if not await under_way(client, order):
            await _explain(pool, order, target)
            confirm(is_sure=is_sure)
    done = await watch(await begin_or_join(client, order))
    if done.tally.clinging:
        typer.echo(
            f"{order.source} has not let go of {done.tally.clinging} peers yet: the workflow "
            f"clear:{order.source} goes on asking it"
        )


async def watch(handle: Watched) -> EvacuationProgress:
    """Print how far it is until it is done. Stopping to watch stops nothing.

    Raises:
        FleetRefused: it could not even begin.
        TemporalUnavailable: nobody answers; what is under way goes on without us.
    """
    said = ""
    result = asyncio.ensure_future(handle.result())
    try:
        while True:
            await asyncio.wait({result}, timeout=A_SECOND)
            words = (result.result() if result.done() else await progress_of(handle)).in_words
            if words != said:
                typer.echo(words)
            if result.done():
                return result.result()
            said = words
    except WorkflowFailureError as error:
        cause = error.cause.__cause__ or error.cause
        raise FleetRefused(getattr(cause, "message", str(cause))) from error
    finally:
        result.cancel()


def confirm(*, is_sure: bool) -> None:
    """Ask, unless that was answered in advance. Raises `FleetRefused` where nobody is there."""
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise FleetRefused("nobody is here to confirm it: say --yes if it is meant so")
    typer.confirm("Begin?", abort=True)


async def _explain(pool: Pool, order: EvacuationOrder, target: Server) -> None:
    """Say what it means. Raises `FleetRefused` where the target is too small."""
    expected = await forecast(pool, order)
    typer.echo(
        f"{order.source} has {expected.devices} customers' devices, and keeps addresses for "
        f"{expected.resting} more; {order.target} has room for {expected.room}"
    )
    if expected.room < expected.devices:
        raise FleetRefused(
            f"{order.target} is too small: run its `wgshop server add` again with a --capacity of "
            f"{expected.devices + expected.resting} more, or choose another --to"
        )
    if expected.elsewhere:
        typer.echo(f"{expected.elsewhere} of them have plans that exclude {target.location}")
    typer.echo(_files(order, expected, target))


def _files(order: EvacuationOrder, expected: Forecast, target: Server) -> str:
    if expected.keeps_files:
        return (
            "Their files stay true, so nothing is sent (except to those whose address is taken "
            f"there). Point {target.endpoint_host} to {target.ssh_host} now: a device that was "
            "connected looks the name up when its tunnel is switched off and on"
        )
    return (
        "Each device gets a new file in the chat, once, and cannot connect until that is in its "
        f"app: {order.target} has another address or key"
    )
