"""What may make a plan cheaper for a customer: standing discounts, and the code they entered."""

from datetime import datetime

from domain.errors import PromoRefused
from domain.ids import UserId
from domain.pricing import DiscountReason, Offers, StandingDiscount
from domain.promotions import (
    LoyaltyRule,
    PromoCode,
    PromoRefusal,
    first_purchase_refusal,
    loyalty_percent,
    normal_form,
    refusal_of,
)
from domain.purchases import PurchaseOrder
from infra.postgres.discount_uses import hold_discounts, usage_of
from infra.postgres.pool import Connection, Pool
from infra.postgres.promo_codes import promo_from


class CustomerOffers:
    """Reads what each customer is offered, and remembers the code that they entered."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, user_id: UserId, now: datetime) -> Offers:
        """Everything that counts for the customer's next purchase."""
        async with self._pool.acquire() as connection:
            standing = await _standing(connection, user_id, now)
            code = await _chosen(connection, user_id)
            if code is None:
                return Offers(standing=standing)
            usage = await usage_of(connection, user_id, code.promo_id, now)
        refusal = refusal_of(code, usage, now)
        if refusal is None:
            return Offers(standing=standing, promo=code)
        return Offers(standing=standing, refused_code=code.code, refusal=refusal)

    async def enter_code(self, user_id: UserId, entered: str, now: datetime) -> PromoCode:
        """Let the code count for the customer's next purchase; it takes the place of another.

        Raises:
            PromoRefused: They cannot use it.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "select * from promo_codes where code = $1", normal_form(entered)
            )
            if row is None:
                raise PromoRefused(PromoRefusal.UNKNOWN)
            code = promo_from(row)
            usage = await usage_of(connection, user_id, code.promo_id, now)
            if (refusal := refusal_of(code, usage, now)) is not None:
                raise PromoRefused(refusal)
            await connection.execute(
                """
                insert into promo_choices (user_id, promo_id, chosen_at) values ($1, $2, $3)
                on conflict (user_id) do update
                    set promo_id = excluded.promo_id, chosen_at = excluded.chosen_at
                """,
                user_id,
                code.promo_id,
                now,
            )
        return code

    async def drop_code(self, user_id: UserId) -> None:
        """Forget the code that the customer entered."""
        await self._pool.execute("delete from promo_choices where user_id = $1", user_id)

    async def hold_again(self, order: PurchaseOrder, now: datetime) -> None:
        """Hold the discounts of a purchase that rested unpaid and is tried again.

        Raises:
            PromoRefused: One of them can no longer be had.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await hold_discounts(connection, order, now)


async def _chosen(connection: Connection, user_id: UserId) -> PromoCode | None:
    row = await connection.fetchrow(
        "select c.* from promo_choices join promo_codes c using (promo_id) where user_id = $1",
        user_id,
    )
    return None if row is None else promo_from(row)


async def _standing(
    connection: Connection, user_id: UserId, now: datetime
) -> tuple[StandingDiscount, ...]:
    percentages = {
        DiscountReason.LOYALTY: await _loyalty(connection, user_id),
        DiscountReason.WELCOME: await _welcome(connection, user_id, now),
    }
    return tuple(
        StandingDiscount(reason=reason, percent=percent)
        for reason, percent in percentages.items()
        if percent
    )


async def _loyalty(connection: Connection, user_id: UserId) -> int:
    rules = await connection.fetch("select * from loyalty_rules")
    if not rules:
        return 0
    row = await connection.fetchrow(
        """
        select count(*) as periods,
               coalesce(sum(g.expires_at - g.starts_at - g.taken_back), '0') as paid
        from grants g join subscriptions s using (subscription_id)
        where s.user_id = $1 and g.payment_id is not null and g.revoked_at is null
        """,
        user_id,
    )
    assert row is not None  # noqa: S101  # an aggregate has one row
    known = [LoyaltyRule.model_validate(dict(rule)) for rule in rules]
    return loyalty_percent(known, row["periods"], row["paid"])


async def _welcome(connection: Connection, user_id: UserId, now: datetime) -> int:
    percent = await connection.fetchval(
        """
        select t.welcome_percent from promotion_terms t, referrals r
        where r.friend_id = $1 and t.welcome_percent > 0
        """,
        user_id,
    )
    if percent is None:
        return 0
    usage = await usage_of(connection, user_id, None, now)
    return 0 if first_purchase_refusal(usage) else int(percent)
