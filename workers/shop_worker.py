"""The Temporal workers of the shop: one for each task queue."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from activities.changes import ChangeActivities
from activities.evacuation import EvacuationActivities, RelocationActivities
from activities.health import HealthActivities, HealthNewsActivities
from activities.interceptor import ShopInterceptor
from activities.ledger import LedgerActivities
from activities.notices import NoticeActivities
from activities.payments import PaymentActivities
from activities.privacy import PrivacyActivities
from activities.reconciling import ReconcileActivities
from activities.refunds import RefundActivities
from activities.renewals import RenewalActivities
from activities.rewards import RewardActivities
from activities.subscriptions import SubscriptionActivities
from activities.traffic import TrafficActivities
from activities.vpn import VpnActivities
from domain.payments import Provider
from workers.gateways import Gateways
from workflows.clearing import ServerClearingWorkflow
from workflows.device_setup import DeviceSetupWorkflow
from workflows.erasure import ErasureWorkflow
from workflows.evacuation import EvacuationWorkflow
from workflows.health import ServerHealthWorkflow
from workflows.names import PAYMENTS_QUEUE, SHOP_QUEUE, VPN_QUEUE
from workflows.purchase import PurchaseWorkflow
from workflows.quota_notice import QuotaNoticeWorkflow
from workflows.reconcile import ReconcileRoundWorkflow, ReconcileWorkflow
from workflows.refund_case import RefundWorkflow
from workflows.removal import PeerRemovalWorkflow
from workflows.reward import ReferralRewardWorkflow
from workflows.statistics import ServerStatisticsWorkflow
from workflows.subscription import SubscriptionWorkflow
from workflows.surplus import SurplusRefundWorkflow

WORKFLOWS = [
    PurchaseWorkflow,
    SubscriptionWorkflow,
    RefundWorkflow,
    PeerRemovalWorkflow,
    SurplusRefundWorkflow,
    DeviceSetupWorkflow,
    ServerStatisticsWorkflow,
    ServerHealthWorkflow,
    ReconcileWorkflow,
    ReconcileRoundWorkflow,
    EvacuationWorkflow,
    ServerClearingWorkflow,
    ErasureWorkflow,
    ReferralRewardWorkflow,
    QuotaNoticeWorkflow,
]

PARALLEL_CALLS = 16
"""As many as the payment provider's own threads."""

VPN_PLACES = 200
"""Many times what the gateway lets one server take, which then gives the place back at once."""

PARALLEL_NOTES = 50
"""PostgreSQL and Telegram: asynchronous, so a few dozen at once cost little."""

STICKINESS = timedelta(seconds=3)
"""How long a workflow waits for the worker that has it in memory, before any other takes it."""


def sandbox_runner() -> SandboxedWorkflowRunner:
    """The sandbox that workflows run in; a forgotten pass-through import fails at the start."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_import_notification_policy(
            SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
            | SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
        )
    )


def build_workers(
    client: Client, gateways: Gateways, grace: timedelta, *, vpn_places: int = VPN_PLACES
) -> list[Worker]:
    """One worker for the shop's own work and one for each slow neighbour."""
    return [
        _shop_worker(client, gateways, grace),
        _payments_worker(client, gateways, grace),
        _vpn_worker(client, gateways, grace, vpn_places),
    ]


def _shop_worker(client: Client, gateways: Gateways, grace: timedelta) -> Worker:
    return Worker(
        client,
        task_queue=SHOP_QUEUE,
        workflows=WORKFLOWS,
        workflow_runner=sandbox_runner(),
        activities=_shop_activities(gateways),
        interceptors=[ShopInterceptor()],
        max_concurrent_activities=PARALLEL_NOTES,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        sticky_queue_schedule_to_start_timeout=STICKINESS,
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=grace,
    )


