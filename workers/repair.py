"""A person's decision about a stuck purchase, from the command line."""

from uuid import UUID

import typer

from domain.errors import RepairRefused
from domain.ids import PurchaseId
from domain.purchases import Repair, RepairAction
from infra.settings import EncryptionSettings, TemporalSettings, load
from temporal.client import connect
from temporal.starter import Starter
from workers.temporal_link import temporal_target


async def repair_purchase(purchase_id: UUID, action: str, actor: str) -> None:
    """Hand the decision to the purchase. Raises what `Starter.repair` does."""
    if action not in set(RepairAction):
        raise RepairRefused(f"{action!r} is no repair: choose of {', '.join(RepairAction)}")
    ring = load(EncryptionSettings).key_ring()
    client = await connect(temporal_target(load(TemporalSettings)), ring, lazy=True)
    decision = Repair(action=RepairAction(action), actor=f"cli:{actor}")
    await Starter(client).repair(PurchaseId(purchase_id), decision)
    typer.echo(f"{action}: the purchase goes on")
