"""A server's peers against the ledger: what is astray, and what is told to the server.

The server is asked before the ledger is read, so that whatever it holds of ours the ledger knows.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

from pydantic import AwareDatetime, Field

from domain.ids import ServerId
from domain.model import Value
from domain.servers import Peer, Server, WireGuardKey

Count = Annotated[int, Field(ge=0, lt=2**62)]
"""Far from where PostgreSQL's bigint ends, whatever a server says."""


class ReconcileOrder(Value):
    """A server to bring to the ledger."""

    server_id: ServerId
    slug: str
    removes_strangers: bool = False
    """Whether an operator has said that what the ledger cannot explain has to go."""


class HeldPeer(Value):
    """A peer as the server-side program has it in its file."""

    public_key: WireGuardKey
    ipv4: IPv4Address
    ipv6: IPv6Address
    revision: int
    serial: int
    """The server's own number of the change that brought it there."""
    speed_mbit: int | None = None


class Listing(Value):
    """All that a server holds."""

    version: str
    """The program's."""
    limits_speeds: bool = False
    """Whether the program can: an older one holds nobody to a speed, and tells none."""
    generation: Count = 0
    """The newest set that it has been brought to."""
    serial: Count = 0
    """Its last change when it was asked; what came later was decided later."""
    saved: tuple[HeldPeer, ...] = ()
    live: Mapping[str, frozenset[str] | None] = Field(default_factory=dict)
    """The interface's own peers: allowed networks by public key; None where they are not told."""

    @property
    def keys(self) -> frozenset[str]:
        """Every public key that is anywhere on it."""
        return frozenset(self.live) | {peer.public_key for peer in self.saved}


class Roll(Value):
    """A server, and the peers that it has confirmed to hold, by the revision that it confirmed."""

    server: Server
    confirmed: Mapping[str, int]
    read_at: AwareDatetime


class DepartedPeer(Value):
    """A key of the shop's that does not belong on the server."""

    public_key: WireGuardKey
    revision: int
    was_gone: bool
    """Whether the server had confirmed that before it was asked: the key has come back."""


class Muster(Value):
    """What the ledger says of a server, read at one moment."""

    server: Server
    generation: int
    """Grows with each reading: the server refuses an older one."""
    peers: tuple[Peer, ...]
    departed: tuple[DepartedPeer, ...] = ()


class Drift(Value):
    """How far a server was from the ledger. What is still on its way is not counted."""

    missing: int = 0
    """Peers that it had confirmed and holds no more."""
    changed: int = 0
    """Peers with another address or speed, or an older decision."""
    returned: int = 0
    """Peers that were gone and are back, as after a backup was restored."""
    strangers: tuple[str, ...] = ()
    """Public keys that the ledger does not know."""
    blocked: int = 0
    """Peers that cannot be served, because a stranger holds their address."""

    @property
    def mended(self) -> int:
        """How many peers were put right by themselves."""
        return self.missing + self.changed + self.returned

    @property
    def strangers_digest(self) -> str:
        """Names this set of strangers, so that the staff are told of it once."""
        return hashlib.sha256("".join(sorted(self.strangers)).encode()).hexdigest()[:16]


class PeerSet(Value):
    """What a server is told: the whole of its peers."""

    generation: int
    as_of: int
    peers: tuple[Peer, ...]
    departed: tuple[DepartedPeer, ...]
    spared: tuple[str, ...]
    """The strangers that stay."""
    astray: frozenset[str]
    """The keys among `peers` that the server does not hold as it should."""
    version: str
    """The program's, which has to understand it."""


class Reconciliation(Value):
    """What came of it."""

    server: str
    drift: Drift = Drift()
    generation: int = 0
    peers: int = 0
    """How many the server holds for the shop."""
    problem: str | None = None
    """Why nothing could be done."""


class DriftNews(StrEnum):
    """What the staff are called for."""

    MENDED = "mended"
    STRANGERS = "strangers"


class DriftAlarm(Value):
    """A call for a person: a server was not what the ledger says."""

    news: DriftNews
    server: str
    drift: Drift
    occasion: str
    """One alarm for each."""


def drift_between(listing: Listing, roll: Roll, muster: Muster) -> Drift:
    """What is astray."""
    astray = astray_among(listing, muster)
    expected = {
        peer.public_key
        for peer in muster.peers
        if roll.confirmed.get(peer.public_key) == peer.revision
    }
    missing = expected - _held_keys(listing)
    strangers = strangers_among(listing, muster)
    squatted = {
        address
        for held in listing.saved
        if held.public_key in strangers
        for address in (held.ipv4, held.ipv6)
    }
    return Drift(
        missing=len(missing),
        changed=len((expected & astray) - missing),
        returned=sum(one.was_gone for one in muster.departed),
        strangers=strangers,
        blocked=sum(not squatted.isdisjoint((peer.ipv4, peer.ipv6)) for peer in muster.peers),
    )


def astray_among(listing: Listing, muster: Muster) -> frozenset[str]:
    """The keys of the peers that the server does not hold as the ledger says."""
    saved = {held.public_key: held for held in listing.saved}
    return frozenset(
        peer.public_key
        for peer in muster.peers
        if not _is_as_wanted(listing, saved.get(peer.public_key), peer)
        or not _is_live(listing, peer)
    )


def strangers_among(listing: Listing, muster: Muster) -> tuple[str, ...]:
    """The keys that the ledger does not know, less those that came after the server was asked."""
    known = {peer.public_key for peer in muster.peers} | {one.public_key for one in muster.departed}
    recent = {held.public_key for held in listing.saved if held.serial > listing.serial}
    return tuple(sorted(listing.keys - known - recent))


def peer_set(listing: Listing, muster: Muster, drift: Drift, *, removes_strangers: bool) -> PeerSet:
    """What the server is told then."""
    return PeerSet(
        generation=muster.generation,
        as_of=listing.serial,
        peers=muster.peers,
        departed=muster.departed,
        spared=() if removes_strangers else drift.strangers,
        astray=astray_among(listing, muster),
        version=listing.version,
    )


def _held_keys(listing: Listing) -> frozenset[str]:
    return frozenset(listing.live) & {held.public_key for held in listing.saved}


def _is_as_wanted(listing: Listing, held: HeldPeer | None, peer: Peer) -> bool:
    if held is None:
        return False
    if listing.limits_speeds and held.speed_mbit != peer.speed_mbit:
        return False
    return (held.ipv4, held.ipv6, held.revision) == (peer.ipv4, peer.ipv6, peer.revision)


def _is_live(listing: Listing, peer: Peer) -> bool:
    """Whether the interface itself, and not only the file, has the peer with its addresses."""
    if peer.public_key not in listing.live:
        return False
    allowed = listing.live[peer.public_key]
    return allowed is None or allowed == {f"{peer.ipv4}/32", f"{peer.ipv6}/128"}
