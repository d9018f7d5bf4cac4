"""What the owner has decided about loyal customers and about invitations."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from domain.errors import SettingsError
from domain.model import Value
from domain.promotions import LoyaltyRule
from infra.postgres.pool import Pool


class InvitationTerms(Value):
    """What an invitation brings; a field that is None stays as it is."""

    reward_days: Annotated[int, Field(ge=0, le=365)] | None = None
    """For the inviter; 0: no rewards."""
    reward_hold: Annotated[timedelta, Field(ge=timedelta(0))] | None = None
    """How long after the friend's payment: as long as it may be given back."""
    welcome_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    """Off the friend's first purchase; 0: nothing."""


class PromotionTerms:
    """The tables `promotion_terms` and `loyalty_rules`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def change(self, terms: InvitationTerms) -> InvitationTerms:
        """Change what is given; the terms as they are then. Promised rewards stay as they are."""
        row = await self._pool.fetchrow(
            """
            update promotion_terms
            set reward_days = coalesce($1, reward_days), reward_hold = coalesce($2, reward_hold),
                welcome_percent = coalesce($3, welcome_percent)
            returning reward_days, reward_hold, welcome_percent
            """,
            terms.reward_days,
            terms.reward_hold,
            terms.welcome_percent,
        )
        assert row is not None  # noqa: S101  # the terms are one row
        return InvitationTerms.model_validate(dict(row))

    async def add_rule(self, rule: LoyaltyRule) -> None:
        """Give loyal customers a discount."""
        await self._pool.execute(
            "insert into loyalty_rules (after_periods, after_months, percent) values ($1, $2, $3)",
            rule.after_periods,
            rule.after_months,
            rule.percent,
        )

    async def rules(self) -> dict[int, LoyaltyRule]:
        """Every rule by its number."""
        rows = await self._pool.fetch("select * from loyalty_rules order by rule_id")
        return {row["rule_id"]: LoyaltyRule.model_validate(dict(row)) for row in rows}

    async def remove_rule(self, rule_id: int) -> None:
        """Take a rule away; pages that are open keep their price.

        Raises:
            SettingsError: There is no such rule.
        """
        status = await self._pool.execute("delete from loyalty_rules where rule_id = $1", rule_id)
        if status == "DELETE 0":
            raise SettingsError(f"there is no loyalty rule {rule_id}")
