"""A Temporal server that is not there."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import TemporalUnavailable
from domain.ids import ProviderPaymentId, SubscriptionId
from domain.purchases import PurchaseOrder, Repair, RepairAction
from domain.subscriptions import SubscriptionState
from infra.keyring import KeyRing
from sandbox.ports import LOOPBACK, free_ports
from sandbox.temporal_server import temporal_child
from temporal.client import TemporalTarget, connect
from temporal.namespace import prepare_namespace
from temporal.starter import Starter
from tests.workflows.shop import an_order

PATIENCE = timedelta(seconds=1)

Call = Callable[[Starter, PurchaseOrder], Awaitable[object]]

CALLS: dict[str, Call] = {
    "begin": lambda starter, order: starter.begin_purchase(order),
    "invoice": lambda starter, order: starter.invoice(order, PATIENCE),
    "payment_seen": lambda starter, order: starter.payment_seen(order, ProviderPaymentId("1")),
    "repair": lambda starter, order: starter.repair(
        order.purchase_id, Repair(action=RepairAction.RETRY, actor="cli:alice")
    ),
    "open": lambda starter, order: starter.open_or_extend(_state(order)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_a_server_that_never_answered_is_said_to_be_away(
    call: Call, key_ring: KeyRing
) -> None:
    (port,) = free_ports(0)
    target = TemporalTarget(address=f"{LOOPBACK}:{port}", namespace="shop")
    starter = Starter(await connect(target, key_ring, lazy=True))

    with pytest.raises(TemporalUnavailable):
        await call(starter, an_order())


async def test_a_server_that_went_away_is_said_to_be_away(
    tmp_path: Path, key_ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("temporal.starter.RPC_TIMEOUT", PATIENCE)
    starter, stop = await _starter_of_a_mortal_server(tmp_path, key_ring)
    await starter.begin_purchase(an_order())

    await stop()

    answers = await asyncio.gather(
        *(call(starter, an_order()) for call in CALLS.values()), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [TemporalUnavailable] * len(CALLS)


async def _starter_of_a_mortal_server(
    folder: Path, ring: KeyRing
) -> tuple[Starter, Callable[[], Awaitable[None]]]:
    (port,) = free_ports(0)
    server = temporal_child(folder, port=port, ui_port=None, codec=None, log=folder / "log", env={})
    await server.start()
    target = TemporalTarget(address=f"{LOOPBACK}:{port}", namespace="shop")
    client = await connect(target, ring, lazy=True)
    await prepare_namespace(client)
    return Starter(client), server.stop


def _state(order: PurchaseOrder) -> SubscriptionState:
    return SubscriptionState(
        subscription_id=SubscriptionId(order.purchase_id),
        user_id=order.user_id,
        expires_at=datetime.now(UTC) + order.duration,
    )
