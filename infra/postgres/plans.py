"""Plans."""

from asyncpg import Record

from domain.ids import PlanId
from domain.languages import Wording
from domain.money import Money
from domain.plans import Plan
from infra.postgres.pool import Pool
from infra.postgres.quotas import quota_in


class Plans:
    """The table `tariffs`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def for_sale(self) -> tuple[Plan, ...]:
        """The plans on offer, in the owner's order."""
        rows = await self._pool.fetch(
            "select * from tariffs where is_for_sale and not is_trial order by position, tariff_id"
        )
        return tuple(plan_from(row) for row in rows)

    async def find(self, plan_id: PlanId) -> Plan | None:
        """The plan, if it is on offer."""
        row = await self._pool.fetchrow(
            "select * from tariffs where tariff_id = $1 and is_for_sale and not is_trial", plan_id
        )
        return None if row is None else plan_from(row)

    async def trial(self) -> Plan | None:
        """The free plan for newcomers, if the owner offers one."""
        row = await self._pool.fetchrow("select * from tariffs where is_for_sale and is_trial")
        return None if row is None else plan_from(row)

    async def offer_trial(self, days: int | None) -> None:
        """Offer newcomers so many days for free; None: no longer."""
        await self._pool.execute(
            "update tariffs set is_for_sale = $1::int is not null, "
            "duration_days = coalesce($1, duration_days) where is_trial",
            days,
        )

    async def sell_for_stars(self, slug: str, price: int | None) -> bool:
        """Set a plan's price in Telegram Stars, None to take it off; False for no such plan."""
        status = await self._pool.execute(
            "update tariffs set price_stars = $2 where slug = $1 and not is_trial", slug, price
        )
        return status == "UPDATE 1"


def plan_from(row: Record) -> Plan:
    """The plan in a row of `tariffs`."""
    return Plan(
        plan_id=PlanId(row["tariff_id"]),
        slug=row["slug"],
        name=Wording(ru=row["name_ru"], en=row["name_en"]),
        description=Wording(ru=row["description_ru"], en=row["description_en"]),
        price=Money(amount=row["price"], currency=row["currency"]),
        price_stars=row["price_stars"],
        duration_days=row["duration_days"],
        device_limit=row["device_limit"],
        speed_mbit=row["speed_mbit"],
        quota=quota_in(row),
        locations=tuple(row["locations"]),
        is_trial=row["is_trial"],
    )
