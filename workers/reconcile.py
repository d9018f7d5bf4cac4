"""`wgshop server reconcile`: a server is brought to the ledger, and what was astray is told."""

import typer

from domain.reconciling import ReconcileOrder, Reconciliation
from infra.postgres.fleet import Fleet
from infra.postgres.pool import open_pool
from infra.settings import DatabaseSettings, EncryptionSettings, TemporalSettings, load
from temporal.client import connect
from temporal.reconciling import reconcile
from workers.temporal_link import temporal_target


async def reconcile_server(slug: str, *, removes_strangers: bool) -> bool:
    """Have it done by the workers; whether the server is now what the ledger says."""
    ring = load(EncryptionSettings).key_ring()
    async with await open_pool(load(DatabaseSettings).url.get_secret_value(), size=1) as pool:
        server = (await Fleet(pool, ring).berth(slug)).registration.server
    client = await connect(temporal_target(load(TemporalSettings)), ring, lazy=True)
    order = ReconcileOrder(
        server_id=server.server_id, slug=slug, removes_strangers=removes_strangers
    )
    done = await reconcile(client, order)
    typer.echo(words_of(done, order))
    return done.problem is None and (removes_strangers or not done.drift.strangers)


def words_of(done: Reconciliation, order: ReconcileOrder) -> str:
    """What came of it, and what to do about the rest."""
    if done.problem is not None:
        return f"{done.server} was not reconciled: {done.problem}"
    drift = done.drift
    mended = (
        f"{done.server} holds the ledger's {done.peers} peers: put back {drift.missing}, "
        f"corrected {drift.changed}, taken off {drift.returned}"
    )
    lines = [mended]
    if drift.strangers and order.removes_strangers:
        lines.append(f"taken off besides, unknown to the ledger: {', '.join(drift.strangers)}")
    elif drift.strangers:
        lines.append(f"unknown to the ledger, and left alone: {', '.join(drift.strangers)}")
        lines.append(f"`wgshop server reconcile {done.server} --remove-strangers` takes them off")
    if drift.blocked and not order.removes_strangers:
        lines.append(f"{drift.blocked} customers' devices wait for addresses that these hold")
    return "\n".join(lines)