def _shop_activities(gateways: Gateways) -> list[Callable[..., Awaitable[object]]]:
    ledger = LedgerActivities(gateways.ledger)
    rewards = RewardActivities(gateways.rewards, gateways.notices)
    renewals = RenewalActivities(gateways.renewals, gateways.notices)
    notices = NoticeActivities(gateways.notices, gateways.access, gateways.devices)
    subscriptions = SubscriptionActivities(gateways.access, gateways.devices, gateways.desk)
    refunds = RefundActivities(gateways.refunds, gateways.notices)
    changes = ChangeActivities(gateways.changes, gateways.keeper)
    health_news = HealthNewsActivities(gateways.health, gateways.notices)
    return [
        changes.change_plan,
        changes.freeze_subscription,
        changes.resume_subscription,
        changes.reissue_device,
        changes.change_location,
        refunds.decide_refund,
        refunds.note_refund,
        refunds.give_up_refund,
        refunds.record_verdict,
        refunds.raise_refund_alarm,
        refunds.tell_refund,
        renewals.decide_charge,
        renewals.note_failed_charge,
        renewals.tell_renewal,
        ledger.recall_purchase,
        ledger.publish_stage,
        ledger.record_payment,
        ledger.record_payment_and_grant,
        ledger.record_payment_and_wrap,
        ledger.grant_free,
        ledger.revoke_free,
        ledger.record_refund_and_revoke,
        ledger.record_repair,
        notices.show_purchase,
        notices.deliver_config,
        rewards.settle_reward,
        rewards.tell_referrer,
        notices.hand_over_gift,
        notices.tell_giver,
        notices.deliver_device,
        notices.tell_device_delayed,
        notices.raise_alarm,
        notices.raise_drift_alarm,
        health_news.raise_health_alarm,
        health_news.raise_full_alarm,
        notices.remind,
        notices.tell_quota,
        subscriptions.open_subscription,
        subscriptions.read_subscription,
        subscriptions.end_subscription,
        subscriptions.left_behind,
        *_privacy_activities(gateways),
        *_evacuation_activities(gateways),
    ]


def _evacuation_activities(gateways: Gateways) -> list[Callable[..., Awaitable[object]]]:
    evacuation = EvacuationActivities(
        gateways.evacuations, gateways.access, gateways.devices, gateways.notices
    )
    return [
        evacuation.begin_evacuation,
        evacuation.decide_batch,
        evacuation.unfinished_relocations,
        evacuation.hand_out_file,
        evacuation.tally_evacuation,
        evacuation.finish_evacuation,
    ]


def _privacy_activities(gateways: Gateways) -> list[Callable[..., Awaitable[object]]]:
    privacy = PrivacyActivities(gateways.personal_data, gateways.desk, gateways.notices)
    return [
        privacy.erase_customer,
        privacy.close_subscription,
        privacy.peers_left,
        privacy.forget_devices,
        privacy.show_erasure,
    ]


def _payments_worker(client: Client, gateways: Gateways, grace: timedelta) -> Worker:
    providers = {Provider.YOOKASSA: gateways.provider, Provider.STARS: gateways.stars}
    payments = PaymentActivities(providers, gateways.ledger)
    return Worker(
        client,
        task_queue=PAYMENTS_QUEUE,
        activities=[
            payments.create_invoice,
            payments.fetch_payment,
            payments.refund_payment,
            payments.fetch_refund,
        ],
        interceptors=[ShopInterceptor()],
        max_concurrent_activities=PARALLEL_CALLS,
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=grace,
    )


def _vpn_worker(client: Client, gateways: Gateways, grace: timedelta, places: int) -> Worker:
    vpn = VpnActivities(gateways.access, gateways.devices, gateways.peers)
    traffic = TrafficActivities(
        gateways.traffic, gateways.peers, gateways.quotas, gateways.speeds, gateways.desk
    )
    reconciling = ReconcileActivities(gateways.reconciling, gateways.peers)
    health = HealthActivities(gateways.health, gateways.peers, gateways.probe)
    relocation = RelocationActivities(gateways.evacuations, vpn)
    return Worker(
        client,
        task_queue=VPN_QUEUE,
        activities=[
            vpn.ensure_peer,
            vpn.set_up_device,
            vpn.move_device,
            vpn.remove_peer,
            traffic.collect_statistics,
            health.look_at_servers,
            reconciling.servers_to_reconcile,
            reconciling.reconcile,
            relocation.settle_relocation,
            relocation.clear_server,
        ],
        interceptors=[ShopInterceptor()],
        max_concurrent_activities=places,
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=grace,
    )
