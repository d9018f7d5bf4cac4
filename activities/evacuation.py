"""Customers who move to another server, and files that are replaced."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import activity

from activities.vpn import VpnActivities
from domain.evacuation import (
    Decided,
    Evacuation,
    EvacuationOrder,
    Handout,
    NextBatch,
    NextUnfinished,
    Relocation,
    Tally,
)
from domain.ids import EvacuationId, ServerId
from domain.notices import Delivery, HandoutNotice
from domain.ports import AccessLedger, DeviceLedger, EvacuationLedger, Notices

CLEARED_AT_ONCE = 20
"""Peers in one step: an activity that dies has confirmed those that are gone."""


@dataclass(frozen=True)
class EvacuationActivities:
    """Steps that decide, and steps that tell."""

    ledger: EvacuationLedger
    access: AccessLedger
    devices: DeviceLedger
    notices: Notices

    @activity.defn
    async def begin_evacuation(self, order: EvacuationOrder) -> Evacuation:
        """Begin it, or go on with the one that is under way."""
        return await self.ledger.begin(order)

    @activity.defn
    async def decide_batch(self, wanted: NextBatch) -> Decided:
        """Decide about the next devices."""
        batch = await self.ledger.decide(wanted.evacuation, wanted.number, wanted.limit)
        tally = await self.ledger.tally(wanted.evacuation.evacuation_id)
        return Decided(batch=batch, tally=tally)

    @activity.defn
    async def unfinished_relocations(self, wanted: NextUnfinished) -> Sequence[Relocation]:
        """The next page of devices that still have to be set up or told."""
        return await self.ledger.unfinished(wanted.evacuation, wanted.after, wanted.limit)

    @activity.defn
    async def hand_out_file(self, relocation: Relocation) -> Handout:
        """Send the new file, if it is another one than the customer has."""
        handout = await self._hand_out(relocation)
        await self.ledger.note_handout(relocation, handout)
        return handout

    @activity.defn
    async def tally_evacuation(self, evacuation_id: EvacuationId) -> Tally:
        """How far it is."""
        return await self.ledger.tally(evacuation_id)

    @activity.defn
    async def finish_evacuation(self, evacuation_id: EvacuationId) -> None:
        """Everybody has moved and knows."""
        await self.ledger.finish(evacuation_id)

    async def _hand_out(self, relocation: Relocation) -> Handout:
        turn = relocation.turn
        if not await self.devices.is_current(turn):
            return Handout.OBSOLETE
        config = await self.access.client_config(turn.device_id)
        known = await self.devices.file_of(turn.device_id)
        if known is None or known == config.digest:
            # None: the purchase or setup that is under way hands over the first.
            return Handout.SAME_FILE
        notice = HandoutNotice(
            device_id=turn.device_id,
            user_id=turn.user_id,
            revision=turn.revision,
            name=await self.devices.name_of(turn.device_id),
            cause=relocation.cause,
        )
        if await self.notices.hand_out(notice, config) is Delivery.UNREACHABLE:
            return Handout.UNREACHABLE
        await self.devices.note_file(turn.device_id, config.digest)
        return Handout.SENT


@dataclass(frozen=True)
class RelocationActivities:
    """Steps on the servers themselves."""

    ledger: EvacuationLedger
    vpn: VpnActivities

    @activity.defn
    async def settle_relocation(self, relocation: Relocation) -> None:
        """Make the new server hold the device, unless a later decision is in force."""
        await self.vpn.set_up_device(relocation.turn)
        await self.ledger.note_settled(relocation)

    @activity.defn
    async def clear_server(self, server_id: ServerId) -> int:
        """Make a server let go of some of what has left it; how many that were."""
        left = await self.ledger.left_behind(server_id, CLEARED_AT_ONCE)
        for placed in left:
            await self.vpn.remove_peer(placed)
        return len(left)
