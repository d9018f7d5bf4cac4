"""Names that outlive a release: task queues, workflow ids, search attributes."""

from temporalio.common import SearchAttributeKey

from domain.devices import DeviceTurn
from domain.evacuation import EvacuationCause, EvacuationOrder
from domain.ids import ErasureId, ProviderPaymentId, PurchaseId, RefundId, SubscriptionId
from domain.quotas import QuotaNotice
from domain.subscriptions import PlacedPeer

SHOP_QUEUE = "shop"
"""Workflows, the ledger and messages."""

PAYMENTS_QUEUE = "payments"
"""The payment provider: its slow answers hold up nothing else."""

VPN_QUEUE = "vpn"
"""VPN servers: a dead one holds up nothing else."""

PURCHASE_STAGE = SearchAttributeKey.for_keyword("PurchaseStage")
VPN_SERVER = SearchAttributeKey.for_keyword("VpnServer")
PAID_UNTIL = SearchAttributeKey.for_datetime("PaidUntil")
SUBSCRIPTION_STATUS = SearchAttributeKey.for_keyword("SubscriptionStatus")

SEARCH_ATTRIBUTES = (PURCHASE_STAGE, VPN_SERVER, PAID_UNTIL, SUBSCRIPTION_STATUS)


def purchase_workflow_id(purchase_id: PurchaseId) -> str:
    """`purchase:<uuid>`."""
    return f"purchase:{purchase_id}"


def subscription_workflow_id(subscription_id: SubscriptionId) -> str:
    """`subscription:<uuid>`."""
    return f"subscription:{subscription_id}"


def refund_workflow_id(refund_id: RefundId) -> str:
    """`refund:<uuid>`."""
    return f"refund:{refund_id}"


def surplus_workflow_id(payment_id: ProviderPaymentId) -> str:
    """`surplus:<the provider's id of the payment>`."""
    return f"surplus:{payment_id}"


def erasure_workflow_id(erasure_id: ErasureId) -> str:
    """`erasure:<uuid>`: it does not say whose."""
    return f"erasure:{erasure_id}"


def reward_workflow_id(purchase_id: PurchaseId) -> str:
    """`reward:<the friend's purchase uuid>`."""
    return f"reward:{purchase_id}"


def removal_workflow_id(placed: PlacedPeer) -> str:
    """`removal:<device uuid>:<server id>:<revision>`: one for each decision to remove."""
    return f"removal:{placed.device_id}:{placed.server_id}:{placed.revision}"


def quota_workflow_id(notice: QuotaNotice) -> str:
    """`quota:<subscription uuid>:<period's begin>:<GB>:<mark>`: one for each mark of a period."""
    began = int(notice.usage.since.timestamp())
    return f"quota:{notice.subscription_id}:{began}:{notice.quota.traffic_gb}:{notice.mark}"


def device_workflow_id(turn: DeviceTurn) -> str:
    """`device:<uuid>:<revision>`: one for each decision to set a device up."""
    return f"device:{turn.device_id}:{turn.revision}"


RECONCILE_ROUND_ID = "reconcile-round"
"""The schedule that has all servers reconciled, and the beginning of its workflows' ids."""

HEALTH_ID = "server-health"
"""The schedule that has servers looked at, and the beginning of its workflows' ids."""

STATISTICS_ID = "server-statistics"
"""The schedule that has traffic counted, and the beginning of its workflows' ids."""


def reconcile_workflow_id(slug: str) -> str:
    """`reconcile:<slug>`: one at a time for each server."""
    return f"reconcile:{slug}"


def evacuation_workflow_id(order: EvacuationOrder) -> str:
    """`evacuate:<slug>` or `rotate-key:<slug>`: one at a time for each server."""
    what = "evacuate" if order.cause is EvacuationCause.EVACUATION else "rotate-key"
    return f"{what}:{order.source}"


def clearing_workflow_id(slug: str) -> str:
    """`clear:<slug>`: one at a time for each server."""
    return f"clear:{slug}"
