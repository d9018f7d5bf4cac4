"""Preparing the namespace."""

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

from infra.keyring import KeyRing
from temporal.client import TemporalTarget, connect
from temporal.namespace import RETENTION, prepare_namespace


async def test_preparing_twice_leaves_one_namespace_with_our_search_attributes(
    temporal_target: TemporalTarget, key_ring: KeyRing
) -> None:
    client = await connect(temporal_target, key_ring)

    await prepare_namespace(client)

    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    assert {"PurchaseStage", "VpnServer", "PaidUntil"} <= set(known.custom_attributes)


async def test_closed_purchases_are_kept_for_months(
    temporal_target: TemporalTarget, key_ring: KeyRing
) -> None:
    client = await connect(temporal_target, key_ring)

    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )

    assert described.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION
