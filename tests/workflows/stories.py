"""One story for each way in which a workflow's run can end or rest; they become histories."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio.client import WorkflowHandle, WorkflowHistoryEventFilterType

from domain.devices import DeviceTurn
from domain.errors import ErasureRefused, ServerRefused
from domain.health import BAD_LOOKS_TO_FALL, Census, Health
from domain.ids import (
    ChatId,
    DeviceId,
    ErasureId,
    MessageId,
    ProviderPaymentId,
    ServerId,
    SubscriptionId,
)
from domain.languages import Language
from domain.locations import LocationOrder
from domain.money import stars
from domain.notices import ReminderKind
from domain.payments import Provider, RefundRequest
from domain.privacy import ErasureOrder
from domain.purchases import (
    ChatMessage,
    PurchaseKind,
    PurchaseOrder,
    PurchaseStage,
    RepairAction,
)
from domain.quotas import GIGABYTE, Quota, QuotaMark, QuotaNotice, Usage
from domain.reconciling import Drift, ReconcileOrder
from domain.referrals import Reward
from domain.refund_orders import RefundRepair, RefundVerdict
from domain.stars import Surplus
from domain.subscriptions import PlacedPeer
from temporal.reconciling import reconcile
from tests.workflows.evacuation_stories import EVACUATION_STORIES
from tests.workflows.fake_ledger import USER, a_server
from tests.workflows.fake_provider import REFUSED
from tests.workflows.shop import (
    ANSWER,
    LAST_LOOK,
    RARELY,
    SWIFT,
    WINDOW,
    Shop,
    an_opening,
    an_order,
)
from workflows.device_setup import AFTER_A_REFUSAL, PARTING, DeviceSetup, DeviceSetupWorkflow
from workflows.health import PAUSE as LOOK_PAUSE
from workflows.health import ServerHealthWorkflow
from workflows.names import (
    HEALTH_ID,
    RECONCILE_ROUND_ID,
    SHOP_QUEUE,
    STATISTICS_ID,
    device_workflow_id,
    erasure_workflow_id,
    quota_workflow_id,
    reconcile_workflow_id,
    removal_workflow_id,
    reward_workflow_id,
    subscription_workflow_id,
    surplus_workflow_id,
)
from workflows.reconcile import ReconcileRoundWorkflow
from workflows.removal import PeerRemovalWorkflow
from workflows.statistics import PAUSE as COUNT_PAUSE
from workflows.statistics import ServerStatisticsWorkflow

Handle = WorkflowHandle[Any, Any]
Story = Callable[[Shop], Awaitable[Handle]]

MONTH = timedelta(days=30)
DAY = timedelta(days=1)
A_MOMENT = timedelta(minutes=1)


async def purchase_done(shop: Shop) -> Handle:
    return await _ends(shop, await shop.buy())


async def purchase_moved(shop: Shop) -> Handle:
    shop.peers.take_none("nl1")
    shop.peers.on_fault = shop.ledger.evacuate_first_server
    return await _ends(shop, await shop.buy())


async def purchase_declined(shop: Shop) -> Handle:
    order = await shop.begin()
    await shop.decline(order)
    return await _ends(shop, order)


async def purchase_tried_again(shop: Shop) -> Handle:
    order = await shop.begin()
    first = await _this_run(shop, shop.purchase(order))
    shop.notices.take_down()
    await shop.decline(order)
    await shop.reaches(PurchaseStage.DECLINED)
    await shop.try_again(order)
    shop.notices.bring_back()
    await shop.reaches(PurchaseStage.AWAITING_PAYMENT, times=2)
    return first


async def purchase_second_attempt(shop: Shop) -> Handle:
    order = await shop.begin()
    await shop.decline(order)
    await shop.rests(order)
    again = await shop.try_again(order)
    await shop.reaches(PurchaseStage.AWAITING_PAYMENT, times=2)
    await shop.pay(again)
    return await _ends(shop, order)


async def purchase_expired(shop: Shop) -> Handle:
    return await _ends(shop, await _expired(shop))


async def purchase_late(shop: Shop) -> Handle:
    order = await shop.begin(an_order(policy=RARELY))
    await shop.forward(shop.purchase(order), WINDOW)
    await shop.reaches(PurchaseStage.EXPIRED)
    await shop.pay(order)
    return await _ends(shop, order)


async def purchase_woken(shop: Shop) -> Handle:
    order = await _expired(shop)
    await shop.rests(order)
    await shop.pay(order)
    await shop.reaches(PurchaseStage.DONE)
    return await _ends(shop, order)


async def purchase_with_its_page_asked_for(shop: Shop) -> Handle:
    order = an_order(message=None)
    shop.ledger.open(order)
    await shop.starter.invoice(order, ANSWER)
    await shop.pay(order)
    return await _ends(shop, order)


async def purchase_stuck(shop: Shop) -> Handle:
    return await _this_run(shop, shop.purchase(await _stuck(shop)))


async def purchase_repaired_retry(shop: Shop) -> Handle:
    order = await _stuck(shop)
    shop.peers.bring_back("nl1")
    await shop.repair(order, RepairAction.RETRY)
    return await _ends(shop, order)


async def purchase_repaired_other_server(shop: Shop) -> Handle:
    order = await _stuck(shop)
    await shop.repair(order, RepairAction.OTHER_SERVER)
    return await _ends(shop, order)


async def purchase_refunded(shop: Shop) -> Handle:
    order = await _stuck(shop)
    await shop.repair(order, RepairAction.REFUND)
    return await _ends(shop, order)


async def purchase_without_room(shop: Shop) -> Handle:
    servers, shop.ledger.servers = shop.ledger.servers, []
    order = await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)
    shop.ledger.servers = servers
    await shop.repair(order, RepairAction.RETRY)
    return await _ends(shop, order)


async def purchase_mismatch_refunded(shop: Shop) -> Handle:
    order = await shop.buy(oddity={"shop_id": "shop-2"})
    await shop.reaches(PurchaseStage.STUCK)
    await shop.repair(order, RepairAction.REFUND)
    return await _ends(shop, order)


async def purchase_unattended_refund(shop: Shop) -> Handle:
    shop.peers.take_none("nl1", "nl2")
    order = await shop.buy()
    for parking in (1, 2):
        await shop.reaches(PurchaseStage.STUCK, times=parking)
        await shop.forward(shop.purchase(order), SWIFT.park_patience)
    return await _ends(shop, order)


async def purchase_free(shop: Shop) -> Handle:
    return await _ends(shop, await shop.take_for_free(an_opening()))


async def purchase_free_taken_back(shop: Shop) -> Handle:
    shop.ledger.servers.clear()
    order = await shop.take_for_free()
    await shop.reaches(PurchaseStage.STUCK)
    await shop.journal.until("alarm")
    await shop.repair(order, RepairAction.REFUND)
    return await _ends(shop, order)


async def purchase_of_a_gift(shop: Shop) -> Handle:
    return await _ends(shop, await shop.buy(an_order(kind=PurchaseKind.GIFT)))


async def reward_granted(shop: Shop) -> Handle:
    order, reward = await invited(shop, due_in=DAY)
    await shop.rests(order)
    await shop.forward(reward, DAY)
    await reward.result(rpc_timeout=ANSWER)
    return reward


async def invited(shop: Shop, *, due_in: timedelta) -> tuple[PurchaseOrder, Handle]:
    """A friend has paid, and the inviter's reward is under way."""
    order = an_order()
    subscription_id, _ = await _opened(shop, MONTH)
    shop.ledger.inviters_subscription = subscription_id
    shop.ledger.rewards[order.purchase_id] = Reward(
        friend_id=order.user_id,
        purchase_id=order.purchase_id,
        due_at=datetime.now(UTC) + due_in,
    )
    await shop.buy(order)
    await shop.journal.until("delivered")
    reward = shop.client.get_workflow_handle(reward_workflow_id(order.purchase_id))
    return order, await _this_run(shop, reward)


