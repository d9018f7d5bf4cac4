"""The payment message in the customer's chat, kept true by its purchase."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.notices import NoticeActivities
    from domain.purchases import PurchaseNotice
    from workflows.options import DELIVERY, DISPLAY_BUDGET


class PaymentMessage:
    """Shows the newest notice, one edit at a time, and never makes the purchase wait for Telegram.

    A notice that is overtaken while an edit is under way is skipped: the customer sees the
    present, not a queue of the past.
    """

    def __init__(self) -> None:
        self._wanted: PurchaseNotice | None = None
        self._editing: asyncio.Task[None] | None = None

    def show(self, notice: PurchaseNotice) -> None:
        """Show this as soon as the edit under way, if any, is through."""
        self._wanted = notice
        if self._editing is None or self._editing.done():
            self._editing = asyncio.create_task(self._edit())

    async def settled(self) -> None:
        """Wait until nothing is left to show, so that no late edit can overtake what follows."""
        if self._editing is not None:
            await self._editing

    async def _edit(self) -> None:
        while self._wanted is not None:
            notice, self._wanted = self._wanted, None
            try:
                await workflow.execute_activity_method(
                    NoticeActivities.show_purchase,
                    notice,
                    summary=f"show: {notice.stage}",
                    schedule_to_close_timeout=DISPLAY_BUDGET,
                    **DELIVERY,
                )
            except ActivityError:
                workflow.logger.warning("payment message not edited: %s", notice.stage)
