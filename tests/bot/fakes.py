"""The shop's repositories and front door in memory, with the same methods."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_interface
from uuid import UUID, uuid4

from pydantic import SecretStr

from domain import pricing
from domain.customers import Customer, Introduction
from domain.devices import Device, DeviceShelf, DeviceTurn, DeviceWork, ReissueOrder
from domain.errors import GiftGone, PromoRefused, SoldOut, TemporalUnavailable
from domain.gifts import Gift
from domain.holdings import Backing, Holding, Holdings
from domain.ids import (
    DeviceId,
    GrantId,
    MessageId,
    PaymentId,
    PlanId,
    PromoId,
    ProviderPaymentId,
    PurchaseId,
    RefundId,
    ServerId,
    SubscriptionId,
    UserId,
)
from domain.languages import Language, Wording, language_of
from domain.locations import ChangesLeft, LocationChoice, LocationOrder
from domain.money import roubles
from domain.notices import Claim, ClaimedNotice
from domain.payments import Provider
from domain.plan_changes import (
    Changed,
    ChangeOffer,
    ChangeOrder,
    ChangeRefusal,
    change_offer,
)
from domain.plans import Plan
from domain.privacy import CustomerData, ErasureOrder
from domain.promotions import PromoCode, PromoKind, PromoRefusal
from domain.purchases import PurchaseOrder, PurchaseRecord, PurchaseStage, Repair
from domain.referrals import Invitation
from domain.refund_orders import CancelOrder, OwedRefund, RefundDecision, RefundVerdict
from domain.refunds import RefundOffer, RefundPart
from domain.renewals import Consent, StandingRenewal
from domain.servers import ClientConfig
from domain.stars import StarCharge, Surplus
from domain.subscriptions import (
    PlacedPeer,
    Subscription,
    SubscriptionState,
    SubscriptionStatus,
)
from domain.traffic import Traffic
from infra.postgres.sessions import Session
from infra.postgres.stars import KnownCharge

NOW = datetime(2027, 3, 5, 9, 30, tzinfo=UTC)
ANNA = UserId(1001)
KEY = "A" * 43 + "="

MONTH = Plan(
    plan_id=PlanId(1),
    slug="month",
    name=Wording(ru="30 дней", en="30 days"),
    description=Wording(ru="Чтобы попробовать.", en="To begin with."),
    price=roubles(299),
    duration_days=30,
    locations=("nl", "de"),
)
YEAR = Plan(
    plan_id=PlanId(2),
    slug="year",
    name=Wording(ru="Год", en="A year"),
    description=Wording(ru="Выгоднее всего.", en="The best value."),
    price=roubles(2990),
    price_stars=1990,
    duration_days=365,
    device_limit=3,
)
SPRING = PromoCode(promo_id=PromoId(1), code="SPRING", kind=PromoKind.PERCENT, worth=Decimal(20))
TRIAL = Plan(
    plan_id=PlanId(3),
    slug="trial",
    name=Wording(ru="Пробный период", en="Free trial"),
    description=Wording(ru="", en=""),
    price=roubles(0),
    duration_days=3,
    is_trial=True,
)
GIFT = Gift(
    purchase_id=PurchaseId(UUID(int=5)),
    code="abcdefghijklmnopqrstuv",
    giver_id=UserId(1002),
    plan_id=MONTH.plan_id,
    plan_name=MONTH.name,
    duration=MONTH.duration,
)
CONFIG = ClientConfig(
    private_key=SecretStr(KEY),
    preshared_key=SecretStr(KEY),
    ipv4=ip_interface("10.8.0.2/32"),
    ipv6=ip_interface("fd00::2/128"),
    dns=(ip_address("1.1.1.1"),),
    mtu=1420,
    server_public_key=KEY,
    endpoint_host="nl1.example.com",
    endpoint_port=51820,
    name="wgshop-nl1",
)


def a_subscription(
    ends: datetime = NOW + timedelta(days=29),
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE,
) -> Subscription:
    return Subscription(
        subscription_id=SubscriptionId(UUID(int=1)),
        user_id=ANNA,
        plan_name_ru="30 дней",
        plan_name_en="30 days",
        status=status,
        starts_at=NOW - timedelta(days=1),
        expires_at=ends,
        device_id=DeviceId(UUID(int=2)),
        device_public_key=KEY,
        server="nl1",
        location="nl",
    )


def a_device(**changes: object) -> Device:
    device = Device(
        device_id=DeviceId(UUID(int=2)),
        user_id=ANNA,
        name="",
        revision=1,
        added_at=NOW - timedelta(days=1),
        may_connect=True,
        is_set_up=True,
        location="nl",
        traffic=Traffic(
            latest_handshake=NOW - timedelta(minutes=1),
            received_bytes=300_000_000,
            sent_bytes=12_000_000_000,
        ),
    )
    return device.model_copy(update=changes)


A_CHOICE = LocationChoice(places=("de", "fi"), changes=ChangesLeft(limit=3, number=2))
"""Where a device of Anna's can go."""