async def subscription_renewed(shop: Shop) -> Handle:
    subscription_id, first = await _opened(shop, MONTH)
    shop.ledger.sell(subscription_id, datetime.now(UTC), MONTH)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])
    await _closes(first)
    return first


async def subscription_reminded(shop: Shop) -> Handle:
    _, first = await _opened(shop, MONTH)
    await shop.forward(first, MONTH - DAY + A_MOMENT)
    await shop.journal.until("reminded", ReminderKind.DAY_BEFORE)
    return first


async def subscription_ended(shop: Shop) -> Handle:
    _, first = await _opened(shop, MONTH)
    await shop.forward(first, MONTH - DAY + A_MOMENT)
    await shop.forward(first, DAY)
    await shop.journal.until("reminded", ReminderKind.ENDED)
    await shop.forward(first, 3 * DAY)
    await first.result(rpc_timeout=ANSWER)
    return first


async def removal_done(shop: Shop) -> Handle:
    first = await _removing(shop)
    await first.result(rpc_timeout=ANSWER)
    return first


async def removal_refused(shop: Shop) -> Handle:
    shop.peers.removal_faults["nl1"] = ServerRefused("nl1 shows another host key")
    first = await _removing(shop)
    await shop.journal.until("remove_peer")
    shop.peers.bring_back("nl1")
    await shop.forward(first, timedelta(hours=1))
    await shop.journal.until("peer_removed")
    return first


