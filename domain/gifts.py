"""A gift: time that was paid for by one, for whoever opens it."""

from datetime import datetime, timedelta
from uuid import uuid5

from domain.ids import PlanId, PurchaseId, UserId
from domain.languages import Wording
from domain.model import Value


class Gift(Value):
    """A gift as the ledger knows it; it never expires."""

    purchase_id: PurchaseId
    """The purchase that paid for it."""
    code: str
    """What its link carries: whoever knows it may open the gift."""
    giver_id: UserId
    plan_id: PlanId
    plan_name: Wording
    duration: timedelta
    opening: int = 1
    """Which try to open it is the next, or is on."""
    opened_by: UserId | None = None
    opener_name: str | None = None
    opened_at: datetime | None = None
    is_void: bool = False
    """Its money was given back."""

    @property
    def opening_id(self) -> PurchaseId:
        """The purchase, at no price, that opening it is."""
        return gift_opening_id_of(self.purchase_id, self.opening)


def gift_opening_id_of(gift: PurchaseId, opening: int) -> PurchaseId:
    """Derived, so that two taps are one opening."""
    return PurchaseId(uuid5(gift, f"opening:{opening}"))