def a_state(subscription_id: SubscriptionId) -> SubscriptionState:
    return SubscriptionState(
        subscription_id=subscription_id, user_id=ANNA, expires_at=NOW + timedelta(days=29)
    )


def an_offer(sum_back: Decimal = Decimal("199.33")) -> RefundOffer:
    part = RefundPart(
        payment_id=PaymentId(1),
        provider=Provider.YOOKASSA,
        amount=roubles(sum_back),
        lost=timedelta(days=20),
    )
    return RefundOffer(made_at=NOW, revision=3, parts=(part,), lost=timedelta(days=20))


def a_decision(order: CancelOrder, sum_back: Decimal = Decimal("199.33")) -> RefundDecision:
    owed = OwedRefund(
        payment_id=PaymentId(1),
        purchase_id=PurchaseId(UUID(int=7)),
        provider=Provider.YOOKASSA,
        provider_payment_id=ProviderPaymentId("payment-1"),
        amount=roubles(sum_back),
        is_partial=True,
        description="30 days",
    )
    return RefundDecision(
        refund_id=order.refund_id, user_id=ANNA, language=Language.RUSSIAN, owed=(owed,)
    )


THREE_HUNDRED_LEFT = Holdings(
    grants=(
        Holding(
            grant_id=GrantId(UUID(int=3)),
            length=timedelta(days=30),
            backings=(
                Backing(payment_id=PaymentId(1), amount=MONTH.price, paid=MONTH.price, paid_at=NOW),
            ),
        ),
    ),
    ends_at=NOW + timedelta(days=30),
    revision=3,
)


def changes_to(
    plans: tuple[Plan, ...], holdings: Holdings = THREE_HUNDRED_LEFT, now: datetime = NOW
) -> tuple[tuple[Plan, ChangeOffer | ChangeRefusal], ...]:
    return tuple((plan, change_offer(holdings, MONTH, plan, devices=1, now=now)) for plan in plans)


class Customers:
    def __init__(self) -> None:
        self.known: dict[UserId, Customer] = {}
        self.blocked: dict[UserId, datetime] = {}

    async def greet(self, introduction: Introduction, now: datetime) -> Customer:
        before = self.known.get(introduction.user_id)
        customer = Customer(
            user_id=introduction.user_id,
            username=introduction.username,
            first_name=introduction.first_name,
            language=before.language if before else language_of(introduction.language_code),
            email=before.email if before else None,
            created_at=now,
        )
        self.known[introduction.user_id] = customer
        return customer

    async def find(self, user_id: UserId) -> Customer | None:
        return self.known.get(user_id)

    async def choose_language(self, user_id: UserId, language: Language) -> None:
        self._change(user_id, language=language)

    async def save_email(self, user_id: UserId, email: str) -> None:
        self._change(user_id, email=email)

    async def note_blocked(self, user_id: UserId, at: datetime) -> None:
        self.blocked[user_id] = at

    async def note_unblocked(self, user_id: UserId) -> None:
        self.blocked.pop(user_id, None)

    def _change(self, user_id: UserId, **changes: object) -> None:
        self.known[user_id] = self.known[user_id].model_copy(update=changes)


class Plans:
    def __init__(self) -> None:
        self.offered: tuple[Plan, ...] = (MONTH, YEAR)
        self.on_trial: Plan | None = None

    async def trial(self) -> Plan | None:
        return self.on_trial

    async def for_sale(self) -> tuple[Plan, ...]:
        return self.offered

    async def find(self, plan_id: PlanId) -> Plan | None:
        return next((plan for plan in self.offered if plan.plan_id == plan_id), None)


class Offers:
    def __init__(self) -> None:
        self.present = pricing.Offers()
        self.codes: dict[str, PromoCode] = {}
        self.refusal: PromoRefusal | None = None
        """Of whatever is held or entered next."""
        self.held: list[PurchaseId] = []

    async def of(self, user_id: UserId, now: datetime) -> pricing.Offers:
        return self.present

    async def enter_code(self, user_id: UserId, entered: str, now: datetime) -> PromoCode:
        code = self.codes.get(entered.strip().upper())
        if code is None:
            raise PromoRefused(PromoRefusal.UNKNOWN)
        self._check()
        self.present = self.present.model_copy(update={"promo": code})
        return code

    async def drop_code(self, user_id: UserId) -> None:
        gone = {"promo": None, "refused_code": None, "refusal": None}
        self.present = self.present.model_copy(update=gone)

    async def hold_again(self, order: PurchaseOrder, now: datetime) -> None:
        self._check()
        self.held.append(order.purchase_id)

    def _check(self) -> None:
        if self.refusal is not None:
            raise PromoRefused(self.refusal)


