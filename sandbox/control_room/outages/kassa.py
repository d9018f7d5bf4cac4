"""A YooKassa that charges and says 500, that is away, or whose notifications go astray."""

from typing import ClassVar

from sandbox.control_room.outages.outage import Outage
from sandbox.control_room.views import OutageKind, OutageView
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.faults import FaultKind, Operation
from sandbox.yookassa.notifications import Mode

SPOILT = 2
"""How many calls of each operation go wrong."""
_CHARGES = (Operation.CREATE_PAYMENT, Operation.CREATE_REFUND)


class KassaErrorAfter(Outage):
    """The money moves, and the shop is told 500: the next calls, then all is well by itself."""

    kind = OutageKind.KASSA_ERROR_AFTER

    def __init__(self, kassa: YooKassaSandbox) -> None:
        self._kassa = kassa

    async def _begin(self) -> None:
        for operation in _CHARGES:
            await self._kassa.order_fault(operation, FaultKind.ERROR_AFTER, times=SPOILT)

    async def _cure(self) -> None:
        outage = (await self._kassa.situation()).outage
        await self._kassa.clear_faults()
        if outage is not None:  # It is not for this cure to end.
            await self._kassa.go_down(outage)

    async def _look(self) -> OutageView:
        faults = (await self._kassa.situation()).faults
        left = sum(fault.times for fault in faults if fault.kind is FaultKind.ERROR_AFTER)
        return self._view(left > 0, left=left or None)


class KassaDown(Outage):
    """Connections to it break before anything happens."""

    kind = OutageKind.KASSA_DOWN

    def __init__(self, kassa: YooKassaSandbox) -> None:
        self._kassa = kassa

    async def _begin(self) -> None:
        await self._kassa.go_down()

    async def _cure(self) -> None:
        await self._kassa.come_back()

    async def _look(self) -> OutageView:
        return self._view((await self._kassa.situation()).outage is not None)


class _Notifications(Outage):
    mode: ClassVar[Mode]

    def __init__(self, kassa: YooKassaSandbox) -> None:
        self._kassa = kassa

    async def _begin(self) -> None:
        await self._kassa.notification_mode(self.mode)

    async def _cure(self) -> None:
        if (await self._look()).is_on:
            await self._kassa.notification_mode(Mode.NORMAL)

    async def _look(self) -> OutageView:
        return self._view((await self._kassa.situation()).notifications.mode is self.mode)


class NotificationsLost(_Notifications):
    """Nothing arrives: the shop has to ask."""

    kind = OutageKind.NOTIFICATIONS_LOST
    mode = Mode.LOST


class NotificationsDoubled(_Notifications):
    """All arrive twice."""

    kind = OutageKind.NOTIFICATIONS_DOUBLED
    mode = Mode.DOUBLED
