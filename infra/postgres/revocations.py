"""Taking back what a purchase gave, inside the ledger's transactions."""

from datetime import datetime

from asyncpg import Record

from domain.ids import PurchaseId
from domain.renewals import StopReason
from domain.subscriptions import PlacedPeer
from infra.postgres.auto_renewals import stop_renewing
from infra.postgres.peers import leaving_peers, withdraw_devices
from infra.postgres.periods import shorten_subscription
from infra.postgres.pool import Connection


async def take_back(
    connection: Connection, purchase: Record, now: datetime
) -> tuple[PlacedPeer, ...]:
    """Revoke the purchase's grant, if it gave one; the peers that have to leave."""
    purchase_id = PurchaseId(purchase["purchase_id"])
    grant = await connection.fetchrow(
        """
        update grants set revoked_at = $2
        where purchase_id = $1 and revoked_at is null returning *
        """,
        purchase_id,
        now,
    )
    if grant is not None and await shorten_subscription(connection, grant, now):
        await withdraw_devices(connection, grant["subscription_id"])
        over = StopReason.SUBSCRIPTION_OVER
        await stop_renewing(connection, purchase["user_id"], over, now)
    return await leaving_peers(connection, purchase_id)
