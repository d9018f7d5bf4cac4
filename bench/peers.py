"""One VPN server with few and many peers: adding one, telling it the whole set, asking it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path
from time import perf_counter

from bench.bare_ssh import running_bare_ssh
from bench.fleet import Fleet, new_peer, running_fleet
from bench.latencies import COLUMNS, Latencies
from bench.machine import load_now
from bench.tables import Row, say, show
from domain.reconciling import PeerSet
from domain.servers import Peer, Server
from infra.ssh import Deadline, SshConnection, SshEndpoint, SshTimeouts, load_private_key
from infra.wireguard import COMMAND, SshPeerGateway

SIZES = (10, 1000, 5000)
SAMPLES = 50
FULL_SYNCS = 5

_generations = count(1)
_numbers = count(6000)
"""Of peers that are added: beside those of the largest set."""

Act = Callable[[], Awaitable[object]]


async def measure(data: Path) -> None:
    """SSH itself, then a node of each size."""
    async with running_fleet(data, 1) as fleet:
        rows = await _bare(data / "bare", fleet)
        for size in SIZES:
            say(f"{size} peers; {load_now()}")
            rows += await _at_size(size, fleet)
    show(f"One server's peers ({fleet.kind})", ("peers", "what", *COLUMNS), rows)


async def _bare(data: Path, fleet: Fleet) -> list[Row]:
    """A command that does nothing, over a connection that is held and over new ones."""
    key, patience = load_private_key(fleet.ssh_key), SshTimeouts()

    def run_on(connection: SshConnection) -> None:
        connection.run(COMMAND, b"", patience, Deadline(patience.call))

    def connect(endpoint: SshEndpoint) -> SshConnection:
        return SshConnection.open(endpoint, key, patience, Deadline(patience.call))

    def run_anew(endpoint: SshEndpoint) -> None:
        connection = connect(endpoint)
        run_on(connection)
        connection.close()

    async with running_bare_ssh(data, fleet.authorized_key) as endpoint:
        held = await asyncio.to_thread(connect, endpoint)
        rows = [
            await _row("-", "SSH alone, held connection", lambda: asyncio.to_thread(run_on, held)),
            await _row(
                "-", "SSH alone, new connection", lambda: asyncio.to_thread(run_anew, endpoint)
            ),
        ]
        await asyncio.to_thread(held.close)
    return rows


async def _at_size(size: int, fleet: Fleet) -> list[Row]:
    """A node that holds so many, and then some more."""
    (server,) = fleet.servers
    gateway = SshPeerGateway(fleet.ssh_key)
    peers = [new_peer(server, number) for number in range(1, size + 1)]

    async def add_anew() -> None:
        fresh = SshPeerGateway(fleet.ssh_key)
        await fresh.ensure_peer(new_peer(server, next(_numbers)))
        await fresh.close()

    try:
        syncs = await _syncs(gateway, server, peers)
        return [
            await _row(
                str(size),
                "add, held connection",
                lambda: gateway.ensure_peer(new_peer(server, next(_numbers))),
            ),
            await _row(str(size), "add, new connection", add_anew),
            await _row(str(size), "statistics", lambda: gateway.statistics(server)),
            *([str(size), *row] for row in syncs),
        ]
    finally:
        await gateway.close()


async def _syncs(gateway: SshPeerGateway, server: Server, peers: Sequence[Peer]) -> list[list[str]]:
    """The whole set to a server that holds none of it, and to one that holds all; it stays."""
    all_new, all_held = [], []
    for _ in range(FULL_SYNCS):
        await _sync(gateway, server, ())
        all_new.append(await _sync(gateway, server, peers))
        all_held.append(await _sync(gateway, server, peers))
    return [
        ["full sync, all missing", *Latencies.of(all_new).cells()],
        ["full sync, nothing to do", *Latencies.of(all_held).cells()],
    ]


async def _sync(gateway: SshPeerGateway, server: Server, peers: Sequence[Peer]) -> float:
    info = await gateway.info(server)
    wanted = PeerSet(
        generation=next(_generations),
        as_of=info.serial,
        peers=tuple(peers),
        departed=(),
        spared=(),
        astray=frozenset(),
        version=info.version,
    )
    began = perf_counter()
    await gateway.sync(server, wanted)
    return perf_counter() - began


async def _row(size: str, what: str, act: Act) -> Row:
    times = []
    for _ in range(SAMPLES):
        began = perf_counter()
        await act()
        times.append(perf_counter() - began)
    return [size, what, *Latencies.of(times).cells()]
