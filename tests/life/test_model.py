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
from tests.infra.postgres.books import assert_the_books_balance
from tests.life.world import World, approved, declined

HOUR = timedelta(hours=1)
TERMS = RenewalTerms()
A_MINUTE = timedelta(minutes=1)
"""How far the model's clock may be from the ledger's."""
QUIET_WITHIN = 20.0

STEPS = st.one_of(
    st.sampled_from(("buy", "buy_twice_at_once", "agree", "unlink", "decline", "crash")),
    st.sampled_from(("cancel", "change_plan", "freeze", "resume")),
    st.sampled_from(("bank_says_no", "bank_says_yes")),
    st.sampled_from(("pass_12_hours", "pass_5_days", "pass_13_days", "pass_13_days")),
)


@dataclass
class Model:
    """What a customer who counts on their fingers expects."""

    end: datetime | None = None
    end_set_at: datetime | None = None
    is_active: bool = False
    frozen_at: datetime | None = None
    renews: bool = False
    bank_agrees: bool = True
    tried: set[datetime] = field(default_factory=set)
    """The charge times of this period that are over."""
    payments: int = 0

    def pay(self, now: datetime) -> None:
        """A month more, from the end, or from now where there is none any more."""
        self.resume(now)
        start = self.end if self.end is not None and self.is_active else now
        self.is_active = True
        self.payments += 1
        self.end_at(start + 30 * 24 * HOUR, now)

    def end_at(self, end: datetime, now: datetime) -> None:
        """Another end, and so another period."""
        self.end, self.end_set_at, self.tried = end, now, set()

    def freeze(self, now: datetime) -> None:
        """Stand still from now on."""
        self.frozen_at = now

    def resume(self, now: datetime) -> None:
        """Go on, as much later."""
        if self.frozen_at is not None and self.end is not None:
            self.end_at(self.end + (now - self.frozen_at), now)
            self.frozen_at = None

    def pass_to(self, now: datetime) -> None:
        """What falls due by then."""
        while self.end is not None and self.is_active and self.frozen_at is None:
            grace = TERMS.grace if self.renews else timedelta(0)
            if now >= self.end + grace:
                self.stop()
                return
            if not self.renews or not self._is_charge_due(now):
                return
            if self.bank_agrees:
                self.pay(now)

    def stop(self) -> None:
        """No access any more, and nothing that renews."""
        self.is_active = self.renews = False
        self.frozen_at = None

    def gives_access(self, now: datetime) -> bool:
        """Whether the tunnel works."""
        is_paid = self.end is not None and now < self.end
        return self.is_active and self.frozen_at is None and is_paid

    def _is_charge_due(self, now: datetime) -> bool:
        assert self.end is not None
        assert self.end_set_at is not None
        times = TERMS.charge_times(self.end_set_at, self.end)
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
        self.model.pass_to(self.world.now)

    async def decline(self) -> None:
        assert await self.world.fail_to_buy() is PurchaseStage.DECLINED

    async def crash(self) -> None:
        await self.world.crash()

    async def cancel(self) -> None:
        if self.model.gives_access(self.world.now):
            await self.world.cancel()
            self.model.stop()

    async def change_plan(self) -> None:
        if self.model.gives_access(self.world.now):
            paid = await self._payments()
            end = await self.world.change_plan()
            self.model.payments += await self._payments() - paid
            if end is not None:
                self.model.end_at(end, self.world.now)
                self.model.renews = False

    async def freeze(self) -> None:
        if self.model.gives_access(self.world.now):
            await self.world.freeze()
            self.model.freeze(self.world.now)

    async def resume(self) -> None:
        if self.model.frozen_at is not None:
            await self.world.resume()
            self.model.resume(self.world.now)

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

    async def _payments(self) -> int:
        return int(await self.world.pool.fetchval("select count(*) from payments"))


async def check(life: Life) -> None:
    """Wait until the ledger is what the model expects, then look at everything else."""
    await _quietly(lambda: _as_expected(life), "the ledger")
    await _quietly(lambda: _peers_are_the_active_devices(life.world), "the peers")
    await _quietly(lambda: _reminders_were_sent_once(life.world), "the reminders")
    assert await life.world.pool.fetchval("select count(*) from payments") == life.model.payments
    await assert_the_books_balance(life.world.pool)


async def _as_expected(life: Life) -> object:
    row = await life.world.pool.fetchrow(
        "select status, expires_at from subscriptions where user_id = $1", life.world.user_id
    )
    model = life.model
    if model.end is None:
        return None if row is None else dict(row)
    assert row is not None
    expected = "active" if model.is_active else "over"
    if model.frozen_at is not None:
        expected = "frozen"
    found = row["status"] if row["status"] in {"active", "frozen"} else "over"
    is_near = expected == "over" or abs(row["expires_at"] - model.end) < A_MINUTE
    if found != expected or not is_near:
        return dict(row), model
    if expected != "over":
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
