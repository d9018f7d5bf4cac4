"""What a customer may ask of their data: to have it, and to have it gone."""

from datetime import datetime
from enum import StrEnum

from domain.ids import ErasureId, SubscriptionId, UserId
from domain.languages import Language
from domain.model import Value
from domain.purchases import ChatMessage
from domain.subscriptions import PlacedPeer


class ErasureStage(StrEnum):
    """How far an erasure is, as the customer is told."""

    UNDER_WAY = "under_way"
    ERASED = "erased"
    REFUSED = "refused"
    """A paid purchase is under way: first it has to come to its end, or the money back."""


class ErasureOrder(Value):
    """A customer's wish to be forgotten."""

    erasure_id: ErasureId
    """Minted with the button, so that two taps are one erasure."""
    user_id: UserId
    language: Language
    message: ChatMessage | None = None
    """Where the outcome is told; none when support did it."""


class Departure(Value):
    """What an erasure leaves to be done outside the ledger."""

    subscriptions: tuple[SubscriptionId, ...] = ()
    """Whose workflows have nothing left to say."""
    removals: tuple[PlacedPeer, ...] = ()
    """The peers that have to leave their servers."""


class ErasureNotice(Value):
    """What the message with the button has to say."""

    message: ChatMessage
    language: Language
    stage: ErasureStage


class CustomerData(Value):
    """Everything that the shop keeps about one customer, ready to be read by people."""

    user_id: UserId
    collected_at: datetime
    tables: dict[str, list[dict[str, object]]]
    """The customer's rows, by table. What is encrypted is left out, or opened."""
