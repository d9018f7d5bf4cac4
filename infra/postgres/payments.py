"""How a purchase was paid, and what that gave, for those who only read it."""

from asyncpg import Record

from domain.ids import (
    DeviceId,
    GrantId,
    ProviderPaymentId,
    PurchaseId,
    SubscriptionId,
    UserId,
)
from domain.subscriptions import Grant
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
            """
            select g.*, s.user_id, v.slug as server
            from grants g
            join subscriptions s using (subscription_id)
            left join tunnel_addresses a on a.device_id = g.device_id and a.leaving_revision is null
            left join vpn_servers v on v.server_id = a.server_id
            where g.purchase_id = $1 and g.revoked_at is null
            """,
            purchase_id,
        )
        return None if row is None else _grant(row)


def _grant(row: Record) -> Grant:
    return Grant(
        grant_id=GrantId(row["grant_id"]),
        purchase_id=PurchaseId(row["purchase_id"]),
        subscription_id=SubscriptionId(row["subscription_id"]),
        device_id=DeviceId(row["device_id"]),
        user_id=UserId(row["user_id"]),
        starts_at=row["starts_at"],
        expires_at=row["expires_at"],
        is_renewal=row["is_renewal"],
        server=row["server"],
    )
