"""Staff gives money back, from the command line."""

from decimal import Decimal, InvalidOperation
from uuid import UUID, uuid4

import typer
from pydantic import ValidationError

from domain.errors import RefundRefused
from domain.ids import PurchaseId, RefundId
from domain.money import Money
from domain.refund_orders import RefundRepair, RefundVerdict, StaffRefund
from infra.settings import EncryptionSettings, TemporalSettings, load
from temporal.client import connect
from temporal.starter import Starter
from workers.temporal_link import temporal_target


async def refund_purchase(
    purchase_id: UUID, amount: str, currency: str, actor: str, refund_id: UUID | None
) -> None:
    """Begin the refund. Raises what `Starter.refund` does."""
    order = StaffRefund(
        refund_id=RefundId(refund_id or uuid4()),
        purchase_id=PurchaseId(purchase_id),
        amount=_money(amount, currency),
        actor=f"cli:{actor}",
    )
    typer.echo(f"refund {order.refund_id}; with `--refund-id` a repeat is the same one")
    await (await _starter()).refund(order)
    typer.echo(f"{order.amount} is on its way; the access is shorter by the same share")


async def decide_refused_refund(refund_id: UUID, action: str, actor: str) -> None:
    """Hand the decision to the refund. Raises what `Starter.repair_refund` does."""
    if action not in set(RefundRepair):
        raise RefundRefused(f"{action!r} decides nothing: choose of {', '.join(RefundRepair)}")
    verdict = RefundVerdict(action=RefundRepair(action), actor=f"cli:{actor}")
    await (await _starter()).repair_refund(RefundId(refund_id), verdict)
    typer.echo(f"{action}: the refund goes on")


def _money(amount: str, currency: str) -> Money:
    try:
        return Money(amount=Decimal(amount), currency=currency)
    except (InvalidOperation, ValidationError) as error:
        raise RefundRefused(f"{amount!r} {currency} is no sum of money, such as 149.50") from error


async def _starter() -> Starter:
    ring = load(EncryptionSettings).key_ring()
    return Starter(await connect(temporal_target(load(TemporalSettings)), ring, lazy=True))