async def surplus_done(shop: Shop) -> Handle:
    return await _giving_back(shop)


async def surplus_refused(shop: Shop) -> Handle:
    shop.stars.outage = REFUSED
    first = await _giving_back(shop)
    await shop.journal.until("alarm")
    shop.stars.outage = None
    await shop.forward(first, timedelta(hours=1))
    await shop.journal.until("refund", times=2)
    return first


async def device_done(shop: Shop) -> Handle:
    first = await _setting_up(shop)
    await first.result(rpc_timeout=ANSWER)
    return first


async def device_delayed(shop: Shop) -> Handle:
    shop.peers.take_down("nl1")
    first = await _setting_up(shop)
    await shop.journal.until_after("device_delayed", "ensure_peer")
    shop.peers.bring_back("nl1")
    await first.result(rpc_timeout=ANSWER)
    return first


async def device_moved(shop: Shop) -> Handle:
    first = await _setting_up(shop, left_at=ServerId(2))
    await shop.journal.until("device_delivered")
    await shop.forward(first, PARTING)
    await shop.journal.until("confirm_removal")
    await first.result(rpc_timeout=ANSWER)
    return first


async def device_without_room(shop: Shop) -> Handle:
    servers, shop.ledger.servers = shop.ledger.servers, []
    first = await _setting_up(shop)
    await shop.journal.until_after("device_delayed", "placed_peer")
    shop.ledger.servers = servers
    await shop.forward(first, AFTER_A_REFUSAL)
    await shop.journal.until("device_delivered")
    return first


async def statistics_counted(shop: Shop) -> Handle:
    shop.traffic.known = [a_server(1)]
    handle = await shop.client.start_workflow(
        ServerStatisticsWorkflow.run, id=STATISTICS_ID, task_queue=SHOP_QUEUE
    )
    await shop.journal.until("counted")
    await shop.forward(handle, COUNT_PAUSE + A_MOMENT)
    await shop.journal.until("counted", times=2)
    return await _this_run(shop, handle)


async def quota_told(shop: Shop) -> Handle:
    notice = a_quota_notice()
    await shop.starter.tell_quota(notice)
    await shop.journal.until("quota_told")
    return await _this_run(shop, shop.client.get_workflow_handle(quota_workflow_id(notice)))


def a_quota_notice(mark: QuotaMark = QuotaMark.NEARLY) -> QuotaNotice:
    """A customer has come to that mark."""
    since = datetime(2027, 3, 1, tzinfo=UTC)
    return QuotaNotice(
        subscription_id=SubscriptionId(uuid4()),
        user_id=USER,
        mark=mark,
        quota=Quota(traffic_gb=300, slow_mbit=1),
        usage=Usage(since=since, used_bytes=241 * GIGABYTE),
        expires_at=since + MONTH,
    )


async def reconcile_done(shop: Shop) -> Handle:
    shop.reconciling.drift = Drift(missing=2, strangers=("a",))
    return await _reconciled(shop)


async def reconcile_refused(shop: Shop) -> Handle:
    shop.peers.faults["nl1"] = ServerRefused("nl1 shows another host key")
    return await _reconciled(shop)


async def health_fell(shop: Shop) -> Handle:
    """One server falls, another is reconciled, and there is no room."""
    shop.health.known = [1, 2]
    shop.health.full = ("month",)
    shop.health.census_of = Census(least=3, most=3, has_guests=False)
    shop.peers.take_down("nl1")
    handle = await shop.client.start_workflow(
        ServerHealthWorkflow.run, id=HEALTH_ID, task_queue=SHOP_QUEUE
    )
    for looks in range(1, BAD_LOOKS_TO_FALL + 1):
        await shop.journal.until("looked", times=2 * looks)
        await shop.forward(handle, LOOK_PAUSE)
    await shop.journal.until("told", Health.DOWN)
    return await _this_run(shop, handle)


async def reconcile_round(shop: Shop) -> Handle:
    shop.reconciling.known = [1, 2]
    handle = await shop.client.start_workflow(
        ReconcileRoundWorkflow.run, id=RECONCILE_ROUND_ID, task_queue=SHOP_QUEUE
    )
    await handle.result()
    await shop.journal.until("mended", 2)
    return await _this_run(shop, handle)


