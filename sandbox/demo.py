"""`wgshop demo`: the whole shop on this machine, until Ctrl-C; `--buy`: one purchase, then stop."""

import asyncio
import os
import signal
import sys
import time
import webbrowser
from collections.abc import Callable, Coroutine
from pathlib import Path

from sandbox.children import ChildFailed
from sandbox.control_room.server import open_control_room
from sandbox.control_room.views import ProcessName
from sandbox.node.client import peers_on
from sandbox.node.ready import WireGuardKind
from sandbox.shop import Addresses, EmbeddedShop, ShopPlan
from sandbox.shopper import Shopper, ShopperStuck
from sandbox.supervision import Supervisor
from sandbox.telegram.client import TelegramSandbox
from sandbox.yookassa.client import YooKassaSandbox

STAFF_ID = 9001
PATIENCE = {
    "PURCHASE_SWIFT_SETUP": "6",
    "PURCHASE_SETUP_PAUSE": "3",
    "PURCHASE_SETUP_BUDGET": "20",
}
"""A server that is down makes a purchase park after ten minutes in production; nobody who tries the
demo would wait for that."""


STAR_PRICES = ("month=250", "quarter=650", "year=1990")
"""Of the first plans, so that Telegram Stars can be tried as well."""


async def run_demo(data: Path, *, buy: bool, browser: bool = True) -> int:
    """Run the demo; the exit code for the shell."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    plan = ShopPlan(
        data=data,
        usual_ports=True,
        settings={**PATIENCE, "STAFF_LANGUAGE": _language()},
        has_control_room=not buy,
    )
    try:
        return await _until(stop, _live(plan, buy=buy, browser=browser))
    except (ChildFailed, ShopperStuck, TimeoutError) as error:
        _say(f"\nThe demo failed: {error}\nLogs: {data / 'logs'}")
        return 1


async def _until(stop: asyncio.Event, story: Coroutine[None, None, int]) -> int:
    """Tell the story; when asked to stop before it is over, drop it and clean up."""
    telling = asyncio.create_task(story)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((telling, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not telling.done():
        _say("\nStopping")
        telling.cancel()
    stopping.cancel()
    try:
        return await telling
    except asyncio.CancelledError:
        _say("Stopped")
        return 0


async def _live(plan: ShopPlan, *, buy: bool, browser: bool) -> int:
    _say("Starting the shop")
    async with EmbeddedShop(plan, progress=lambda line: _say(f"  {line}")) as shop:
        await shop.invite_staff(STAFF_ID, language=_language())
        if buy:
            await buy_once(shop, plan.data)
        else:
            await _keep_open(shop, browser=browser)
    return 0


async def _keep_open(shop: EmbeddedShop, *, browser: bool) -> None:
    async with (
        supervised(shop, lambda line: _say(f"  {line}")) as supervisor,
        open_control_room(shop, supervisor) as room,
    ):
        await shop.wgshop("stars", *STAR_PRICES)
        _say(_welcome(shop))
        if browser and _somebody_watches():
            _open_browser(room)
        await asyncio.Event().wait()


def supervised(shop: EmbeddedShop, say: Callable[[str], None]) -> Supervisor:
    """The supervisor of a shop's own processes."""
    ours = {name.value: shop.children[name] for name in ProcessName}
    return Supervisor(ours, shop.start_shop_process, say)


def _language() -> str:
    """What the person who started this reads, as far as their locale tells."""
    wanted = os.environ.get("LC_ALL") or os.environ.get("LANG", "")
    return "ru" if wanted.startswith("ru") else "en"


def _somebody_watches() -> bool:
    """Whether a person at a screen started this."""
    has_display = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return has_display and sys.stdout.isatty()


def _open_browser(address: str) -> None:
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    # One that would run in this very terminal is not meant.
    if type(browser) is not webbrowser.GenericBrowser:
        browser.open(address)


def _welcome(shop: EmbeddedShop) -> str:
    where: Addresses = shop.addresses
    lines = [
        "",
        f"The shop is open: {where.control_room}",
        "",
        "There you are the customer and the staff, break things, and turn the clock. Behind it:",
        f"  chat            {where.telegram}/chat",
        f"  payment page    {where.yookassa}   (the bot sends the link)",
        f"  Temporal UI     {where.temporal_ui}/namespaces/{shop.plan.namespace}/workflows",
        f"  API docs        {where.api}/docs",
    ]
    for slug, node in shop.nodes.items():
        lines.append(
            f"  VPN node {slug}    127.0.0.1:{node.port}, {node.ssh_server}, {node.wireguard}"
        )
        if node.wireguard is WireGuardKind.STAND_IN:
            lines.append("    WireGuard needs root and wireguard-tools: a stand-in holds the peers")
    return "\n".join(
        [*lines, "", f"Ctrl-C stops everything; data and logs stay in {shop.plan.data}."]
    )


async def buy_once(shop: EmbeddedShop, into: Path) -> None:
    """One customer buys through the public doors; each step is told with its time."""
    began = time.monotonic()

    def step(words: str) -> None:
        _say(f"  {time.monotonic() - began:5.2f} s  {words}")

    async with (
        TelegramSandbox(shop.addresses.telegram) as telegram,
        YooKassaSandbox(shop.addresses.yookassa) as kassa,
    ):
        # A new customer each time: the shop remembers those of earlier runs.
        shopper = Shopper(telegram, kassa, user_id=int(time.time()))
        _say("\nA customer buys")
        menu = await shopper.arrive()
        step(f"pressed START: {_first_line(menu.body)}")
        plans = await shopper.opens_plans(menu)
        step(f"sees the prices: {', '.join(button.text for button in plans.buttons[:3])}")
        payment_message = await shopper.chooses(plans)
        step(f"has the payment page: {_first_line(payment_message.body)}")
        payment = await shopper.pays(payment_message)
        step(f"paid {payment.value} {payment.currency} by card: {payment.status}")
        name, config = await shopper.gets_config()
        step(f"has the file {name}")
        qr = await shopper.gets_qr()
        ready = await shopper.sees_again(payment_message, "guide")
        step(f"reads: {_first_line(ready.body)}")
    _save(into, name, config, qr)
    await _show_peer(shop, config)


def _save(into: Path, name: str, config: bytes, qr: bytes) -> None:
    path = into / name
    picture = path.with_suffix(".png")
    for each, content in ((path, config), (picture, qr)):
        each.touch(mode=0o600)  # Both hold the device's private key.
        each.write_bytes(content)
    _say(f"\nSaved {path} and {picture.name}")


async def _show_peer(shop: EmbeddedShop, config: bytes) -> None:
    address = next(
        line.split("=", 1)[1].split("/")[0].strip()
        for line in config.decode().splitlines()
        if line.startswith("Address")
    )
    for slug, node in shop.nodes.items():
        for peer in await peers_on(node):
            if f"{address}/32" in peer.allowed_ips:
                _say(
                    f"Peer on {slug} ({node.wireguard}, interface {node.interface}): "
                    f"{peer.public_key} {', '.join(peer.allowed_ips)}"
                )
                return
    raise ShopperStuck(f"no node holds a peer with the address {address}")


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201  # the demo speaks to a person at a terminal
