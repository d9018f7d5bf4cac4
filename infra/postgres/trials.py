"""The one trial of each customer."""

from uuid import uuid4

from domain.ids import PurchaseId, UserId
from infra.postgres.former_customers import FormerCustomers
from infra.postgres.pool import Connection, Pool


class Trials:
    """The table `trials`."""

    def __init__(self, pool: Pool, former: FormerCustomers) -> None:
        self._pool = pool
        self._former = former

    async def is_for(self, user_id: UserId) -> bool:
        """Whether a trial may be offered; somebody who was here before had theirs."""
        return not await self._former.knows(user_id)

    async def purchase_of(self, user_id: UserId) -> PurchaseId | None:
        """The purchase that is the customer's trial, the same at each call; None for no trial.

        The id is random: one that is computed from the customer's number would lead back to them
        after their data was erased.
        """
        if not await self.is_for(user_id):
            return None
        found = await self._pool.fetchval(
            """
            with minted as (
                insert into trials (user_id, purchase_id) values ($1, $2)
                on conflict (user_id) do nothing returning purchase_id
            )
            select purchase_id from minted
            union all select purchase_id from trials where user_id = $1 limit 1
            """,
            user_id,
            uuid4(),
        )
        # A claim that is committing at this moment is seen by neither half: it is there now.
        if found is None:
            found = await self._pool.fetchval(
                "select purchase_id from trials where user_id = $1", user_id
            )
        return PurchaseId(found)


async def is_trial(connection: Connection, purchase_id: PurchaseId) -> bool:
    """Whether that purchase is its customer's trial."""
    return bool(
        await connection.fetchval(
            "select true from trials join purchases using (user_id, purchase_id) "
            "where purchase_id = $1",
            purchase_id,
        )
    )
