"""What support sees of a customer, on a real database."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from domain.errors import SettingsError
from domain.locations import LocationOrder
from domain.servers import PeerStatistics
from infra.keyring import KeyRing
from infra.postgres.pool import Pool
from tests.infra.postgres.shop import Shop
from workers.cli import app

Show = Callable[[int], str]
KEYS = KeyRing.generate_entry("test")


@pytest.fixture
def show(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Show:
    """The command's standard output."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENCRYPTION_KEYS", KEYS)

    def wgshop_customer_show(user_id: int) -> str:
        words = ["customer", "show", str(user_id)]
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return wgshop_customer_show


async def test_each_device_is_shown_with_server_handshake_and_traffic(
    pool: Pool, show: Show
) -> None:
    shop, now = Shop(pool, KeyRing.parse(KEYS)), datetime.now(UTC)
    server_id = await shop.server("nl1")
    await shop.allow_devices(3)
    anna = await shop.customer()
    grant = await shop.buy_to_the_end(anna, now)
    await shop.setups.confirm_peer(grant.device_id, 1)
    laptop = await shop.add_device(anna, "Laptop", now)
    await shop.server("de1", location="de", network_v4="10.67.0.0/24")
    order = LocationOrder(
        subscription_id=grant.subscription_id,
        user_id=anna,
        device_id=laptop,
        revision=1,
        location="de",
    )
    await shop.devices.change_location(order, now)
    peer = await shop.access.placed_peer(grant.device_id)
    counted = PeerStatistics(
        public_key=peer.public_key,
        endpoint="198.51.100.7:1234",
        latest_handshake=now - timedelta(minutes=2),
        received_bytes=300_000_000,
        sent_bytes=12_345_000_000,
    )
    await shop.traffic.note(server_id, [counted], now)

    shown = (await asyncio.to_thread(show, anna)).splitlines()

    end = f"{grant.expires_at:%Y-%m-%d %H:%M} UTC"
    assert shown[1:4] == [
        f"30 days: active, paid until {end}",
        "changes of location left: 2 of 3",
        "2 of 3 devices",
    ]
    assert [line.split("  ") for line in squeezed(shown[4:])] == [
        ["device", "server", "location", "last handshake", "received", "sent", "state"],
        ["-", "nl1", "nl", "2 minutes ago", "12.3 GB", "300 MB", "online"],
        ["Laptop", "de1", "de", "never", "0 KB", "0 KB", "being set up"],
    ]
    assert "198.51.100.7" not in "".join(shown)


def squeezed(lines: list[str]) -> list[str]:
    """With two spaces between cells, however wide the column is."""
    return ["  ".join(cell.strip() for cell in line.split("  ") if cell.strip()) for line in lines]


async def test_what_a_plan_holds_its_devices_to_is_shown(pool: Pool, show: Show) -> None:
    shop, now = Shop(pool, KeyRing.parse(KEYS)), datetime.now(UTC)
    await shop.server("nl1")
    anna = await shop.customer()
    grant = await shop.buy_to_the_end(anna, now)
    await pool.execute("update tariffs set speed_mbit = 50, traffic_gb = 300, slow_mbit = 2")
    end = f"{grant.expires_at:%Y-%m-%d %H:%M} UTC"
    shown = (await asyncio.to_thread(show, anna)).splitlines()
    assert shown[2:4] == ["speed: up to 50 Mbit/s", f"traffic: 0 KB of 300 GB until {end}"]

    await pool.execute(
        "insert into subscription_traffic (subscription_id, period_since, used_bytes) "
        "values ($1, $2, 300000000000)",
        grant.subscription_id,
        now,
    )
    shown = (await asyncio.to_thread(show, anna)).splitlines()
    assert shown[3] == f"traffic: 300 GB of 300 GB until {end}, so up to 2 Mbit/s"


async def test_somebody_who_never_bought_has_no_devices(pool: Pool, show: Show) -> None:
    anna = await Shop(pool, KeyRing.parse(KEYS)).customer()
    shown = await asyncio.to_thread(show, anna)
    assert "never had a subscription" in shown


async def test_somebody_who_was_never_here_is_said_to_be_unknown(show: Show) -> None:
    with pytest.raises(SettingsError, match="there is no customer 404"):
        await asyncio.to_thread(show, 404)
