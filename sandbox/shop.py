"""The whole shop on one machine: servers, sandboxes and the shop's own processes.

Only processes and public protocols: nothing of the shop is imported here.
"""

import asyncio
import json
import os
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Self

import asyncpg
import httpx
from pydantic import BaseModel, ConfigDict

from sandbox import temporal_server
from sandbox.children import Child, CommandResult, attempt, run_once, together
from sandbox.half_made import mark_whole
from sandbox.node.ready import Ready
from sandbox.ports import LOOPBACK, free_ports
from sandbox.postgres import EmbeddedPostgres
from sandbox.secrets import DemoSecrets, kept_secrets
from sandbox.telegram.client import TelegramSandbox
from sandbox.temporal_server import temporal_child

PROJECT = Path(__file__).parent.parent
PEER_PROGRAM = PROJECT / "infra" / "node" / "wgshop_peer.py"
ADMIN_CHAT = -1001000000001
SHOP_ID = "100500"
NAMESPACE = "wgshop"
DATABASE = "wgshop"

SHOP_PROCESSES = frozenset({"worker", "api", "bot"})

Progress = Callable[[str], None]
"""Is told of each part that became ready."""


class Addresses(BaseModel):
    """Where everything is, on loopback."""

    model_config = ConfigDict(frozen=True)

    api: str
    telegram: str
    yookassa: str
    temporal: str
    """`host:port` of the frontend."""
    temporal_ui: str | None
    metrics: str
    control_room: str
    """Only where the plan says so is anything served there."""


class ShopPlan(BaseModel):
    """What to start."""

    model_config = ConfigDict(frozen=True)

    data: Path
    usual_ports: bool = False
    """Prefer the ports that the README names; else any."""
    nodes: tuple[str, ...] = ("nl1",)
    """The slug of each VPN node; its letters are the location."""
    capacity: int = 250
    settings: dict[str, str] = {}
    """Settings of the shop beside the embedded ones."""
    external_temporal: str | None = None
    """A Temporal server that runs already; else one is started."""
    namespace: str = NAMESPACE
    worker: tuple[str, ...] = ()
    """Another command for the worker, such as one that dies on purpose."""
    api: tuple[str, ...] = ()
    """The same for the API."""
    has_control_room: bool = False
    """The payment page leads back to the control room instead of the chat alone."""
    polling: bool = False
    """A shop without a public address: the polling bot instead of the API, no notifications."""


