"""A paid peer on its way to a server: quickly, then patiently, then with a person's help."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.vpn import MoveDevice, VpnActivities
    from domain.errors import NoFreeAddress
    from domain.purchases import PurchaseStage, RepairAction, StuckReason
    from domain.subscriptions import Grant
    from workflows import options
    from workflows.names import VPN_SERVER
    from workflows.parking import Parking
    from workflows.progress import Problem, Progress
    from workflows.removal import start_removals


class Provisioning:
    """Brings one grant's device onto a server."""

    def __init__(self, progress: Progress, parking: Parking, grant: Grant) -> None:
        self._progress = progress
        self._parking = parking
        self._device_id = grant.device_id
        self._server = grant.server
        """The slug of the server that the ledger chose; None while all are full."""

    async def succeeds(self) -> bool:
        """Set the peer up, parking as often as it takes; False when the money is to go back."""
        self._progress.enter(PurchaseStage.SETTING_UP, server=self._server)
        while (problem := await self._obstacle()) is not None:
            decision = await self._parking.decision(problem)
            if decision is RepairAction.REFUND:
                return False
            self._progress.enter(PurchaseStage.SETTING_UP)
            await self._progress.publish()
            if decision is RepairAction.OTHER_SERVER and self._server is not None:
                await self._try_to_move()
        return True

    async def _obstacle(self) -> Problem | None:
        """What keeps the peer from its server after all patience; None when it is there."""
        policy = self._progress.order.policy
        try:
            if self._server is None:
                await self._move()
            await self._put(options.SERVER, policy.swift_setup)
        except ActivityError as error:
            if _is_refusal(error):
                return _problem(error)
        else:
            return None
        self._progress.enter(PurchaseStage.DELAYED)
        await self._progress.publish()
        try:
            patiently = options.server_slowly(policy.setup_pause)
            await self._put(patiently, policy.setup_budget - policy.swift_setup)
        except ActivityError as error:
            return _problem(error)
        return None

    async def _put(self, patience: options.StepOptions, budget: timedelta) -> None:
        holder = await workflow.execute_activity_method(
            VpnActivities.ensure_peer,
            self._device_id,
            summary="put the peer onto its server",
            schedule_to_close_timeout=budget,
            **patience,
        )
        # An evacuation has moved the device meanwhile.
        if holder != self._server and workflow.patched("told-by-the-server-that-holds"):
            self._tell_server(holder)

    async def _try_to_move(self) -> None:
        try:
            await self._move()
        except ActivityError as error:
            workflow.logger.warning("no other server: %s", error.cause)

    async def _move(self) -> None:
        """Let the ledger choose a server other than the present one."""
        move = await workflow.execute_activity_method(
            VpnActivities.move_device,
            MoveDevice(device_id=self._device_id, away_from=self._server),
            summary=f"choose a server other than {self._server}",
            **options.SERVER,
        )
        if move.left is not None:
            await start_removals((move.left,))
        self._tell_server(move.server)

    def _tell_server(self, slug: str) -> None:
        workflow.upsert_search_attributes([VPN_SERVER.value_set(slug)])
        self._server = slug


def _problem(error: ActivityError) -> Problem:
    cause = error.cause
    full = isinstance(cause, ApplicationError) and cause.type == NoFreeAddress.__name__
    return Problem.of(error, StuckReason.CAPACITY if full else StuckReason.SERVER)


def _is_refusal(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable
