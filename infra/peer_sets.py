"""What is written to the server-side program to bring a server's peers to the ledger."""

from collections.abc import Iterator
from typing import Any

from domain.reconciling import PeerSet
from domain.servers import Peer

SPARES_STRANGERS = (1, 2)
"""The first version of the program whose `sync` can leave strangers where they are."""


LIMITS_SPEEDS = (1, 3)
"""The first that can hold a peer to a speed."""


def limits_speeds(version: str) -> bool:
    """Whether a program of that version does."""
    return _version(version) >= LIMITS_SPEEDS


def add_request(peer: Peer) -> dict[str, Any]:
    """The server holds this peer."""
    return {"op": "add", **_fields_of(peer)}


def unlimited_add_request(peer: Peer) -> dict[str, Any]:
    """The same for a program that can hold nobody to a speed."""
    return add_request(_unlimited(peer))


def sync_requests(wanted: PeerSet) -> Iterator[dict[str, Any]]:
    """The server holds this set.

    An older program would remove strangers that are to be spared: it is told peer by peer. One
    that knows no speeds is told of none.
    """
    peers = wanted.peers
    if not limits_speeds(wanted.version):
        peers = tuple(map(_unlimited, peers))
    departed = [{"public_key": one.public_key, "revision": one.revision} for one in wanted.departed]
    is_old = _version(wanted.version) < SPARES_STRANGERS
    if is_old and wanted.spared:
        yield from ({"op": "remove", **one} for one in departed)
        yield from (add_request(peer) for peer in peers if peer.public_key in wanted.astray)
        return
    news = {"departed": departed, "strangers": "keep" if wanted.spared else "remove"}
    yield {
        "op": "sync",
        "generation": wanted.generation,
        "as_of": wanted.as_of,
        "peers": [_fields_of(peer) for peer in peers],
        **({} if is_old else news),
    }


def _unlimited(peer: Peer) -> Peer:
    return peer.model_copy(update={"speed_mbit": None})


def _fields_of(peer: Peer) -> dict[str, Any]:
    limit = {} if peer.speed_mbit is None else {"speed_mbit": peer.speed_mbit}
    return {
        "public_key": peer.public_key,
        "preshared_key": peer.preshared_key.get_secret_value(),
        "ipv4": str(peer.ipv4),
        "ipv6": str(peer.ipv6),
        "revision": peer.revision,
        **limit,
    }


def _version(version: str) -> tuple[int, ...]:
    """As numbers; what is none counts as old."""
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError:
        return ()
