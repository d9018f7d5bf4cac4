"""A Telegram that has had enough of the bot, and a customer who has."""

from sandbox.control_room.outages.outage import CannotBreak, Outage
from sandbox.control_room.people import People
from sandbox.control_room.views import OutageKind, OutageView
from sandbox.telegram.client import FaultKind, TelegramSandbox

SPOILT = 6
RETRY_AFTER_SECONDS = 2


class TelegramFlood(Outage):
    """429 with `retry_after` for the bot's next calls of whatever method."""

    kind = OutageKind.TELEGRAM_FLOOD

    def __init__(self, telegram: TelegramSandbox) -> None:
        self._telegram = telegram

    async def _begin(self) -> None:
        await self._telegram.order_fault(
            FaultKind.TOO_MANY_REQUESTS, times=SPOILT, retry_after=RETRY_AFTER_SECONDS
        )

    async def _cure(self) -> None:
        await self._telegram.clear_faults()

    async def _look(self) -> OutageView:
        faults = await self._telegram.faults()
        left = sum(each.times for each in faults if each.kind is FaultKind.TOO_MANY_REQUESTS)
        return self._view(left > 0, left=left or None)


class BotBlocked(Outage):
    """The newest customer blocks the bot; the cure unblocks it for everybody who did."""

    kind = OutageKind.BOT_BLOCKED

    def __init__(self, telegram: TelegramSandbox, people: People) -> None:
        self._telegram = telegram
        self._people = people

    async def _begin(self) -> None:
        started = [each for each in await self._people.customers() if each.has_started]
        if not started:
            raise CannotBreak("nobody has pressed START yet")
        await self._telegram.block(started[-1].user_id)

    async def _cure(self) -> None:
        for customer in await self._people.customers():
            if customer.has_blocked:
                await self._telegram.unblock(customer.user_id)

    async def _look(self) -> OutageView:
        blocked = [each.name for each in await self._people.customers() if each.has_blocked]
        return self._view(bool(blocked), whom=", ".join(blocked) or None)
