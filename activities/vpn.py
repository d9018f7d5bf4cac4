"""Peers on VPN servers."""

from contextlib import suppress
from dataclasses import dataclass

from temporalio import activity

from domain.errors import PeerSuperseded
from domain.ids import DeviceId
from domain.model import Value
from domain.ports import AccessLedger, PeerGateway
from domain.subscriptions import Move, PlacedPeer


class MoveDevice(Value):
    """A device to take away from a server (a slug)."""

    device_id: DeviceId
    away_from: str | None


@dataclass(frozen=True)
class VpnActivities:
    """Steps that change a VPN server; keys stay out of the workflow's history."""

    access: AccessLedger
    gateway: PeerGateway

    @activity.defn
    async def ensure_peer(self, device_id: DeviceId) -> str:
        """Make the device's server hold its peer; the server's slug."""
        peer = await self.access.placed_peer(device_id)
        await self.gateway.ensure_peer(peer)
        return peer.server.slug

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
        with suppress(PeerSuperseded):
            await self.gateway.remove_peer(await self.access.removal(placed))
        await self.access.confirm_removal(placed)
