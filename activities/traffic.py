"""Counters of VPN servers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from domain.devices import DeviceWork
from domain.errors import ServerRefused, ServerUnavailable
from domain.ports import PeerGateway, QuotaLedger, SpeedLedger, SubscriptionDesk, TrafficLedger
from domain.servers import Server

NOTICES_AT_ONCE = 100

SPEEDS_AT_ONCE = 200
"""What is left over comes with the next count; a reconcile brings all of a server's at once."""


@dataclass(frozen=True)
class TrafficActivities:
    """Steps that look at VPN servers, and have them told what follows from it."""

    traffic: TrafficLedger
    gateway: PeerGateway
    quotas: QuotaLedger
    speeds: SpeedLedger
    desk: SubscriptionDesk

    @activity.defn
    async def collect_statistics(self, at: datetime | None = None) -> Sequence[str]:
        """Note what every server has counted; the slugs of those that did not answer.

        All at once, so that a dead one holds up nothing but its own count.

        Args:
            at: the workflow's time; None where a worker of the release before has asked.
        """
        now = at or datetime.now(UTC)
        servers = await self.traffic.servers()
        answers = await asyncio.gather(*(self._collect(server, now) for server in servers))
        await self._settle_quotas(now)
        await self._settle_speeds()
        return [
            server.slug for server, answered in zip(servers, answers, strict=True) if not answered
        ]

    async def _settle_quotas(self, now: datetime) -> None:
        """Begin the periods that are due, and have customers told who have come to a mark."""
        for notice in await self.quotas.settle(now, NOTICES_AT_ONCE):
            await self.desk.tell_quota(notice)
            await self.quotas.note_told(notice)

    async def _settle_speeds(self) -> None:
        """Have servers told of speeds that plans give by now and that they have not heard of."""
        turns = await self.speeds.settle(SPEEDS_AT_ONCE)
        if turns:
            await self.desk.carry_out(DeviceWork(setups=tuple(turns)))

    async def _collect(self, server: Server, now: datetime) -> bool:
        try:
            peers = await self.gateway.statistics(server)
        except (ServerUnavailable, ServerRefused) as error:
            activity.logger.warning("%s was not counted: %s", server.slug, error)
            return False
        await self.traffic.note(server.server_id, peers, now)
        return True
