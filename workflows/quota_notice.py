"""A customer hears that their traffic is nearly used, or used up."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.notices import NoticeActivities
    from domain.quotas import QuotaNotice
    from workflows.options import DELIVERY, NEWS_BUDGET


@workflow.defn(name="QuotaNotice")
class QuotaNoticeWorkflow:
    """One message, tried for a day: a Telegram that is away holds up no count."""

    @workflow.run
    async def run(self, notice: QuotaNotice) -> None:
        """Tell it."""
        try:
            await workflow.execute_activity_method(
                NoticeActivities.tell_quota,
                notice,
                summary=f"tell: {notice.mark}",
                schedule_to_close_timeout=NEWS_BUDGET,
                **DELIVERY,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the customer was not told %s: %s", notice.mark, error.cause)
