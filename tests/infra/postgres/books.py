"""What must be true of the books at any moment, whatever customers and staff did."""

from infra.postgres.pool import Pool

_UNEXPLAINED_MONEY = """
    select p.payment_id, p.amount, coalesce(b.total, 0) as behind, coalesce(r.total, 0) as back,
           coalesce(o.total, 0) as owed
    from payments p
    left join lateral (select sum(amount) as total from money_behind
                       where payment_id = p.payment_id) b on true
    left join lateral (select sum(amount) as total from refunds
                       where payment_id = p.payment_id) r on true
    left join lateral (select sum(amount) as total from refund_parts
                       where payment_id = p.payment_id and state = 'owed') o on true
    where exists (select from grants where payment_id = p.payment_id)
      and p.amount <> coalesce(b.total, 0) + coalesce(r.total, 0) + coalesce(o.total, 0)
"""

_UNEXPLAINED_TIME = """
    select s.subscription_id, s.starts_at, s.expires_at, g.total, s.frozen_for
    from subscriptions s
    left join lateral (select coalesce(sum(expires_at - starts_at - taken_back), '0') as total
                       from grants where subscription_id = s.subscription_id
                       and revoked_at is null and starts_at >= s.starts_at) g on true
    where s.status <> 'revoked' and s.expires_at <> s.starts_at + g.total + s.frozen_for
"""


async def assert_the_books_balance(pool: Pool) -> None:
    """Every rouble is behind a grant, given back or owed; every second of access was granted."""
    for query in (_UNEXPLAINED_MONEY, _UNEXPLAINED_TIME):
        unexplained = [dict(row) for row in await pool.fetch(query)]
        assert unexplained == []