class EmbeddedShop:
    """Starts and stops the whole; `async with EmbeddedShop(plan) as shop`."""

    def __init__(self, plan: ShopPlan, progress: Progress = lambda _: None) -> None:
        self.plan = plan
        self.nodes: dict[str, Ready] = {}
        self.children: dict[str, Child] = {}
        self.secrets: DemoSecrets
        self.addresses: Addresses
        self._progress = progress
        self._began = monotonic()
        self.postgres = EmbeddedPostgres(plan.data / "postgres")

    async def __aenter__(self) -> Self:
        """Start everything, or nothing."""
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything: the shop first, then what it leans on."""
        await self._stop()

    @property
    def database_url(self) -> str:
        """The shop's database."""
        return self.postgres.url(DATABASE)

    async def _start(self) -> None:
        self.plan.data.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.secrets = kept_secrets(self.plan.data)
        self.addresses = self._choose_addresses()
        await together(
            self._start_database(),
            self._start_temporal(),
            self._start_child(self._telegram()),
            self._start_child(self._yookassa()),
            *(self._start_node(slug) for slug in self.plan.nodes),
        )
        await together(self._prepare_database(), self._prepare_namespace())
        front = "bot" if self.plan.polling else "api"
        await together(self.start_shop_process("worker"), self.start_shop_process(front))
        if not self.plan.polling:
            await self._until_healthy()

    async def _stop(self) -> None:
        ours = [child for child in self.children.values() if child.name in SHOP_PROCESSES]
        others = [child for child in self.children.values() if child not in ours]
        for group in (ours, others):
            await asyncio.gather(*(child.stop() for child in group))
        await self.postgres.stop()

    def _choose_addresses(self) -> Addresses:
        usual = (8080, 8081, 8082, 7233, 8233, 9464, 8083)
        ports = free_ports(*(usual if self.plan.usual_ports else (0,) * len(usual)))
        api, telegram, yookassa, temporal, ui, metrics, room = ports
        external = self.plan.external_temporal
        return Addresses(
            api=f"http://{LOOPBACK}:{api}",
            telegram=f"http://{LOOPBACK}:{telegram}",
            yookassa=f"http://{LOOPBACK}:{yookassa}",
            temporal=external or f"{LOOPBACK}:{temporal}",
            temporal_ui=f"http://{LOOPBACK}:{ui}" if external is None else None,
            metrics=f"http://{LOOPBACK}:{metrics}",
            control_room=f"http://{LOOPBACK}:{room}",
        )

    # The neighbours

    async def _start_database(self) -> None:
        await self.postgres.start()
        connection = await asyncpg.connect(self.postgres.url(), timeout=10)
        try:
            await connection.execute(f'create database "{DATABASE}"')
        except asyncpg.DuplicateDatabaseError:
            pass  # Kept from the last run.
        finally:
            await connection.close()
        self._say("PostgreSQL")

    async def _prepare_database(self) -> None:
        await run_once([*_WGSHOP, "migrate"], env=self.environment)
        await self.register_servers()
        self._say("tables, plans and servers")

    async def _start_temporal(self) -> None:
        if self.plan.external_temporal is None:
            await self._start_child(
                temporal_child(
                    self.plan.data,
                    port=_port(self.addresses.temporal),
                    ui_port=_port(self.addresses.temporal_ui or ""),
                    codec=f"{self.addresses.api}/codec/with/{self.secrets.codec_token}",
                    log=self._log("temporal"),
                    env=_bare_environment(),
                )
            )
            mark_whole(self.plan.data / temporal_server.DATABASE)

    async def _prepare_namespace(self) -> None:
        await run_once([*_WGSHOP, "namespace"], env=self.environment)
        self._say(f"namespace {self.plan.namespace}")

    def _telegram(self) -> Child:
        return self._sandbox("telegram", self.addresses.telegram, "--token", self.secrets.bot_token)

    def _yookassa(self) -> Child:
        webhook = f"{self.addresses.api}/api/v1/payments/webhook"
        return self._sandbox(
            "yookassa",
            self.addresses.yookassa,
            *("--shop-id", SHOP_ID, "--secret-key", self.secrets.yookassa_key),
            *("--shop-name", "WireGuard shop"),
            *(() if self.plan.polling else ("--notify-url", webhook)),
        )

    def _sandbox(self, name: str, address: str, *options: str) -> Child:
        return Child(
            name,
            [sys.executable, "-m", f"sandbox.{name}", "--port", str(_port(address)), *options],
            log=self._log(name),
            is_ready=lambda line: line.startswith("listening on"),
            env=_bare_environment(),
        )

    async def _start_node(self, slug: str) -> None:
        command = (
            *(sys.executable, "-m", "sandbox.node", "--data", str(self.plan.data / slug)),
            *("--authorized-key", self.secrets.ssh_public_key, "--program", str(PEER_PROGRAM)),
        )
        child = Child(
            slug,
            command,
            log=self._log(slug),
            is_ready=lambda line: line.startswith("{"),
            env=_bare_environment(),
        )
        self.nodes[slug] = Ready.model_validate_json(await self._start_child(child))

    async def register_servers(self) -> None:
        """Write every node into the ledger, with its pool of addresses; safe to repeat."""
        for slug, ready in self.nodes.items():
            await self._register(slug, ready)

    async def _register(self, slug: str, node: Ready) -> None:
        number = self.plan.nodes.index(slug)
        description = {
            "server": {
                "server_id": 0,
                "slug": slug,
                "location": slug.rstrip("0123456789"),
                "state": "selling",
                "endpoint_host": LOOPBACK,
                "endpoint_port": node.listen_port,
                "public_key": node.public_key,
                "interface": node.interface,
                "dns": ["1.1.1.1", "1.0.0.1"],
                "ssh_host": LOOPBACK,
                "ssh_port": node.port,
                "ssh_user": node.ssh_user,
                "ssh_host_key": node.host_key,
            },
            "network_v4": f"10.{66 + number}.0.0/16",
            "network_v6": f"fd66:{number:x}::/64",
            "capacity": self.plan.capacity,
        }
        body = json.dumps(description).encode()
        await run_once([*_WGSHOP, "register-server", "-"], env=self.environment, stdin=body)

    # The shop's own processes

    async def start_shop_process(self, role: str, *, name: str | None = None) -> None:
        """Start `worker`, `api` or `bot`, for the first time or after a kill.

        Args:
            role: The process.
            name: What to call one more of the same role.
        """
        name = name or role
        chosen = {"worker": self.plan.worker, "api": self.plan.api}.get(role)
        child = self.children.get(name) or Child(
            name,
            chosen or (*_WGSHOP, role),
            log=self._log(name),
            is_ready=lambda line: f"{role}.ready" in line,
            env=self.environment,
        )
        await self._start_child(child)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the shop's processes: the same that an owner sets in production."""
        return {
            **_bare_environment(),
            "TELEGRAM_BOT_TOKEN": self.secrets.bot_token,
            "TELEGRAM_API_URL": self.addresses.telegram,
            "TELEGRAM_MODE": "polling" if self.plan.polling else "webhook",
            "TELEGRAM_WEBHOOK_SECRET": self.secrets.webhook_secret,
            "ADMIN_CHAT_ID": str(ADMIN_CHAT),
            "SUPPORT_CONTACT": "@wgshop_demo_support",
            "YOOKASSA_SHOP_ID": SHOP_ID,
            "YOOKASSA_SECRET_KEY": self.secrets.yookassa_key,
            "YOOKASSA_API_URL": f"{self.addresses.yookassa}/v3",
            "YOOKASSA_RETURN_URL": self._way_back,
            "YOOKASSA_NOTIFICATION_NETWORKS": "127.0.0.0/8",
            "DATABASE_URL": self.database_url,
            "TEMPORAL_ADDRESS": self.addresses.temporal,
            "TEMPORAL_NAMESPACE": self.plan.namespace,
            "TEMPORAL_UI_URL": self.addresses.temporal_ui or "",
            "PUBLIC_URL": "" if self.plan.polling else self.addresses.api,
            "ENCRYPTION_KEYS": self.secrets.encryption_keys,
            "CODEC_TOKEN": self.secrets.codec_token,
            "VPN_SSH_KEY": self.secrets.ssh_key,
            "API_HOST": LOOPBACK,
            "API_PORT": str(_port(self.addresses.api)),
            "API_JWT_SECRET": self.secrets.jwt_secret,
            "LINK_SECRET": self.secrets.link_secret,
            "METRICS_PORT": str(_port(self.addresses.metrics)),
            **self.plan.settings,
        }

    @property
    def _way_back(self) -> str:
        """Where the payment page leads."""
        if self.plan.has_control_room:
            return f"{self.addresses.control_room}/back"
        return f"{self.addresses.telegram}/chat"

    async def wgshop(self, *words: str) -> CommandResult:
        """Run `wgshop` with the shop's settings, as an operator at a shell would."""
        return await attempt([*_WGSHOP, *words], env=self.environment)

    async def invite_staff(self, user_id: int, *, language: str = "ru") -> None:
        """Open the staff's chat, where alarms go, with one member."""
        async with TelegramSandbox(self.addresses.telegram) as telegram:
            await telegram.introduce(user_id, "Support", language_code=language)
            await telegram.found_group(ADMIN_CHAT, "wgshop staff", admins=(user_id,))

    async def _until_healthy(self) -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.get(f"{self.addresses.api}/health")
            answer.raise_for_status()
        self._say("all parts healthy")

    async def _start_child(self, child: Child) -> str:
        if child.name not in self.children:
            self.children[child.name] = child
        line = await child.start()
        self._say(child.name)
        return line

    def _log(self, name: str) -> Path:
        folder = self.plan.data / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    def _say(self, what: str) -> None:
        self._progress(f"{monotonic() - self._began:5.1f} s  {what}")


_WGSHOP = (str(Path(sysconfig.get_path("scripts")) / "wgshop"),)


def _bare_environment() -> dict[str, str]:
    """Nothing of the caller's settings may leak into the embedded shop."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _port(address: str) -> int:
    return int(address.rsplit(":", 1)[1])