class Purchases:
    def __init__(self) -> None:
        self.records: dict[PurchaseId, PurchaseRecord] = {}
        self.refusal: PromoRefusal | None = None
        """Of a discount that goes at the very moment."""
        self.is_full = False
        """No server has room."""

    async def require_room(self, _order: PurchaseOrder) -> None:
        if self.is_full:
            raise SoldOut("no server has room")

    async def open(self, order: PurchaseOrder, now: datetime) -> bool:
        if order.purchase_id in self.records:
            return False
        await self.require_room(order)
        if self.refusal is not None:
            raise PromoRefused(self.refusal)
        self.records[order.purchase_id] = PurchaseRecord(
            order=order, stage=PurchaseStage.PREPARING, created_at=now, updated_at=now
        )
        return True

    async def find(self, purchase_id: PurchaseId) -> PurchaseRecord | None:
        return self.records.get(purchase_id)

    async def latest_of(self, user_id: UserId) -> PurchaseRecord | None:
        own = [each for each in self.records.values() if each.order.user_id == user_id]
        return own[-1] if own else None

    async def latest_for_themselves_of(self, user_id: UserId) -> PurchaseRecord | None:
        return await self.latest_of(user_id)

    def move(self, purchase_id: PurchaseId, stage: PurchaseStage, **changes: object) -> None:
        record = self.records[purchase_id]
        self.records[purchase_id] = record.model_copy(update={"stage": stage, **changes})


class Gifts:
    def __init__(self, purchases: Purchases) -> None:
        self.known: list[Gift] = []
        self._purchases = purchases

    async def find(self, code: str) -> Gift | None:
        return next((gift for gift in self.known if gift.code == code), None)

    async def bought_as(self, purchase_id: PurchaseId) -> Gift | None:
        return next((gift for gift in self.known if gift.purchase_id == purchase_id), None)

    async def opened_as(self, purchase_id: PurchaseId) -> Gift | None:
        found = [each for each in self.known if each.opening_id == purchase_id]
        return next((gift for gift in found if gift.opened_by is not None), None)

    async def given_by(self, user_id: UserId) -> tuple[Gift, ...]:
        return tuple(gift for gift in self.known if gift.giver_id == user_id)

    async def open(self, order: PurchaseOrder, code: str, now: datetime) -> bool:
        gift = await self.find(code)
        assert gift is not None
        if gift.opened_by not in {None, order.user_id}:
            raise GiftGone("the gift has been opened already")
        opened = {"opened_by": order.user_id, "opened_at": now, "opener_name": "Борис"}
        self.known[self.known.index(gift)] = gift.model_copy(update=opened)
        return await self._purchases.open(order, now)


class Referrals:
    def __init__(self) -> None:
        self.invitation = Invitation(code="abcd2345", reward_days=7, welcome_percent=10)
        self.invited: dict[UserId, str] = {}

    async def invitation_of(self, user_id: UserId) -> Invitation:
        return self.invitation

    async def bind(self, friend_id: UserId, code: str, now: datetime) -> bool:
        if friend_id in self.invited or code != self.invitation.code:
            return False
        self.invited[friend_id] = code
        return True

    async def welcome_percent(self) -> int:
        return self.invitation.welcome_percent


class Subscriptions:
    def __init__(self) -> None:
        self.current: Subscription | None = None
        self.config: ClientConfig | None = CONFIG

    async def subscription_of(self, user_id: UserId) -> Subscription | None:
        return self.current

    async def client_config(self, device_id: DeviceId) -> ClientConfig:
        if self.config is None:
            raise LookupError("no configuration yet")
        return self.config

    async def subscription_state(self, subscription_id: SubscriptionId) -> SubscriptionState:
        return SubscriptionState(subscription_id=subscription_id, user_id=ANNA, expires_at=NOW)


class AutoRenewals:
    def __init__(self) -> None:
        self.consents: list[Consent] = []
        self.standing: StandingRenewal | None = None

    async def note_consent(self, consent: Consent) -> None:
        self.consents.append(consent)

    async def standing_of(self, user_id: UserId) -> StandingRenewal | None:
        return self.standing

    async def latest_of(self, user_id: UserId) -> StandingRenewal | None:
        return self.standing

    async def unlink(self, user_id: UserId, now: datetime) -> SubscriptionId | None:
        if self.standing is None:
            return None
        self.standing = None
        return SubscriptionId(UUID(int=1))