async def erasure_done(shop: Shop) -> Handle:
    run = await _erasing(shop)
    await run.result()
    return run


async def erasure_refused(shop: Shop) -> Handle:
    shop.personal_data.refusal = ErasureRefused("a purchase is paid and not over")
    run = await _erasing(shop)
    await run.result()
    return run


async def erasure_with_a_server_away(shop: Shop) -> Handle:
    shop.personal_data.peers = (
        PlacedPeer(device_id=DeviceId(uuid4()), server_id=ServerId(1), revision=2),
    )
    shop.peers.take_down("nl1")
    run = await _erasing(shop)
    await shop.journal.until("remove_peer")
    await shop.journal.until("peers_left")
    shop.personal_data.peers = ()
    await shop.forward(run, DAY)
    await run.result()
    return run


async def subscription_cancelled(shop: Shop) -> Handle:
    subscription_id, first = await _opened(shop, MONTH)
    await shop.cancel(subscription_id)
    await _closes(first)
    return first


async def subscription_frozen(shop: Shop) -> Handle:
    subscription_id, first = await _opened(shop, MONTH)
    await shop.starter.freeze(subscription_id)
    await _closes(first)
    return first


async def subscription_with_a_device_that_moved(shop: Shop) -> Handle:
    subscription_id, first = await _opened(shop, MONTH)
    order = LocationOrder(
        subscription_id=subscription_id,
        user_id=USER,
        device_id=DeviceId(uuid4()),
        revision=1,
        location="de",
    )
    await shop.starter.change_location(order)
    return first


async def subscription_resumed_by_itself(shop: Shop) -> Handle:
    subscription_id, first = await _opened(shop, MONTH)
    await shop.starter.freeze(subscription_id)
    await _closes(first)
    frozen = await _this_run(shop, shop.subscription(subscription_id))
    await shop.forward(shop.subscription(subscription_id), 7 * DAY + A_MOMENT)
    await shop.journal.until("reminded", ReminderKind.RESUMED)
    await _closes(frozen)
    return frozen


async def refund_done(shop: Shop) -> Handle:
    subscription_id, _ = await _opened(shop, MONTH)
    decision = await shop.cancel(subscription_id)
    refund = shop.refund(decision.refund_id)
    await refund.result(rpc_timeout=ANSWER)
    return await _this_run(shop, refund)


async def refund_given_up(shop: Shop) -> Handle:
    shop.provider.outage = REFUSED
    subscription_id, _ = await _opened(shop, MONTH)
    decision = await shop.cancel(subscription_id)
    await shop.journal.until("refund_alarm")
    verdict = RefundVerdict(action=RefundRepair.GIVE_UP, actor="telegram:42")
    await shop.starter.repair_refund(decision.refund_id, verdict)
    refund = shop.refund(decision.refund_id)
    await refund.result(rpc_timeout=ANSWER)
    return await _this_run(shop, refund)


STORIES: dict[str, dict[str, Story]] = {
    "Purchase": {
        "done": purchase_done,
        "moved": purchase_moved,
        "declined": purchase_declined,
        "tried_again": purchase_tried_again,
        "second_attempt": purchase_second_attempt,
        "expired": purchase_expired,
        "late": purchase_late,
        "woken": purchase_woken,
        "page_asked_for": purchase_with_its_page_asked_for,
        "stuck": purchase_stuck,
        "repaired_retry": purchase_repaired_retry,
        "repaired_other_server": purchase_repaired_other_server,
        "refunded": purchase_refunded,
        "without_room": purchase_without_room,
        "mismatch_refunded": purchase_mismatch_refunded,
        "unattended_refund": purchase_unattended_refund,
        "free": purchase_free,
        "free_taken_back": purchase_free_taken_back,
        "gift": purchase_of_a_gift,
    },
    "Subscription": {
        "renewed": subscription_renewed,
        "reminded": subscription_reminded,
        "ended": subscription_ended,
        "cancelled": subscription_cancelled,
        "frozen": subscription_frozen,
        "device_moved": subscription_with_a_device_that_moved,
        "resumed_by_itself": subscription_resumed_by_itself,
    },
    "ReferralReward": {"granted": reward_granted},
    "Refund": {"done": refund_done, "given_up": refund_given_up},
    "PeerRemoval": {"done": removal_done, "refused": removal_refused},
    "Erasure": {
        "done": erasure_done,
        "refused": erasure_refused,
        "server_away": erasure_with_a_server_away,
    },
    "SurplusRefund": {"done": surplus_done, "refused": surplus_refused},
    "DeviceSetup": {
        "done": device_done,
        "delayed": device_delayed,
        "without_room": device_without_room,
        "moved": device_moved,
    },
    "ServerStatistics": {"counted": statistics_counted},
    "QuotaNotice": {"told": quota_told},
    "Reconcile": {"done": reconcile_done, "refused": reconcile_refused},
    "ServerHealth": {"fell": health_fell},
    "ReconcileRound": {"begun": reconcile_round},
    **EVACUATION_STORIES,
}


