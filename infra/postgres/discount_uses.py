"""Discounts that are counted: held when a purchase is opened, spent when it is paid.

Functions over one connection. A hold lapses by itself, so that a purchase whose workflow never
began keeps nobody else from a code.
"""

from datetime import datetime, timedelta

from domain.errors import PromoRefused
from domain.ids import PromoId, PurchaseId, UserId
from domain.promotions import PromoUsage, first_purchase_refusal, refusal_of
from domain.purchases import PurchaseOrder, PurchasePolicy
from infra.postgres.pool import Connection
from infra.postgres.promo_codes import promo_from

_MARGIN = timedelta(minutes=5)
"""How much longer than the payment page a hold lasts; the purchase itself releases it in time."""

_HOLD = """
    insert into discount_uses
        (purchase_id, user_id, promo_id, is_for_first_purchase, state, held_until)
    values ($1, $2, $3, $4, 'held', $5)
    on conflict (purchase_id) do update set state = 'held', held_until = excluded.held_until
        where discount_uses.state <> 'spent'
"""

_USAGE = """
    select count(*) filter (where promo_id = $2) as uses,
           count(*) filter (where promo_id = $2 and user_id = $1) as uses_by_customer,
           count(*) filter (where promo_id = $2 and user_id = $1 and state = 'held')
               as held_by_customer,
           coalesce(bool_or(user_id = $1 and is_for_first_purchase and state = 'held'), false)
               as first_purchase_is_held,
           exists (select from payments join purchases p using (purchase_id)
                   where p.user_id = $1 and status <> 'refunded') as has_paid
    from discount_uses
    where (promo_id = $2 or user_id = $1) and purchase_id is distinct from $4
      and (state = 'spent' or (state = 'held' and held_until > $3))
"""


async def hold_discounts(connection: Connection, order: PurchaseOrder, now: datetime) -> None:
    """Hold the order's counted discounts for it; needs a transaction.

    Whoever wants the same waits at the customer's row, then at the code's.

    Raises:
        PromoRefused: One of them can no longer be had.
    """
    counted = [discount for discount in order.discounts if discount.is_counted]
    if not counted:
        return
    await connection.execute(
        "select from users where user_id = $1 for no key update", order.user_id
    )
    promo_id = next((each.promo_id for each in counted if each.promo_id is not None), None)
    is_first = any(each.is_for_first_purchase for each in counted)
    await _check(connection, order, promo_id, now, is_first=is_first)
    until = now + _longest_page(order.policy)
    await connection.execute(_HOLD, order.purchase_id, order.user_id, promo_id, is_first, until)


async def spend_discounts(connection: Connection, purchase_id: PurchaseId) -> None:
    """The purchase was paid, however late: what was agreed holds."""
    await connection.execute(
        """
        with spent as (
            update discount_uses set state = 'spent' where purchase_id = $1
            returning user_id, promo_id
        )
        delete from promo_choices c using spent s
        where c.user_id = s.user_id and c.promo_id = s.promo_id
        """,
        purchase_id,
    )


async def release_discounts(
    connection: Connection, purchase_id: PurchaseId, *, even_spent: bool = False
) -> None:
    """The purchase rests without money: others may have what it held.

    `even_spent` when its money was given back, so that a failure of the shop costs no code.
    """
    await connection.execute(
        """
        update discount_uses set state = 'released'
        where purchase_id = $1 and (state = 'held' or $2)
        """,
        purchase_id,
        even_spent,
    )


async def usage_of(
    connection: Connection,
    user_id: UserId,
    promo_id: PromoId | None,
    now: datetime,
    *,
    besides: PurchaseId | None = None,
) -> PromoUsage:
    """How the code is used, and what the customer had; `besides` that purchase."""
    row = await connection.fetchrow(_USAGE, user_id, promo_id, now, besides)
    assert row is not None  # noqa: S101  # an aggregate has one row
    return PromoUsage.model_validate(dict(row))


async def _check(
    connection: Connection,
    order: PurchaseOrder,
    promo_id: PromoId | None,
    now: datetime,
    *,
    is_first: bool,
) -> None:
    code = None
    if promo_id is not None:
        row = await connection.fetchrow(
            "select * from promo_codes where promo_id = $1 for no key update", promo_id
        )
        code = None if row is None else promo_from(row)
    usage = await usage_of(connection, order.user_id, promo_id, now, besides=order.purchase_id)
    refusal = refusal_of(code, usage, now) if promo_id is not None else None
    if refusal is None and is_first:
        refusal = first_purchase_refusal(usage)
    if refusal is not None:
        raise PromoRefused(refusal)


def _longest_page(policy: PurchasePolicy) -> timedelta:
    return policy.invoice_budget + policy.payment_window + _MARGIN