class Devices:
    """Anna's devices, with the ledger's refusals on demand."""

    def __init__(self) -> None:
        self.limit = 3
        self.known: list[Device] = [a_device()]
        self.choice: LocationChoice | None = A_CHOICE
        self.refusal: Exception | None = None

    async def shelf(self, user_id: UserId) -> DeviceShelf | None:
        if user_id != ANNA:
            return None
        return DeviceShelf(
            subscription_id=SubscriptionId(UUID(int=1)),
            limit=self.limit,
            devices=tuple(self.known),
        )

    async def add(
        self, user_id: UserId, device_id: DeviceId, name: str, now: datetime
    ) -> DeviceWork:
        self._refuse()
        if all(each.device_id != device_id for each in self.known):
            self.known.append(a_device(device_id=device_id, name=name, is_set_up=False))
        return _setup_of(device_id)

    async def locations(
        self, user_id: UserId, device_id: DeviceId, now: datetime
    ) -> LocationChoice | None:
        return self.choice

    async def rename(self, user_id: UserId, device_id: DeviceId, name: str) -> None:
        self._refuse()
        self._change(device_id, name=name)

    async def remove(self, user_id: UserId, device_id: DeviceId, now: datetime) -> DeviceWork:
        self._refuse()
        self.known = [each for each in self.known if each.device_id != device_id]
        return DeviceWork(
            removals=(PlacedPeer(device_id=device_id, server_id=ServerId(1), revision=2),)
        )

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def _change(self, device_id: DeviceId, **changes: object) -> None:
        self.known = [
            each.model_copy(update=changes) if each.device_id == device_id else each
            for each in self.known
        ]


def _setup_of(device_id: DeviceId) -> DeviceWork:
    return DeviceWork(setups=(DeviceTurn(device_id=device_id, user_id=ANNA, revision=1),))


class Refunds:
    """What cancelling gives; None where there is nothing to cancel."""

    def __init__(self) -> None:
        self.offered: RefundOffer | None = an_offer()
        self.decided: RefundDecision | None = None

    async def offer(
        self, user_id: UserId, now: datetime
    ) -> tuple[SubscriptionId, RefundOffer] | None:
        if self.offered is None:
            return None
        return SubscriptionId(UUID(int=1)), self.offered.model_copy(update={"made_at": now})

    async def decision(self, refund_id: RefundId) -> RefundDecision | None:
        return self.decided


class Changes:
    """What other plans would cost, and how long the subscription may stand still."""

    def __init__(self) -> None:
        self.holdings: Holdings | None = THREE_HUNDRED_LEFT
        self.left = timedelta(days=7)

    async def offers(
        self, user_id: UserId, plans: tuple[Plan, ...], now: datetime
    ) -> tuple[SubscriptionId, tuple[tuple[Plan, ChangeOffer | ChangeRefusal], ...]] | None:
        if self.holdings is None:
            return None
        offers = changes_to(plans, self.holdings, now)
        return SubscriptionId(UUID(int=1)), offers

    async def allowance(self, user_id: UserId) -> timedelta:
        return self.left


class Inbox:
    def __init__(self) -> None:
        self.done: set[int] = set()

    async def update_is_done(self, update_id: int) -> bool:
        return update_id in self.done

    async def update_done(self, update_id: int, now: datetime) -> None:
        self.done.add(update_id)


class Sessions:
    def __init__(self) -> None:
        self.dialogues: dict[str, Session] = {}

    async def read(self, key: str) -> Session:
        return self.dialogues.get(key, Session())

    async def write(self, key: str, state: str | None, data: dict[str, object]) -> None:
        self.dialogues[key] = Session(state=state, data=data)


