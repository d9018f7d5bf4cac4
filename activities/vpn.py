"""Peers on VPN servers."""

from contextlib import suppress
from dataclasses import dataclass

from temporalio import activity

from domain.devices import DeviceTurn, SetupOutcome
from domain.errors import AccessEnded, PeerSuperseded
from domain.ids import DeviceId, ServerId
from domain.model import Value
from domain.ports import AccessLedger, DeviceLedger, PeerGateway
from domain.servers import Peer
from domain.subscriptions import Move, PlacedPeer


class MoveDevice(Value):
    """A device to take away from a server (a slug)."""

    device_id: DeviceId
    away_from: str | None


@dataclass(frozen=True)
class VpnActivities:
    """Steps that change a VPN server; keys stay out of the workflow's history."""

    access: AccessLedger
    devices: DeviceLedger
    gateway: PeerGateway

    @activity.defn
    async def ensure_peer(self, device_id: DeviceId) -> str:
        """Make the device's server hold its peer; the server's slug."""
        return (await self._hold(device_id)).server.slug

    @activity.defn
    async def set_up_device(self, turn: DeviceTurn) -> SetupOutcome:
        """The same, unless a later decision about the device is in force."""
        if not await self.devices.is_current(turn):
            return SetupOutcome.OBSOLETE
        try:
            await self._hold(turn.device_id)
        except AccessEnded:
            return SetupOutcome.OBSOLETE
        return SetupOutcome.HELD

    @activity.defn
    async def move_device(self, move: MoveDevice) -> Move:
        """Decide for another server."""
        return await self.access.move_device(move.device_id, move.away_from)

    @activity.defn
    async def remove_peer(self, placed: PlacedPeer) -> None:
        """Make the server forget the peer, then free its address.

        A peer that came back meanwhile has a newer revision, and with it a new address: the one
        that it left is free all the same.
        """
        await self._let_go_of_old_keys(placed.device_id, placed.server_id)
        await self._let_go(placed)

    async def _hold(self, device_id: DeviceId) -> Peer:
        """Put the device's peer onto its server, where its earlier keys leave first."""
        peer = await self.access.placed_peer(device_id)
        await self._let_go_of_old_keys(device_id, peer.server.server_id)
        try:
            await self.gateway.ensure_peer(peer)
        except PeerSuperseded:
            if (await self.access.placed_peer(device_id)).revision == peer.revision:
                raise
            return await self._hold(device_id)
        await self.devices.confirm_peer(device_id, peer.revision)
        return peer

    async def _let_go_of_old_keys(self, device_id: DeviceId, server_id: ServerId) -> None:
        """Keys that leaked leave before anything else: they hold the device's address."""
        for retired in await self.devices.retired_peers(device_id, server_id):
            await self._let_go(retired)

    async def _let_go(self, placed: PlacedPeer) -> None:
        with suppress(PeerSuperseded):
            await self.gateway.remove_peer(await self.access.removal(placed))
        await self.access.confirm_removal(placed)
