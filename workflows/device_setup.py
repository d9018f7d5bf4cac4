"""A device on its way to its server and its file to the customer, however long that takes."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.notices import DelayedDevice, NoticeActivities
    from activities.subscriptions import SubscriptionActivities
    from activities.vpn import VpnActivities
    from domain.devices import DeviceTurn, SetupOutcome
    from domain.errors import NoFreeAddress
    from domain.model import Value
    from workflows import options
    from workflows.removal import start_removals

PARTING = timedelta(minutes=1)
"""For a customer whose device has moved: the new file comes to them through the old tunnel."""
AFTER_A_REFUSAL = timedelta(minutes=15)
"""All servers are full, or one shows another host key: a person has to act, then it goes on."""


class DeviceSetup(Value):
    """Which decision to carry out, and with what patience."""

    turn: DeviceTurn
    swift: timedelta = timedelta(seconds=20)
    """After this the customer is told of a delay."""
    pause: timedelta = timedelta(seconds=15)
    """Between two tries once the customer knows of it."""
    is_told: bool = False
    """Whether the customer knows of it."""


@workflow.defn(name="DeviceSetup")
class DeviceSetupWorkflow:
    """Sets up one device as it was decided; a later decision about the device ends it quietly."""

    @workflow.init
    def __init__(self, setup: DeviceSetup) -> None:
        self._setup = setup
        self._turn = setup.turn

    @workflow.run
    async def run(self, setup: DeviceSetup) -> SetupOutcome:
        """Make the server hold the device's peer and no older one, then hand over the file.

        Of a decision that changes only the speed the customer hears nothing.
        """
        if setup.is_told or setup.turn.is_quiet:
            outcome = await self._patiently()
        else:
            outcome = await self._swiftly() or await self._patiently()
        if outcome is SetupOutcome.HELD and not setup.turn.is_quiet:
            await workflow.execute_activity_method(
                NoticeActivities.deliver_device,
                self._turn,
                summary="deliver the device's configuration",
                **options.DELIVERY,
            )
            if workflow.patched("lets-go-of-former-servers"):
                await self._let_go()
        return outcome

    async def _let_go(self) -> None:
        """Servers where the device was before forget it, once its owner has the new file."""
        left = await workflow.execute_activity_method(
            SubscriptionActivities.left_behind, self._turn.device_id, **options.LEDGER
        )
        if left:
            await workflow.sleep(PARTING, summary="the former tunnel's last minute")
            await start_removals(tuple(left))

    async def _swiftly(self) -> SetupOutcome | None:
        """The outcome of the first tries; None when the customer had to be told of a delay."""
        try:
            return await self._try(options.SERVER, self._setup.swift)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await self._tell(all_full=_is_for_want_of_room(error))
            return None

    async def _patiently(self) -> SetupOutcome:
        """Try without end; after a refusal in a new run, so that no history grows old."""
        try:
            return await self._try(options.server_slowly(self._setup.pause), None)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.set_current_details(f"**Refused**, tried again later: {error.cause}")
            await workflow.sleep(AFTER_A_REFUSAL, summary="until the next try")
            workflow.continue_as_new(self._setup.model_copy(update={"is_told": True}))

    async def _try(self, patience: options.StepOptions, budget: timedelta | None) -> SetupOutcome:
        return await workflow.execute_activity_method(
            VpnActivities.set_up_device,
            self._turn,
            summary="put the device onto its server",
            schedule_to_close_timeout=budget,
            **patience,
        )

    async def _tell(self, *, all_full: bool) -> None:
        """Tell the customer; a Telegram that is away must not hold up the device."""
        try:
            await workflow.execute_activity_method(
                NoticeActivities.tell_device_delayed,
                DelayedDevice(turn=self._turn, all_full=all_full),
                summary="tell of the delay",
                schedule_to_close_timeout=options.DISPLAY_BUDGET,
                **options.DELIVERY,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the customer was not told of a delay: %s", error.cause)


def _is_for_want_of_room(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.type == NoFreeAddress.__name__
