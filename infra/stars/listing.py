"""Telegram's own list of the bot's Stars, read on from where it was left.

The list is the truth about payments: an update is a hint, as any notification. It is chronological
(for bots tdlib asks for ascending order, td/telegram/StarManager.cpp), so what was read once need
not be read again.
"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import structlog
from aiogram import Bot
from aiogram.methods import TelegramMethod
from pydantic import BaseModel, BeforeValidator, ValidationError

from domain.errors import ProviderUnavailable
from domain.ids import ProviderPaymentId, UserId
from domain.money import stars
from domain.stars import StarCharge, purchase_of_payload
from infra.postgres.stars import ListedRefund, StarsBook
from infra.stars.errors import provider_errors

PAGE = 100
"""The most that Telegram gives at once."""

_log = structlog.get_logger(__name__)


class _RawList(TelegramMethod[dict[str, Any]]):
    """`getStarTransactions`, unparsed.

    aiogram refuses a whole page for one kind of partner that it does not know; payments behind
    it would never be seen.
    """

    __returning__ = dict[str, Any]
    __api_method__ = "getStarTransactions"

    offset: int
    limit: int


class _Person(BaseModel):
    id: int


class _Partner(BaseModel):
    """A partner that is a person; what others have is not looked at."""

    type: str
    user: _Person | None = None
    invoice_payload: str | None = None


def _moment(seconds: object) -> object:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else seconds


class _Line(BaseModel):
    id: ProviderPaymentId
    amount: int
    date: Annotated[datetime, BeforeValidator(_moment)]
    source: _Partner | None = None
    receiver: _Partner | None = None

    def charge(self) -> StarCharge | None:
        """The payment of one of our invoices that this line is, if it is one."""
        if self.source is None or self.source.user is None or self.amount <= 0:
            return None
        purchase_id = purchase_of_payload(self.source.invoice_payload or "")
        if purchase_id is None:
            return None
        return StarCharge(
            charge_id=self.id,
            purchase_id=purchase_id,
            payer=UserId(self.source.user.id),
            amount=stars(self.amount),
            paid_at=self.date,
        )

    def refund(self) -> ListedRefund | None:
        """The refund that this line is: it has the id of the payment, and a person gets it."""
        if self.receiver is None or self.receiver.user is None:
            return None
        return ListedRefund(charge_id=self.id, refunded_at=self.date)


class _Page(BaseModel):
    transactions: tuple[_Line, ...]


class StarList:
    """Reads the list; who asks while it is being read is served by the next reading."""

    def __init__(self, bot: Bot, book: StarsBook) -> None:
        self._bot = bot
        self._book = book
        self._reading = asyncio.Lock()
        self._begun = 0
        self._finished = 0
        """The number of the last reading that came to its end."""

    async def read_on(self) -> None:
        """Note everything that the list has by now. Raises as the gateway does."""
        begun_before = self._begun
        async with self._reading:
            if self._finished > begun_before:
                return
            self._begun += 1
            await self._read()
            self._finished = self._begun

    async def _read(self) -> None:
        read = await self._book.lines_read(self._bot.id)
        while True:
            lines = await self._page(read)
            read += len(lines)
            await self._note(lines, read)
            if len(lines) < PAGE:
                return

    async def _page(self, offset: int) -> tuple[_Line, ...]:
        with provider_errors():
            raw = await self._bot(_RawList(offset=offset, limit=PAGE))
        try:
            return _Page.model_validate(raw).transactions
        except ValidationError as error:
            places = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors())
            raise ProviderUnavailable(f"the list of Stars makes no sense at: {places}") from None

    async def _note(self, lines: tuple[_Line, ...], read: int) -> None:
        charges = [charge for line in lines if (charge := line.charge()) is not None]
        refunds = [refund for line in lines if (refund := line.refund()) is not None]
        for charge_id in await self._book.note_listed(self._bot.id, charges, refunds, read):
            # An update that comes yet has it given back; one that never comes needs a person.
            _log.error("stars.paid_twice_and_not_told", charge=charge_id)
