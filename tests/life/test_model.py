"""Whatever a customer does and whatever breaks: what is paid is granted, once, and nothing else.

A small model predicts the ledger after each step; the invariants hold whenever things are quiet.
`LIFE_EXAMPLES=50 pytest tests/life` tries more lives.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.purchases import PurchaseStage
from domain.renewals import RenewalTerms
from infra.keyring import KeyRing
from infra.postgres.pool import Pool
from temporal.client import TemporalTarget, connect
from temporal.namespace import prepare_namespace
from tests.life.world import World, approved, declined

HOUR = timedelta(hours=1)
TERMS = RenewalTerms()
A_MINUTE = timedelta(minutes=1)
"""How far the model's clock may be from the ledger's."""
QUIET_WITHIN = 20.0

STEPS = st.one_of(
    st.sampled_from(("buy", "buy_twice_at_once", "agree", "unlink", "decline", "crash")),
    st.sampled_from(("bank_says_no", "bank_says_yes")),
    st.sampled_from(("pass_12_hours", "pass_5_days", "pass_13_days", "pass_13_days")),
)


@dataclass
class Model:
    """What a customer who counts on their fingers expects."""

    end: datetime | None = None
    is_active: bool = False
    renews: bool = False
    bank_agrees: bool = True
    tried: set[datetime] = field(default_factory=set)
    """The charge times of this period that are over."""
    months_paid: int = 0

    def pay(self, now: datetime) -> None:
        """A month more, from the end, or from now where there is none any more."""
        start = self.end if self.end is not None and self.is_active else now
        self.end, self.is_active = start + 30 * 24 * HOUR, True
        self.tried = set()
        self.months_paid += 1

    def pass_to(self, now: datetime) -> None:
        """What falls due by then."""
        while self.end is not None and self.is_active:
            grace = TERMS.grace if self.renews else timedelta(0)
            if now >= self.end + grace:
                self.is_active = self.renews = False
                return
            if not self.renews or not self._is_charge_due(now):
                return
            if self.bank_agrees:
                self.pay(now)

    def _is_charge_due(self, now: datetime) -> bool:
        assert self.end is not None
        times = {self.end + offset for offset in TERMS.charge_offsets}
        due = {each for each in times if each <= now} - self.tried
        self.tried |= due
        return bool(due)


class Life:
    """One customer's steps, told to the world and to the model."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.model = Model()

    async def buy(self) -> None:
        assert await self.world.buy() is PurchaseStage.DONE
        self.model.pay(self.world.now)

    async def buy_twice_at_once(self) -> None:
        stages = await asyncio.gather(self.world.buy(), self.world.buy())
        assert stages == [PurchaseStage.DONE, PurchaseStage.DONE]
        for _ in range(2):
            self.model.pay(self.world.now)

    async def agree(self) -> None:
        assert await self.world.buy(keeps_card=True) is PurchaseStage.DONE
        self.model.pay(self.world.now)
        self.model.renews = True

    async def unlink(self) -> None:
        await self.world.unlink()
        self.model.renews = False

    async def decline(self) -> None:
        assert await self.world.fail_to_buy() is PurchaseStage.DECLINED

    async def crash(self) -> None:
        await self.world.crash()

    async def bank_says_no(self) -> None:
        self.world.provider.charges = declined()
        self.model.bank_agrees = False

    async def bank_says_yes(self) -> None:
        self.world.provider.charges = approved()
        self.model.bank_agrees = True

    async def pass_12_hours(self) -> None:
        await self._pass(12 * HOUR)

    async def pass_5_days(self) -> None:
        await self._pass(5 * 24 * HOUR)

    async def pass_13_days(self) -> None:
        await self._pass(13 * 24 * HOUR)

    async def _pass(self, time: timedelta) -> None:
        await self.world.turn_clock(time)
        self.model.pass_to(self.world.now)


async def check(life: Life) -> None:
    """Wait until the ledger is what the model expects, then look at everything else."""
    await _quietly(lambda: _as_expected(life), "the ledger")
    await _quietly(lambda: _peers_are_the_active_devices(life.world), "the peers")
    await _quietly(lambda: _reminders_were_sent_once(life.world), "the reminders")
    await _paid_is_granted(life)


async def _as_expected(life: Life) -> object:
    row = await life.world.pool.fetchrow(
        "select status, expires_at from subscriptions where user_id = $1", life.world.user_id
    )
    model = life.model
    if model.end is None:
        return None if row is None else dict(row)
    assert row is not None
    is_near = abs(row["expires_at"] - model.end) < A_MINUTE
    if (row["status"] == "active") != model.is_active or not is_near:
        return dict(row), model
    model.end = row["expires_at"]
    return None


async def _peers_are_the_active_devices(world: World) -> object:
    rows = await world.pool.fetch(
        """
        select v.slug, d.public_key from devices d
        join tunnel_addresses a on a.device_id = d.device_id and a.leaving_revision is null
        join vpn_servers v using (server_id)
        join subscriptions s using (subscription_id)
        where d.is_wanted and s.status = 'active'
        """
    )
    wanted = {(row["slug"], row["public_key"]) for row in rows}
    held = {(slug, key) for slug, keys in world.peers.held.items() for key in keys}
    return None if wanted == held else (wanted, held)


async def _reminders_were_sent_once(world: World) -> object:
    """Each claim is of one kind and one end, so as many messages as claims is once for each."""
    claims = await world.pool.fetch(
        """
        select notice_key, sent_at from notifications
        where notice_key like 'subscription:%' and notice_key not like '%:renewal-%'
        """
    )
    sent = await world.reminders_sent()
    return None if sent == len(claims) and all(row["sent_at"] for row in claims) else (sent, claims)


async def _paid_is_granted(life: Life) -> None:
    row = await life.world.pool.fetchrow(
        """
        select (select count(*) from payments) as payments,
               (select coalesce(sum(expires_at - starts_at), '0'::interval) from grants
                where revoked_at is null) as granted,
               (select count(*) from subscriptions where status = 'active') as active
        """
    )
    assert row is not None
    assert row["payments"] == life.model.months_paid
    assert row["granted"] == life.model.months_paid * timedelta(days=30)
    assert row["active"] == int(life.model.is_active)


async def _quietly(difference: Callable[[], Awaitable[object]], what: str) -> None:
    """Wait until there is none: workflows need a moment."""
    deadline = asyncio.get_running_loop().time() + QUIET_WITHIN
    while (found := await difference()) is not None:
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"{what}: {found}")
        await asyncio.sleep(0.05)


async def _empty(pool: Pool) -> None:
    # `payments` refuses to be emptied, as it must; a replica's session does not ask triggers.
    await pool.execute(
        "set session_replication_role = replica; "
        "truncate users, vpn_servers, subscriptions, notifications cascade; "
        "reset session_replication_role"
    )


@settings(
    max_examples=int(os.environ.get("LIFE_EXAMPLES", "5")),
    deadline=None,
    derandomize="LIFE_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=6, max_size=14))
async def test_what_is_paid_is_granted_whatever_happens(
    pool: Pool, temporal_address: str, key_ring: KeyRing, script: list[str]
) -> None:
    await _empty(pool)
    namespace = f"life-{uuid4().hex[:12]}"
    client = await connect(TemporalTarget(address=temporal_address, namespace=namespace), key_ring)
    await prepare_namespace(client)
    async with World(pool, client, key_ring) as world:
        life = Life(world)
        for step in script:
            await getattr(life, step)()
            await check(life)
