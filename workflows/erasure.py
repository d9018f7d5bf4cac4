"""A customer is forgotten: in the ledger at once, on servers as soon as they answer."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.privacy import Erase, ForgetDevices, PrivacyActivities
    from domain.errors import ErasureRefused
    from domain.privacy import Departure, ErasureNotice, ErasureOrder, ErasureStage
    from workflows.options import DELIVERY, DISPLAY_BUDGET, LEDGER
    from workflows.removal import start_removals

_FIRST_LOOK = timedelta(seconds=1)
_SLOWEST_LOOK = timedelta(hours=1)


@workflow.defn(name="Erasure")
class ErasureWorkflow:
    """Unlinks the ledger from the person, then waits until no server holds a key of theirs."""

    def __init__(self) -> None:
        self._stage = ErasureStage.UNDER_WAY

    @workflow.run
    async def run(self, order: ErasureOrder) -> ErasureStage:
        """Every step may be repeated: the ledger knows by the erasure's id what was done."""
        departure = await self._erase(order)
        self._stage = ErasureStage.REFUSED if departure is None else ErasureStage.ERASED
        await workflow.wait_condition(workflow.all_handlers_finished)
        if departure is None:
            await self._tell(order, self._stage)
        else:
            await self._clear_away(order, departure)
        return self._stage

    @workflow.update
    async def outcome(self) -> ErasureStage:
        """What became of it in the ledger, as soon as that is known; servers may take longer."""
        await workflow.wait_condition(lambda: self._stage is not ErasureStage.UNDER_WAY)
        return self._stage

    async def _clear_away(self, order: ErasureOrder, departure: Departure) -> None:
        for subscription_id in departure.subscriptions:
            await workflow.execute_activity_method(
                PrivacyActivities.close_subscription,
                subscription_id,
                summary="close the subscription's workflow",
                **LEDGER,
            )
        await start_removals(departure.removals)
        await self._tell(order, self._stage)
        await self._until_no_peer_is_left(order)
        await workflow.execute_activity_method(
            PrivacyActivities.forget_devices,
            ForgetDevices(erasure_id=order.erasure_id, now=workflow.now()),
            summary="forget keys and addresses",
            **LEDGER,
        )

    async def _erase(self, order: ErasureOrder) -> Departure | None:
        """None when a paid purchase is under way."""
        try:
            return await workflow.execute_activity_method(
                PrivacyActivities.erase_customer,
                Erase(order=order, now=workflow.now()),
                summary="unlink the ledger from the person",
                **LEDGER,
            )
        except ActivityError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type == ErasureRefused.__name__:
                workflow.set_current_details(f"**Refused**: {cause.message}")
                return None
            raise

    async def _until_no_peer_is_left(self, order: ErasureOrder) -> None:
        """A server that is away for weeks keeps a public key for weeks, and nobody's name to it."""
        pause = _FIRST_LOOK
        while left := await workflow.execute_activity_method(
            PrivacyActivities.peers_left, order.erasure_id, **LEDGER
        ):
            workflow.set_current_details(f"**Erased**; {len(left)} peers have to leave servers")
            await workflow.sleep(pause, summary="until servers have let the peers go")
            pause = min(pause * 2, _SLOWEST_LOOK)
        workflow.set_current_details("**Erased**")

    async def _tell(self, order: ErasureOrder, stage: ErasureStage) -> None:
        if order.message is None:
            return
        try:
            await workflow.execute_activity_method(
                PrivacyActivities.show_erasure,
                ErasureNotice(message=order.message, language=order.language, stage=stage),
                summary=f"tell: {stage}",
                schedule_to_close_timeout=DISPLAY_BUDGET,
                **DELIVERY,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the customer was not told: %s", error.cause)
