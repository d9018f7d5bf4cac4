"""What conversations work with: the ledger, the workflows' front door, and the owner's choices."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.ids import ChatId
from domain.payments import Provider
from domain.purchases import PurchasePolicy
from infra.postgres.auto_renewals import AutoRenewals
from infra.postgres.changes import PostgresChangeLedger
from infra.postgres.customers import Customers
from infra.postgres.devices import Devices
from infra.postgres.gifts import Gifts
from infra.postgres.inbox import Inbox
from infra.postgres.offers import CustomerOffers
from infra.postgres.personal_data import PersonalDataExport
from infra.postgres.plans import Plans
from infra.postgres.purchases import Purchases
from infra.postgres.referrals import Referrals
from infra.postgres.refunds import PostgresRefundLedger
from infra.postgres.sessions import Sessions
from infra.postgres.stars import StarsBook
from infra.postgres.subscriptions import Subscriptions
from infra.postgres.trials import Trials
from infra.telegram import TelegramMessenger
from temporal.starter import Starter


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that a handler may need, put together once at the start."""

    messenger: TelegramMessenger
    customers: Customers
    plans: Plans
    offers: CustomerOffers
    purchases: Purchases
    gifts: Gifts
    referrals: Referrals
    subscriptions: Subscriptions
    auto_renewals: AutoRenewals
    devices: Devices
    refunds: PostgresRefundLedger
    changes: PostgresChangeLedger
    inbox: Inbox
    sessions: Sessions
    starter: Starter
    charges: StarsBook
    personal_data: PersonalDataExport
    trials: Trials
    now: Callable[[], datetime]
    """An aware clock."""
    policy: PurchasePolicy = field(default_factory=PurchasePolicy)
    accepted: tuple[Provider, ...] = (Provider.YOOKASSA,)
    """How customers may pay in Telegram."""
    receipts: bool = False
    """Whether an e-mail address is needed before the first payment (54-FZ)."""
    support_contact: str | None = None
    """Whom customers may write to: a @handle or an address."""
    admin_chat_id: ChatId | None = None
    """The staff's chat, the only one where repair buttons work."""
