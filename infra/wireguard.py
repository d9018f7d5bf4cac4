"""VPN servers over SSH: peers are put on them by the program in `infra/node`."""

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from domain.errors import PeerSuperseded, ServerOutdated, ServerRefused, ServerUnavailable
from domain.ids import ServerId
from domain.reconciling import HeldPeer, Listing, PeerSet
from domain.servers import Peer, PeerRemoval, PeerStatistics, Server, ServerInfo
from infra.admission import LineLimits
from infra.peer_sets import (
    add_request,
    limits_speeds,
    sync_requests,
    unlimited_add_request,
)
from infra.ssh import CommandOutput, SshEndpoint, SshTimeouts, load_private_key
from infra.ssh_line import ServerLine

_LOG = logging.getLogger(__name__)

COMMAND = "wgshop-peer"
"""For the server's log only: its forced command runs whatever is asked for."""


class ProgramError(StrEnum):
    """Why the program on the server did not do as it was told."""

    MALFORMED = "malformed"
    REFUSED = "refused"
    STALE = "stale"
    BUSY = "busy"
    FAILED = "failed"


TRANSIENT = {ProgramError.BUSY, ProgramError.FAILED}
_REFUSALS = {
    ProgramError.MALFORMED: ServerOutdated,
    ProgramError.REFUSED: ServerRefused,
    ProgramError.STALE: PeerSuperseded,
}


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Problem(_Reply):
    ok: Literal[False]
    error: ProgramError
    detail: str


class _Done(_Reply):
    ok: Literal[True]


class _Info(_Done):
    version: str
    interface: str
    public_key: str
    listen_port: int
    obfuscation: dict[str, str] = {}
    """Not told by programs before 1.1.0."""
    peer_count: int
    generation: int = 0
    serial: int = 0


class _Counters(_Reply):
    public_key: str
    endpoint: str | None
    latest_handshake: int | None
    received_bytes: int
    sent_bytes: int
    allowed_ips: frozenset[str] | None = None
    """Not told by programs before 1.2.0."""


class _Saved(_Done):
    peers: tuple[HeldPeer, ...]


class _Statistics(_Done):
    peers: tuple[_Counters, ...]


_R = TypeVar("_R", bound=_Done)


class SshPeerGateway:
    """Fulfils `domain.ports.PeerGateway`.

    Each server has a few threads and connections of its own and little room for those who wait, so
    one that hangs delays only itself. A call that is given up may still happen on the server:
    repeating it is harmless.
    """

    def __init__(
        self,
        private_key: SecretStr | Path,
        *,
        timeouts: SshTimeouts | None = None,
        limits: LineLimits | None = None,
    ) -> None:
        """Read the key; connections are made when they are needed.

        Args:
            private_key: the shop's ed25519 key, as PEM text or as the path of a file.
            timeouts: how long to wait for what.
            limits: how much one server may have under way at once.

        Raises:
            SettingsError: the key cannot be read.
        """
        self._private_key = load_private_key(private_key)
        self._timeouts = timeouts or SshTimeouts()
        self._limits = limits or LineLimits()
        self._lines: dict[ServerId, ServerLine] = {}
        self._is_closed = False

    async def ensure_peer(self, peer: Peer) -> None:
        """Put the peer on its server. Raises `ServerUnavailable` or `ServerRefused`.

        A program that knows no speeds serves it all the same, as fast as it goes.
        """
        try:
            await self._ask(peer.server, add_request(peer), _Done)
        except ServerOutdated:
            if peer.speed_mbit is None:
                raise
            _LOG.warning("%s cannot limit speeds: upgrade its program", peer.server.slug)
            await self._ask(peer.server, unlimited_add_request(peer), _Done)

    async def remove_peer(self, removal: PeerRemoval) -> None:
        """Take the peer off. Raises `ServerUnavailable` or `ServerRefused`."""
        request = {
            "op": "remove",
            "public_key": removal.public_key,
            "revision": removal.revision,
        }
        await self._ask(removal.server, request, _Done)

    async def info(self, server: Server) -> ServerInfo:
        """What the server says of itself. Raises `ServerUnavailable` or `ServerRefused`."""
        reply = await self._ask(server, {"op": "info"}, _Info)
        return ServerInfo(**reply.model_dump())

    async def statistics(self, server: Server) -> Sequence[PeerStatistics]:
        """Every peer's counters. Raises `ServerUnavailable` or `ServerRefused`."""
        reply = await self._ask(server, {"op": "stats"}, _Statistics)
        return tuple(
            PeerStatistics(
                public_key=peer.public_key,
                endpoint=peer.endpoint,
                latest_handshake=_moment(peer.latest_handshake),
                received_bytes=peer.received_bytes,
                sent_bytes=peer.sent_bytes,
                allowed_ips=peer.allowed_ips,
            )
            for peer in reply.peers
        )

    async def listing(self, server: Server) -> Listing:
        """All that it holds. Raises `ServerUnavailable` or `ServerRefused`.

        `info` comes first: what changes between the questions has a later serial than it tells.
        """
        info = await self.info(server)
        saved = await self._ask(server, {"op": "list"}, _Saved)
        live = {peer.public_key: peer.allowed_ips for peer in await self.statistics(server)}
        return Listing(
            version=info.version,
            limits_speeds=limits_speeds(info.version),
            generation=info.generation,
            serial=info.serial,
            saved=saved.peers,
            live=live,
        )

    async def sync(self, server: Server, wanted: PeerSet) -> None:
        """Tell it the whole set. Raises `ServerUnavailable`, `ServerRefused`, `PeerSuperseded`."""
        for request in sync_requests(wanted):
            with suppress(*() if request["op"] == "sync" else (PeerSuperseded,)):
                await self._ask(server, request, _Done)

    async def close(self) -> None:
        """Drop every connection; calls under way end with an error."""
        self._is_closed = True
        for line in self._lines.values():
            line.close()

    async def _ask(self, server: Server, request: dict[str, Any], expected: type[_R]) -> _R:
        output = await self._line_to(server).run(json.dumps(request).encode())
        return _read(server.slug, output, expected)

    def _line_to(self, server: Server) -> ServerLine:
        """The server's line, a new one when the ledger says that the server has moved."""
        if self._is_closed:
            raise ServerUnavailable(f"{server.slug} is not asked: the shop is stopping")
        endpoint = SshEndpoint(
            name=server.slug,
            host=server.ssh_host,
            port=server.ssh_port,
            user=server.ssh_user,
            host_key=server.ssh_host_key,
        )
        line = self._lines.get(server.server_id)
        if line is None or line.endpoint != endpoint:
            if line is not None:
                line.close()
            line = ServerLine(COMMAND, endpoint, self._private_key, self._timeouts, self._limits)
            self._lines[server.server_id] = line
        return line


def _read(name: str, output: CommandOutput, expected: type[_R]) -> _R:
    """The program's reply, or the error that it stands for."""
    try:
        body = json.loads(output.stdout)
        problem = None if body.get("ok") is True else _Problem.model_validate(body)
        if problem is None:
            return expected.model_validate(body)
    except (ValueError, AttributeError, ValidationError) as error:
        said = output.stderr[:300].decode(errors="replace").strip()
        raise ServerUnavailable(
            f"{name}: the server-side program gave no reply it should (status "
            f"{output.exit_status}): {said or 'no words'}; check that it is installed"
        ) from error
    message = f"{name} answers {problem.error}: {problem.detail}"
    if problem.error in TRANSIENT:
        raise ServerUnavailable(message)
    raise _REFUSALS[problem.error](message)


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
