"""Looks at VPN servers, as the shop sees them and as a customer does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from domain.canaries import Canary, CanaryReport
from domain.errors import FleetRefused, ServerBusy, ServerRefused, ServerUnavailable
from domain.health import FullAlarm, HealthAlarm, HealthRecord, Patient, Round, Symptom, look_of
from domain.ports import HealthLedger, Notices, PeerGateway
from domain.servers import Server, ServerInfo

TRIES_IN_LINE = 10
PAUSE_IN_LINE = 1.0
"""In seconds."""

Probe = Callable[[Canary, Server], Awaitable[CanaryReport]]
"""Greets a server as a customer's device would."""


@dataclass(frozen=True)
class HealthActivities:
    """Steps that look, and note what they saw."""

    health: HealthLedger
    gateway: PeerGateway
    probe: Probe

    @activity.defn
    async def look_at_servers(self) -> Round:
        """Look at every server at once; a dead one holds up nothing but the end of the round."""
        patients = await self.health.patients()
        seen = await asyncio.gather(*(self._look_at(patient) for patient in patients))
        found = [one for one in seen if one is not None]
        return Round(
            records=tuple(record for record, _ in found),
            drifted=tuple(record.server_id for record, has_drifted in found if has_drifted),
            plans_without_room=await self.health.plans_without_room(),
        )

    async def _look_at(self, patient: Patient) -> tuple[HealthRecord, bool] | None:
        server = patient.server
        (answer, detail), report = await asyncio.gather(self._ask(server), self._try(patient))
        if report is not None and not report.is_well and isinstance(answer, ServerInfo):
            report = await self._try_again(patient) or report
        try:
            census = await self.health.census(server.server_id)
            look = look_of(server, answer, detail, report, census)
            record = await self.health.note_look(server.server_id, look, datetime.now(UTC))
        except FleetRefused:
            return None  # An operator has removed it meanwhile.
        return record, look.has_drifted

    async def _ask(self, server: Server) -> tuple[ServerInfo | Symptom, str]:
        try:
            return await self._ask_in_line(server), ""
        except ServerRefused as error:
            return Symptom.REFUSES, str(error)
        except ServerUnavailable as error:
            return Symptom.GONE, str(error)

    async def _ask_in_line(self, server: Server) -> ServerInfo:
        """A line that is full for a moment says nothing of the server; one that stays so does."""
        for _ in range(TRIES_IN_LINE - 1):
            with suppress(ServerBusy):
                return await self.gateway.info(server)
            await asyncio.sleep(PAUSE_IN_LINE)
        return await self.gateway.info(server)

    async def _try(self, patient: Patient) -> CanaryReport | None:
        return None if patient.canary is None else await self.probe(patient.canary, patient.server)

    async def _try_again(self, patient: Patient) -> CanaryReport | None:
        """Once more, with the canary put back: a server that lost its peers is not blocked."""
        if patient.canary is None:
            return None
        try:
            await self.gateway.ensure_peer(patient.canary.peer_on(patient.server))
        except (ServerRefused, ServerUnavailable) as error:
            activity.logger.warning("%s does not take its canary: %s", patient.server.slug, error)
            return None
        return await self.probe(patient.canary, patient.server)


@dataclass(frozen=True)
class HealthNewsActivities:
    """Steps that call the staff."""

    health: HealthLedger
    notices: Notices

    @activity.defn
    async def raise_health_alarm(self, alarm: HealthAlarm) -> None:
        """Tell the staff, once for each fall and each return."""
        await self.notices.raise_health_alarm(alarm)
        await self.health.note_told(alarm.record.server_id, alarm.record.health)

    @activity.defn
    async def raise_full_alarm(self, alarm: FullAlarm) -> None:
        """Tell the staff, once for each occasion."""
        await self.notices.raise_full_alarm(alarm)