async def _reconciled(shop: Shop) -> Handle:
    await reconcile(shop.client, ReconcileOrder(server_id=ServerId(1), slug="nl1"))
    return await _this_run(shop, shop.client.get_workflow_handle(reconcile_workflow_id("nl1")))


async def _erasing(shop: Shop) -> Handle:
    order = ErasureOrder(
        erasure_id=ErasureId(uuid4()),
        user_id=USER,
        language=Language.ENGLISH,
        message=ChatMessage(chat_id=ChatId(USER), message_id=MessageId(7)),
    )
    await shop.starter.erase(order)
    return await _this_run(
        shop, shop.client.get_workflow_handle(erasure_workflow_id(order.erasure_id))
    )


async def _giving_back(shop: Shop) -> Handle:
    surplus = paid_twice(an_order(provider=Provider.STARS, price=stars(250)))
    await shop.starter.give_back(surplus)
    workflow_id = surplus_workflow_id(surplus.request.provider_payment_id)
    run = await _this_run(shop, shop.client.get_workflow_handle(workflow_id))
    await shop.journal.until("refund")
    return run


def paid_twice(order: PurchaseOrder) -> Surplus:
    """A second payment of the order."""
    request = RefundRequest(
        provider_payment_id=ProviderPaymentId("charge-2"),
        amount=order.price,
        description=order.plan_name,
    )
    return Surplus(
        purchase_id=order.purchase_id,
        user_id=order.user_id,
        provider=order.provider,
        request=request,
    )


async def _ends(shop: Shop, order: PurchaseOrder) -> Handle:
    await shop.rests(order)
    return await _this_run(shop, shop.purchase(order))


async def _this_run(shop: Shop, handle: Handle) -> Handle:
    """The run that is the newest now, whatever follows it."""
    description = await handle.describe()
    return shop.client.get_workflow_handle(handle.id, run_id=description.run_id)


async def _closes(run: Handle) -> None:
    async for event in run.fetch_history_events(
        wait_new_event=True, event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT
    ):
        assert event


async def _expired(shop: Shop) -> PurchaseOrder:
    order = await shop.begin(an_order(policy=RARELY))
    await shop.forward(shop.purchase(order), WINDOW)
    await shop.reaches(PurchaseStage.EXPIRED)
    await shop.forward(shop.purchase(order), LAST_LOOK)
    return order


async def _stuck(shop: Shop) -> PurchaseOrder:
    shop.peers.take_none("nl1")
    order = await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)
    await shop.journal.until("alarm")
    return order


async def _opened(shop: Shop, time: timedelta) -> tuple[SubscriptionId, Handle]:
    subscription_id = SubscriptionId(uuid4())
    shop.ledger.sell(subscription_id, datetime.now(UTC), time)
    await shop.starter.open_or_extend(shop.ledger.states[subscription_id])
    handle = shop.client.get_workflow_handle(subscription_workflow_id(subscription_id))
    return subscription_id, await _this_run(shop, handle)


async def _removing(shop: Shop) -> Handle:
    placed = PlacedPeer(device_id=DeviceId(uuid4()), server_id=ServerId(1), revision=2)
    handle = await shop.client.start_workflow(
        PeerRemovalWorkflow.run, placed, id=removal_workflow_id(placed), task_queue=SHOP_QUEUE
    )
    return await _this_run(shop, handle)


async def _setting_up(shop: Shop, left_at: ServerId | None = None) -> Handle:
    turn = DeviceTurn(device_id=DeviceId(uuid4()), user_id=USER, revision=1)
    if left_at is not None:
        former = PlacedPeer(device_id=turn.device_id, server_id=left_at, revision=turn.revision)
        shop.devices.left.append(former)
    setup = DeviceSetup(turn=turn, swift=timedelta(seconds=0.4), pause=timedelta(seconds=0.2))
    handle = await shop.client.start_workflow(
        DeviceSetupWorkflow.run, setup, id=device_workflow_id(turn), task_queue=SHOP_QUEUE
    )
    return await _this_run(shop, handle)