class Starter:
    def __init__(self) -> None:
        self.begun: list[PurchaseOrder] = []
        self.repairs: list[tuple[PurchaseId, Repair]] = []
        self.seen: list[ProviderPaymentId] = []
        self.surpluses: list[Surplus] = []
        self.told: list[SubscriptionState] = []
        self.cancelled: list[CancelOrder] = []
        self.changed: list[ChangeOrder] = []
        self.reissued: list[tuple[DeviceId, int]] = []
        self.moved: list[LocationOrder] = []
        self.frozen: list[SubscriptionId] = []
        self.resumed: list[SubscriptionId] = []
        self.verdicts: list[tuple[RefundId, RefundVerdict]] = []
        self.carried_out: list[DeviceWork] = []
        self.erasures: list[ErasureOrder] = []
        self.is_away = False
        self.refusal: Exception | None = None

    async def begin_purchase(self, order: PurchaseOrder) -> None:
        if self.is_away:
            raise TemporalUnavailable("the Temporal server does not answer")
        self.begun.append(order)

    async def payment_seen(self, order: PurchaseOrder, payment_id: ProviderPaymentId) -> None:
        if self.is_away:
            raise TemporalUnavailable("the Temporal server does not answer")
        self.seen.append(payment_id)

    async def erase(self, order: ErasureOrder) -> None:
        if self.is_away:
            raise TemporalUnavailable("the Temporal server does not answer")
        self.erasures.append(order)

    async def give_back(self, surplus: Surplus) -> None:
        self.surpluses.append(surplus)

    async def open_or_extend(self, state: SubscriptionState) -> None:
        self.told.append(state)

    async def carry_out(self, work: DeviceWork) -> None:
        if self.is_away:
            raise TemporalUnavailable("the Temporal server does not answer")
        self.carried_out.append(work)

    async def cancel(self, order: CancelOrder) -> RefundDecision:
        if self.is_away:
            raise TemporalUnavailable("the Temporal server does not answer")
        if self.refusal is not None:
            raise self.refusal
        self.cancelled.append(order)
        return a_decision(order)

    async def change(self, order: ChangeOrder) -> Changed:
        self._check()
        self.changed.append(order)
        return Changed(subscription_id=order.subscription_id, expires_at=NOW)

    async def freeze(self, subscription_id: SubscriptionId) -> SubscriptionState:
        self._check()
        self.frozen.append(subscription_id)
        return a_state(subscription_id)

    async def reissue(self, order: ReissueOrder) -> None:
        self._check()
        self.reissued.append((order.device_id, order.revision))

    async def change_location(self, order: LocationOrder) -> None:
        self._check()
        self.moved.append(order)

    async def resume(self, subscription_id: SubscriptionId) -> SubscriptionState:
        self._check()
        self.resumed.append(subscription_id)
        return a_state(subscription_id)

    def _check(self) -> None:
        if self.is_away:
            raise TemporalUnavailable("the Temporal server does not answer")
        if self.refusal is not None:
            raise self.refusal

    async def repair_refund(self, refund_id: RefundId, verdict: RefundVerdict) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.verdicts.append((refund_id, verdict))

    async def repair(self, purchase_id: PurchaseId, repair: Repair) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.repairs.append((purchase_id, repair))


class Trials:
    def __init__(self) -> None:
        self.had: set[UserId] = set()
        self.purchases: dict[UserId, PurchaseId] = {}

    async def is_for(self, user_id: UserId) -> bool:
        return user_id not in self.had

    async def purchase_of(self, user_id: UserId) -> PurchaseId | None:
        if user_id in self.had:
            return None
        return self.purchases.setdefault(user_id, PurchaseId(uuid4()))


class PersonalData:
    async def of(self, user_id: UserId, now: datetime) -> CustomerData:
        return CustomerData(
            user_id=user_id, collected_at=now, tables={"users": [{"first_name": "Анна"}]}
        )


class Charges:
    """The first charge of a purchase pays it, as in the ledger."""

    def __init__(self) -> None:
        self.told: dict[ProviderPaymentId, StarCharge] = {}

    async def note_told(self, charge: StarCharge) -> bool | None:
        first = await self.charge_of(charge.purchase_id)
        self.told[charge.charge_id] = charge
        return first is not None and first.charge.charge_id != charge.charge_id

    async def charge_of(self, purchase_id: PurchaseId) -> KnownCharge | None:
        of_it = [each for each in self.told.values() if each.purchase_id == purchase_id]
        return KnownCharge(charge=of_it[0], is_listed=True, refunded_at=None) if of_it else None


class NoticeBook:
    def __init__(self) -> None:
        self.notices: dict[str, MessageId | None] = {}
        self.unreachable: list[UserId] = []

    async def claim(self, key: str, user_id: UserId | None) -> ClaimedNotice:
        if key not in self.notices:
            self.notices[key] = None
            return ClaimedNotice(claim=Claim.FRESH)
        message_id = self.notices[key]
        claim = Claim.UNCERTAIN if message_id is None else Claim.SENT
        return ClaimedNotice(claim=claim, message_id=message_id)

    async def confirm(self, key: str, message_id: MessageId) -> None:
        self.notices[key] = message_id

    async def release(self, key: str) -> None:
        if self.notices[key] is None:
            del self.notices[key]

    async def note_unreachable(self, user_id: UserId) -> None:
        self.unreachable.append(user_id)
