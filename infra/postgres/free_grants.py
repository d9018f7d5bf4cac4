"""What access is given for where nothing is paid."""

from enum import StrEnum

from domain.errors import NotPaid
from domain.ids import PurchaseId
from infra.postgres.pool import Connection
from infra.postgres.trials import is_trial


class Cause(StrEnum):
    """What a grant is for, as the table `grants` has it; each cause gives once."""

    PURCHASE = "purchase"
    TRIAL = "trial"
    GIFT = "gift"
    REFERRAL = "referral"
    CHANGE = "change"
    """Another plan, for what was left of the former one."""
    RESTORED = "restored"
    """A refund that could not be made."""


async def cause_of_free(connection: Connection, purchase_id: PurchaseId) -> Cause:
    """Why that purchase may give access although nothing was paid.

    Raises:
        NotPaid: There is no reason: it has a price, or is neither a trial nor a gift's opening.
    """
    row = await connection.fetchrow(
        """
        select p.price, t.is_trial,
               exists (select from gifts where opened_as = p.purchase_id) as is_gift
        from purchases p join tariffs t using (tariff_id) where p.purchase_id = $1
        """,
        purchase_id,
    )
    if row is not None and row["price"] == 0:
        if row["is_gift"]:
            return Cause.GIFT
        if row["is_trial"] and await is_trial(connection, purchase_id):
            return Cause.TRIAL
    raise NotPaid(f"purchase {purchase_id} gives nothing without a payment")
