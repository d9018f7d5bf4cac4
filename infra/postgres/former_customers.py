"""Who was here before and had their data erased, recognised without being kept."""

from domain.ids import UserId
from domain.ports import Marker
from infra.postgres.pool import Pool


class FormerCustomers:
    """The table `former_customers`."""

    def __init__(self, pool: Pool, marker: Marker) -> None:
        self._pool = pool
        self._marker = marker

    async def knows(self, user_id: UserId) -> bool:
        """Whether this person had access before an erasure: what is given once, they had.

        A mark that was made with a key that has left the ring is recognised no more.
        """
        return bool(
            await self._pool.fetchval(
                "select exists (select from former_customers where mark = any($1))",
                list(self._marker.marks(str(user_id))),
            )
        )
