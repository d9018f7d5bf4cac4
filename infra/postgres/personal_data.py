"""Everything that is kept about one customer, collected along the references to them.

By the references and not by a list of tables, so that a table that is added later is in it.
"""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from uuid import UUID

from asyncpg import Record

from domain.ids import UserId
from domain.ports import Sealer
from domain.privacy import CustomerData
from infra.postgres.ledger import payment_context
from infra.postgres.pool import Connection, Pool

_REFERENCES = """
    select c.conrelid::regclass::text as child, a.attname as child_column,
           c.confrelid::regclass::text as parent, b.attname as parent_column
    from pg_constraint c
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
    where c.contype = 'f' and array_length(c.conkey, 1) = 1
    order by 1, 2
"""
"""From tables whose rows belong to rows of others; a customer's are reached from `users`."""

_SOMEBODY_ELSE = "another customer"

Rows = dict[str, list[Record]]
_Place = tuple[int, int]
"""Where a row lies, `ctid`: it names the row for as long as one transaction."""


class _Reference(NamedTuple):
    child: str
    child_column: str
    parent: str
    parent_column: str


class PersonalDataExport:
    """Collects a customer's rows. What is sealed is left out, but for how payments were made."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def of(self, user_id: UserId, now: datetime) -> CustomerData:
        """The customer's data as of one moment; no rows for somebody who was never here."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            rows = await _collected(connection, user_id)
            rows["user_sessions"] = await connection.fetch(
                "select * from user_sessions "
                "where string_to_array(session_key, ':') && array[$1::text]",
                str(user_id),
            )
            others = await _columns_of_people(connection)
        return CustomerData(
            user_id=user_id,
            collected_at=now,
            tables={
                table: [self._readable(table, row, user_id, others) for row in found]
                for table, found in rows.items()
                if found
            },
        )

    def _readable(
        self, table: str, row: Record, user_id: UserId, people: frozenset[tuple[str, str]]
    ) -> dict[str, object]:
        readable: dict[str, object] = {}
        for name, value in row.items():
            if (table, name) in people and value is not None and value != user_id:
                readable[name] = _SOMEBODY_ELSE
            elif name != "ctid" and not isinstance(value, bytes):
                readable[name] = _plain(value)
        if table == "payments":
            readable["as_the_provider_told"] = self._opened(row)
        return readable

    def _opened(self, payment: Record) -> object:
        context = payment_context(payment["provider_payment_id"])
        return json.loads(self._sealer.unseal(payment["metadata_sealed"], context=context))


async def _collected(connection: Connection, user_id: UserId) -> Rows:
    """From the customer's row to all that refers to it, however long the way; each row once."""
    references = await _references(connection)
    own = await connection.fetch("select ctid, * from users where user_id = $1", user_id)
    found: dict[str, dict[_Place, Record]] = {"users": _by_place(own)}
    waiting = ["users"]
    while waiting:
        parent = waiting.pop(0)
        for reference in (each for each in references if each.parent == parent):
            known = found.setdefault(reference.child, {})
            before = len(known)
            known.update(_by_place(await _children(connection, reference, found[parent].values())))
            if len(known) > before:
                waiting.append(reference.child)
    return {table: list(rows.values()) for table, rows in found.items()}


async def _references(connection: Connection) -> tuple[_Reference, ...]:
    return tuple(_Reference(**row) for row in await connection.fetch(_REFERENCES))


async def _children(
    connection: Connection, reference: _Reference, parents: Iterable[Record]
) -> list[Record]:
    # The names come from PostgreSQL's own catalogue, quoted by it where needed.
    return await connection.fetch(
        f"select ctid, * from {reference.child} "  # noqa: S608
        f"where {reference.child_column} = any($1)",
        [row[reference.parent_column] for row in parents],
    )


def _by_place(rows: Iterable[Record]) -> dict[_Place, Record]:
    return {row["ctid"]: row for row in rows}


async def _columns_of_people(connection: Connection) -> frozenset[tuple[str, str]]:
    """Every column that holds a customer's number, however long the chain of references."""
    references, people = await _references(connection), {("users", "user_id")}
    while (
        new := {
            (each.child, each.child_column)
            for each in references
            if (each.parent, each.parent_column) in people
        }
        - people
    ):
        people |= new
    return frozenset(people)


def _plain(value: object) -> object:
    """As JSON has it."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal() | UUID() | IPv4Address() | IPv6Address():
            return str(value)
        case list() | tuple():
            return [_plain(each) for each in value]
    return value
