"""What came in from outside, so that a repeat is recognised."""

import json
from datetime import datetime
from typing import Any

from domain.ids import ProviderPaymentId, PurchaseId
from domain.ports import Sealer
from infra.postgres.pool import Pool


class Inbox:
    """The tables `telegram_updates` and `provider_notifications`."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def update_is_done(self, update_id: int) -> bool:
        """Whether this Telegram update was handled to the end before."""
        return bool(
            await self._pool.fetchval(
                "select true from telegram_updates where update_id = $1", update_id
            )
        )

    async def update_done(self, update_id: int, now: datetime) -> None:
        """The update was handled to the end: a repeat changes nothing."""
        await self._pool.execute(
            "insert into telegram_updates values ($1, $2) on conflict do nothing", update_id, now
        )

    async def store_notification(
        self, event: str, object_id: str, body: dict[str, Any], sender: str, now: datetime
    ) -> bool:
        """Store a payment provider's notification raw, once; True when it was handled before.

        It tells of the payer's card and address, so it is sealed.

        A notification has no id of its own: event and object id name it
        (https://yookassa.ru/developers/using-api/webhooks).
        """
        handled_at = await self._pool.fetchval(
            """
            insert into provider_notifications (event, object_id, body_sealed, sender, received_at)
            values ($1, $2, $3, $4::inet, $5)
            on conflict (event, object_id) do update set event = excluded.event
            returning handled_at
            """,
            event,
            object_id,
            self._sealer.seal(json.dumps(body).encode(), context=object_id.encode()),
            sender,
            now,
        )
        return handled_at is not None

    async def notification_handled(self, event: str, object_id: str, now: datetime) -> None:
        """The workflow knows: a repeat need not wake it."""
        await self._pool.execute(
            """
            update provider_notifications set handled_at = $3
            where event = $1 and object_id = $2 and handled_at is null
            """,
            event,
            object_id,
            now,
        )

    async def purchase_for(self, payment_id: ProviderPaymentId) -> PurchaseId | None:
        """The purchase that a payment page was made for."""
        found = await self._pool.fetchval(
            "select purchase_id from invoices where provider_payment_id = $1", payment_id
        )
        return None if found is None else PurchaseId(found)
