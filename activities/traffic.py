"""Counters of VPN servers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import activity

from domain.devices import DeviceWork
from domain.errors import ServerRefused, ServerUnavailable
from domain.ports import PeerGateway, SpeedLedger, SubscriptionDesk, TrafficLedger
from domain.servers import Server

SPEEDS_AT_ONCE = 200
"""What is left over comes with the next count; a reconcile brings all of a server's at once."""


@dataclass(frozen=True)
class TrafficActivities:
    """Steps that look at VPN servers, and have them told what follows from it."""

    traffic: TrafficLedger
    gateway: PeerGateway
    speeds: SpeedLedger
    desk: SubscriptionDesk

    @activity.defn
    async def collect_statistics(self) -> Sequence[str]:
        """Note what every server has counted; the slugs of those that did not answer.

        All at once, so that a dead one holds up nothing but its own count.
        """
        servers = await self.traffic.servers()
        answers = await asyncio.gather(*(self._collect(server) for server in servers))
        await self._settle_speeds()
        return [
            server.slug for server, answered in zip(servers, answers, strict=True) if not answered
        ]

    async def _settle_speeds(self) -> None:
        """Have servers told of speeds that plans give by now and that they have not heard of."""
        turns = await self.speeds.settle(SPEEDS_AT_ONCE)
        if turns:
            await self.desk.carry_out(DeviceWork(setups=tuple(turns)))

    async def _collect(self, server: Server) -> bool:
        try:
            peers = await self.gateway.statistics(server)
        except (ServerUnavailable, ServerRefused) as error:
            activity.logger.warning("%s was not counted: %s", server.slug, error)
            return False
        await self.traffic.note(server.server_id, peers)
        return True
