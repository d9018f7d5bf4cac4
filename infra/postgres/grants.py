"""A grant as it is read, by the ledger and by those who only look."""

from asyncpg import Record

from domain.ids import DeviceId, GrantId, PurchaseId, SubscriptionId, UserId
from domain.subscriptions import Grant

GRANT_OF_PURCHASE = """
    select g.*, s.user_id, v.slug as server
    from grants g
    join subscriptions s using (subscription_id)
    left join tunnel_addresses a on a.device_id = g.device_id and a.leaving_revision is null
    left join vpn_servers v on v.server_id = a.server_id
    where g.purchase_id = $1
"""
"""The grant that a purchase led to, with the server that its device is on now."""


def grant_from(row: Record) -> Grant:
    """The grant in a row of `GRANT_OF_PURCHASE`."""
    return Grant(
        grant_id=GrantId(row["grant_id"]),
        purchase_id=PurchaseId(row["purchase_id"]),
        subscription_id=SubscriptionId(row["subscription_id"]),
        device_id=DeviceId(row["device_id"]),
        user_id=UserId(row["user_id"]),
        starts_at=row["starts_at"],
        expires_at=row["expires_at"] - row["taken_back"],
        is_renewal=row["is_renewal"],
        server=row["server"],
    )
