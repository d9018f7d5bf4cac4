"""What Telegram told of payments in Stars, by its updates and by its list."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from domain.ids import ProviderPaymentId, PurchaseId, UserId
from domain.model import Value
from domain.money import Money, stars
from domain.payments import Invoice, Provider
from domain.stars import StarCharge
from infra.postgres.pool import Connection, Pool


class ListedRefund(Value):
    """A line of Telegram's list that gives a payment back."""

    charge_id: ProviderPaymentId
    refunded_at: datetime


class KnownCharge(Value):
    """A payment in Stars with what became of it."""

    charge: StarCharge
    is_listed: bool
    """Whether Telegram's list has it; until then an update told, which may be wrong."""
    refunded_at: datetime | None


class AskedInvoice(Value):
    """An invoice that was made, and what it asks for."""

    invoice: Invoice
    price: Money


class StarsBook:
    """The tables `star_charges` and `star_lists`, and the invoices in Stars."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def invoice(self, payload: ProviderPaymentId) -> AskedInvoice | None:
        """The invoice that carries this payload, if it was made."""
        row = await self._pool.fetchrow(
            """
            select i.*, p.price, p.currency from invoices i join purchases p using (purchase_id)
            where i.provider_payment_id = $1 and i.provider = $2
            """,
            payload,
            Provider.STARS,
        )
        if row is None:
            return None
        price = Money(amount=row["price"], currency=row["currency"])
        return AskedInvoice(invoice=Invoice.model_validate(dict(row)), price=price)

    async def note_told(self, charge: StarCharge) -> bool | None:
        """Note what an update tells; whether it is a surplus, None when the purchase is unknown.

        The first charge of a purchase pays it, whoever tells of it first; any further one is a
        surplus and goes back.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if not await _is_known(connection, charge.purchase_id):
                return None
            return await _note(connection, charge)

    async def lines_read(self, bot_id: int) -> int:
        """How many lines of the bot's list have been read."""
        found = await self._pool.fetchval(
            "select lines_read from star_lists where bot_id = $1", bot_id
        )
        return int(found or 0)

    async def note_listed(
        self,
        bot_id: int,
        charges: Sequence[StarCharge],
        refunds: Sequence[ListedRefund],
        lines_read: int,
    ) -> tuple[ProviderPaymentId, ...]:
        """Note a page of the list; repeats and readers side by side change nothing.

        Returns:
            The payments that are new to us and a surplus: no update told of them.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            untold = [each for each in charges if await _note_line(connection, each)]
            for refund in refunds:
                await _note_refunded(connection, refund.charge_id, refund.refunded_at)
            await connection.execute(
                """
                insert into star_lists (bot_id, lines_read) values ($1, $2)
                on conflict (bot_id) do update
                    set lines_read = greatest(star_lists.lines_read, excluded.lines_read)
                """,
                bot_id,
                lines_read,
            )
        return tuple(each.charge_id for each in untold)

    async def note_refunded(self, charge_id: ProviderPaymentId, at: datetime) -> None:
        """Telegram gave the Stars back; the first time that it said so is kept."""
        async with self._pool.acquire() as connection:
            await _note_refunded(connection, charge_id, at)

    async def charge_of(self, purchase_id: PurchaseId) -> KnownCharge | None:
        """The charge that pays the purchase."""
        row = await self._pool.fetchrow(
            "select * from star_charges where purchase_id = $1 and not is_surplus", purchase_id
        )
        return None if row is None else _known(row)

    async def charge(self, charge_id: ProviderPaymentId) -> KnownCharge | None:
        """The charge with that id."""
        row = await self._pool.fetchrow(
            "select * from star_charges where charge_id = $1", charge_id
        )
        return None if row is None else _known(row)


async def _is_known(connection: Connection, purchase_id: PurchaseId) -> bool:
    found = await connection.fetchval(
        "select true from purchases where purchase_id = $1", purchase_id
    )
    return bool(found)


async def _note_line(connection: Connection, charge: StarCharge) -> bool:
    """Note a line; whether it is news of a surplus. A purchase that is not ours is passed over."""
    if not await _is_known(connection, charge.purchase_id):
        return False
    is_told = await connection.fetchval(
        "select true from star_charges where charge_id = $1", charge.charge_id
    )
    is_surplus = await _note(connection, charge)
    # What the list says replaces what an update said.
    await connection.execute(
        """
        update star_charges
        set amount = $2, payer = $3, paid_at = $4, listed_at = coalesce(listed_at, now())
        where charge_id = $1 and listed_at is null
        """,
        charge.charge_id,
        int(charge.amount.amount),
        charge.payer,
        charge.paid_at,
    )
    return is_surplus and not is_told


async def _note(connection: Connection, charge: StarCharge) -> bool:
    """Insert it as the one that pays, else as a surplus; a repeat finds it as it was."""
    for is_surplus in (False, True):
        await connection.execute(
            """
            insert into star_charges (charge_id, purchase_id, payer, amount, paid_at, is_surplus)
            values ($1, $2, $3, $4, $5, $6)
            on conflict do nothing
            """,
            charge.charge_id,
            charge.purchase_id,
            charge.payer,
            int(charge.amount.amount),
            charge.paid_at,
            is_surplus,
        )
    return bool(
        await connection.fetchval(
            "select is_surplus from star_charges where charge_id = $1", charge.charge_id
        )
    )


async def _note_refunded(
    connection: Connection, charge_id: ProviderPaymentId, at: datetime
) -> None:
    await connection.execute(
        """
        update star_charges set refunded_at = $2 where charge_id = $1 and refunded_at is null
        """,
        charge_id,
        at,
    )


def _known(row: Record) -> KnownCharge:
    payer = row["payer"]
    return KnownCharge(
        charge=StarCharge(
            charge_id=ProviderPaymentId(row["charge_id"]),
            purchase_id=PurchaseId(row["purchase_id"]),
            payer=None if payer is None else UserId(payer),
            amount=stars(row["amount"]),
            paid_at=row["paid_at"],
        ),
        is_listed=row["listed_at"] is not None,
        refunded_at=row["refunded_at"],
    )
