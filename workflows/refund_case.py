"""A refund that a customer or the staff decided for: first the access goes, then the money."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.payments import RefundPayment
    from activities.refunds import (
        DecideRefund,
        GiveUpRefund,
        NoteRefund,
        RecordVerdict,
        RefundActivities,
    )
    from activities.subscriptions import SubscriptionActivities
    from domain.notices import Delivery
    from domain.payments import RefundRequest, RefundSnapshot
    from domain.refund_orders import (
        CancelOrder,
        OwedRefund,
        RefundAlarm,
        RefundDecision,
        RefundNews,
        RefundNotice,
        RefundOrder,
        RefundRepair,
        RefundVerdict,
    )
    from workflows.names import refund_workflow_id
    from workflows.options import ALARM, DELIVERY, LEDGER
    from workflows.progress import words_of
    from workflows.refund import Setback, settled_refund
    from workflows.refusals import refused


@workflow.defn(name="Refund")
class RefundWorkflow:
    """Gives each payment's share back until it is back; a refusal parks for a person.

    The ledger has taken the access before any money moves, so that the customer never has both,
    however this is interrupted. What staff gives up brings its access back.
    """

    @workflow.init
    def __init__(self, order: RefundOrder) -> None:
        self._order = order
        self._decision: RefundDecision | None = None
        self._refusal: str | None = None
        self._verdict: RefundVerdict | None = None
        self._parked: str | None = None
        self._occasions = 0
        self._telling: list[workflow.ActivityHandle[Delivery]] = []

    @workflow.run
    async def run(self, order: RefundOrder) -> None:
        """Decide, let the subscription know, and settle payment after payment."""
        try:
            self._decision = await decide_refund(order)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            self._refusal = words_of(error)
        else:
            await self._tell_subscription()
            await self._settle(self._decision.owed)
            await asyncio.gather(*self._telling)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def decision(self) -> RefundDecision:
        """What was decided, as soon as it is; fails where the ledger refused."""
        await workflow.wait_condition(lambda: self._decision is not None or bool(self._refusal))
        if self._decision is None:
            raise refused(self._refusal or "")
        return self._decision

    @workflow.update
    def repair(self, verdict: RefundVerdict) -> None:
        """A person's decision about a refusal."""
        self._verdict = verdict

    @repair.validator
    def _repair_makes_sense(self, verdict: RefundVerdict) -> None:
        refusal = None
        if self._parked is None:
            refusal = "the refund is not stuck: there is nothing to decide"
        elif self._verdict is not None:
            refusal = f"{self._verdict.action} by {self._verdict.actor} is already under way"
        if refusal is not None:
            raise refused(refusal)

    async def _tell_subscription(self) -> None:
        """Let the subscription's workflow hear of its new end, and the peers leave."""
        if self._decision is not None and self._decision.subscription_id is not None:
            await workflow.execute_activity_method(
                SubscriptionActivities.open_subscription,
                self._decision.subscription_id,
                summary="tell the subscription",
                **LEDGER,
            )

    async def _settle(self, parts: tuple[OwedRefund, ...]) -> None:
        """Give everything back; what is refused parks after the rest has gone through."""
        stuck = [(owed, setback) for owed in parts if (setback := await self._try(owed, 1))]
        for owed, setback in stuck:
            await self._park(owed, setback)

    async def _try(self, owed: OwedRefund, attempt: int) -> Setback | None:
        outcome = await settled_refund(self._wanted(owed, attempt))
        if isinstance(outcome, Setback):
            return outcome
        await self._note(owed, outcome)
        return None

    async def _park(self, owed: OwedRefund, refused: Setback) -> None:
        setback: Setback | None = refused
        attempt = 1
        while setback is not None:
            verdict = await self._verdict_on(owed, setback)
            if verdict.action is RefundRepair.GIVE_UP:
                await self._give_up(owed)
                return
            attempt += setback.key_is_spent
            setback = await self._try(owed, attempt)

    def _wanted(self, owed: OwedRefund, attempt: int) -> RefundPayment:
        return RefundPayment(
            purchase_id=owed.purchase_id,
            refund_id=self._order.refund_id,
            provider=owed.provider,
            attempt=attempt,
            request=RefundRequest(
                provider_payment_id=owed.provider_payment_id,
                amount=owed.amount,
                description=owed.description,
                is_partial=owed.is_partial,
                receipt_email=owed.receipt_email,
            ),
        )

    async def _note(self, owed: OwedRefund, refund: RefundSnapshot) -> None:
        await workflow.execute_activity_method(
            RefundActivities.note_refund,
            NoteRefund(refund_id=self._order.refund_id, payment_id=owed.payment_id, refund=refund),
            summary=f"{owed.amount} is back",
            **LEDGER,
        )
        self._tell(owed, RefundNews.DONE)

    async def _give_up(self, owed: OwedRefund) -> None:
        await workflow.execute_activity_method(
            RefundActivities.give_up_refund,
            GiveUpRefund(
                refund_id=self._order.refund_id, payment_id=owed.payment_id, now=workflow.now()
            ),
            summary="bring the access back",
            **LEDGER,
        )
        await self._tell_subscription()
        self._tell(owed, RefundNews.RESTORED)

    async def _verdict_on(self, owed: OwedRefund, setback: Setback) -> RefundVerdict:
        """Park until a person decides; doubts about money wait without end."""
        self._occasions += 1
        self._verdict, self._parked = None, setback.detail
        workflow.set_current_details(f"**Stuck**, waits for a person: {setback.detail}")
        alarm = workflow.start_activity_method(
            RefundActivities.raise_refund_alarm,
            self._alarm(owed, setback),
            summary="alarm",
            **ALARM,
        )
        verdict = await self._decided()
        alarm.cancel()
        self._parked = None
        workflow.set_current_details(f"{verdict.action} by {verdict.actor}")
        await workflow.execute_activity_method(
            RefundActivities.record_verdict,
            RecordVerdict(refund_id=self._order.refund_id, verdict=verdict, at=workflow.now()),
            **LEDGER,
        )
        return verdict

    async def _decided(self) -> RefundVerdict:
        await workflow.wait_condition(
            lambda: self._verdict is not None, timeout_summary="wait for a person"
        )
        assert self._verdict is not None  # noqa: S101  # waited for
        return self._verdict

    def _alarm(self, owed: OwedRefund, setback: Setback) -> RefundAlarm:
        assert self._decision is not None  # noqa: S101  # nothing is owed before
        return RefundAlarm(
            refund_id=self._order.refund_id,
            user_id=self._decision.user_id,
            amount=owed.amount,
            detail=setback.detail,
            occasion=self._occasions,
        )

    def _tell(self, owed: OwedRefund, news: RefundNews) -> None:
        """Tell the customer; a Telegram that is away holds up no money."""
        assert self._decision is not None  # noqa: S101  # nothing is owed before
        telling = workflow.start_activity_method(
            RefundActivities.tell_refund,
            RefundNotice(
                news=news,
                refund_id=self._order.refund_id,
                payment_id=owed.payment_id,
                user_id=self._decision.user_id,
                language=self._decision.language,
                amount=owed.amount,
            ),
            summary=f"tell: {news}",
            **DELIVERY,
        )
        self._telling.append(telling)


async def begin_refund(order: CancelOrder) -> RefundDecision:
    """Have a refund decided; what is owed then goes its own way, whatever becomes of the caller."""
    decision = await decide_refund(order)
    await workflow.start_child_workflow(
        RefundWorkflow.run,
        order,
        id=refund_workflow_id(order.refund_id),
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
    )
    return decision


async def decide_refund(order: RefundOrder) -> RefundDecision:
    """Have the ledger take the access and owe the money."""
    return await workflow.execute_activity_method(
        RefundActivities.decide_refund,
        DecideRefund(order=order, now=workflow.now()),
        summary="decide about the refund",
        **LEDGER,
    )
