"""Bringing VPN servers to the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import activity

from domain.errors import PeerSuperseded, ServerUnavailable
from domain.ports import PeerGateway, ReconcileLedger
from domain.reconciling import ReconcileOrder, Reconciliation, drift_between, peer_set


@dataclass(frozen=True)
class ReconcileActivities:
    """The mending is one step, since keys stay out of the history; a repeat begins it anew."""

    ledger: ReconcileLedger
    gateway: PeerGateway

    @activity.defn
    async def servers_to_reconcile(self) -> Sequence[ReconcileOrder]:
        """The servers to look after."""
        return await self.ledger.servers()

    @activity.defn
    async def reconcile(self, order: ReconcileOrder) -> Reconciliation:
        """Ask the server, read the ledger, count the drift, and mend it."""
        roll = await self.ledger.roll(order.server_id)
        listing = await self.gateway.listing(roll.server)
        muster = await self.ledger.muster(roll, listing)
        seen = drift_between(listing, roll, muster)
        removed = seen.strangers if order.removes_strangers else ()
        left = seen.model_copy(update={"strangers": (), "blocked": 0}) if removed else seen
        drift = await self.ledger.note_drift(order.server_id, muster.generation, left)
        wanted = peer_set(listing, muster, seen, removes_strangers=order.removes_strangers)
        try:
            await self.gateway.sync(muster.server, wanted)
        except PeerSuperseded as error:
            raise ServerUnavailable(f"a later reconcile overtook this one: {error}") from error
        await self.ledger.note_mended(order.server_id, muster.generation)
        return Reconciliation(
            server=order.slug,
            drift=drift.model_copy(update={"strangers": removed}) if removed else drift,
            generation=muster.generation,
            peers=len(muster.peers),
        )
