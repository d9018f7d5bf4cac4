"""How a purchase was paid, and what that gave, for those who only read it."""

from domain.ids import ProviderPaymentId, PurchaseId
from domain.subscriptions import Grant
from infra.postgres.grants import GRANT_OF_PURCHASE, grant_from
from infra.postgres.pool import Pool


class Payments:
    """The tables `invoices` and `grants`, seen from a purchase."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def payment_of(self, purchase_id: PurchaseId) -> ProviderPaymentId | None:
        """The provider's id of the purchase's newest payment page."""
        found = await self._pool.fetchval(
            """
            select provider_payment_id from invoices
            where purchase_id = $1 order by attempt desc limit 1
            """,
            purchase_id,
        )
        return None if found is None else ProviderPaymentId(found)

    async def grant_of(self, purchase_id: PurchaseId) -> Grant | None:
        """The access that the purchase led to, unless it was taken back."""
        row = await self._pool.fetchrow(
            f"{GRANT_OF_PURCHASE} and g.revoked_at is null",
            purchase_id,
        )
        return None if row is None else grant_from(row)
