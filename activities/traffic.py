"""Counters of VPN servers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import activity

from domain.errors import ServerRefused, ServerUnavailable
from domain.ports import PeerGateway, TrafficLedger
from domain.servers import Server


@dataclass(frozen=True)
class TrafficActivities:
    """Steps that look at VPN servers without changing them."""

    traffic: TrafficLedger
    gateway: PeerGateway

    @activity.defn
    async def collect_statistics(self) -> Sequence[str]:
        """Note what every server has counted; the slugs of those that did not answer.

        All at once, so that a dead one holds up nothing but its own count.
        """
        servers = await self.traffic.servers()
        answers = await asyncio.gather(*(self._collect(server) for server in servers))
        return [
            server.slug for server, answered in zip(servers, answers, strict=True) if not answered
        ]

    async def _collect(self, server: Server) -> bool:
        try:
            peers = await self.gateway.statistics(server)
        except (ServerUnavailable, ServerRefused) as error:
            activity.logger.warning("%s was not counted: %s", server.slug, error)
            return False
        await self.traffic.note(server.server_id, peers)
        return True
