#!/usr/bin/python3 -IS
"""Keeps the peers of one WireGuard interface as the shop's ledger wants them.

Installed on a VPN server, root-owned, as the forced command of the shop's SSH key. One JSON
request comes in on stdin, one JSON reply goes out on stdout, whatever command the client named:

    {"op": "add", "public_key": K, "preshared_key": K, "ipv4": A, "ipv6": A, "revision": N,
        "speed_mbit": N or null, which may be left out}
    {"op": "remove", "public_key": K, "revision": N}
    {"op": "sync", "generation": N, "as_of": SERIAL, "peers": [{an add without its op}, ...],
        "departed": [{a remove without its op}, ...], "strangers": "keep" or "remove"}
    {"op": "apply"}  {"op": "list"}  {"op": "stats"}  {"op": "info"}

    {"ok": true, ...}  or  {"ok": false, "error": ERROR, "detail": "what to do"}

ERROR is `malformed` (not a request), `refused` (against a rule), `stale` (a newer decision is
known), `busy` (another request holds the lock: repeat) or `failed` (the machine: repeat).

The file is the desired state and is written first; the kernel follows, even when nothing changed.
So a repeat, `apply`, or the boot unit that runs it, repairs a crash at any point.

Standard library and Python 3.8 only: it runs on bare Debian 11 and Ubuntu 20.04.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import fcntl
import ipaddress
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSION = "1.3.0"

MAX_REQUEST_BYTES = 8 * 1024 * 1024
"""A sync of 5000 peers is 750 kB."""
MAX_NUMBER = 2**63 - 1
LOCK_PATIENCE_SECONDS = 20.0
LOCK_POLL_SECONDS = 0.02
WG_SECONDS = 20
LIFETIME_SECONDS = 60
"""Nobody waits longer: the shop's own deadline is 30 s. Being killed anywhere is repairable."""
NFT_SECONDS = 20
TOMBSTONE_SECONDS = 90 * 24 * 3600
MAX_TOMBSTONES = 10_000
"""Past either limit the oldest are forgotten: an add that is later still is undone by a sync."""

INTERFACE_NAME = re.compile(r"[A-Za-z0-9_=+-][A-Za-z0-9_=+.-]{0,14}")
"""What wg(8) accepts, less a leading dot, since the name becomes a file's."""

MAX_SPEED_MBIT = 100_000
BYTES_A_MBIT = 125_000
BURST_BYTES = 128 * 1024
"""On top of a second's worth, which is the least that the kernel's limit takes at once: the tunnel
hands over packets in heaps of up to 64 KiB, and one of those must fit."""

PLAIN_SETTINGS = {"PrivateKey", "ListenPort", "FwMark"}
"""An interface's settings in WireGuard; whatever else there is disguises AmneziaWG's packets."""


class Refusal(Exception):
    """The request is not carried out; nothing has changed."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail


# --- The request ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Peer:
    """One customer's device, as the ledger decided."""

    public_key: str
    preshared_key: str = field(repr=False)
    ipv4: str
    ipv6: str
    revision: int
    """Grows with each decision about this public key."""
    speed_mbit: int | None = None
    """Megabits a second, each way; None: as fast as it goes."""
    serial: int = field(default=0, compare=False)
    """This server's own number of the change that brought it here."""

    @property
    def allowed_ips(self) -> str:
        """Exactly one address of each family."""
        return f"{self.ipv4}/32,{self.ipv6}/128"

    @property
    def addresses(self) -> tuple[str, str]:
        """The same, bare."""
        return self.ipv4, self.ipv6


class Add(NamedTuple):
    """The interface holds this peer from now on."""

    peer: Peer


class Remove(NamedTuple):
    """The interface does not hold this peer from now on."""

    public_key: str
    revision: int


class Sync(NamedTuple):
    """The interface holds these peers, as the ledger knew it."""

    generation: int
    """The ledger's own number of this set: an older one is refused."""
    as_of: int
    """The `serial` that `info` told before the ledger was read: later changes are kept."""
    peers: dict[str, Peer]
    departed: tuple[Remove, ...] = ()
    """Peers of the shop's that do not belong here."""
    keeps_strangers: bool = False
    """Whether what is neither of these may stay: the shop then asks a person first."""


class Ask(NamedTuple):
    """A request that decides nothing: apply, list, stats or info."""

    op: str


Request = Union[Add, Remove, Sync, Ask]  # noqa: UP007 - evaluated, and 3.8 knows no `|` here

REMOVE_FIELDS = ("public_key", "revision")
PEER_FIELDS = ("public_key", "preshared_key", "ipv4", "ipv6", "revision")
PEER_DEFAULTS = {"speed_mbit": None}
FIELDS = {
    "add": PEER_FIELDS,
    "remove": REMOVE_FIELDS,
    "sync": ("generation", "as_of", "peers"),
    "apply": (),
    "list": (),
    "stats": (),
    "info": (),
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "add": PEER_DEFAULTS,
    "sync": {"departed": [], "strangers": "remove"},
}
"""What a request may leave out, as the shop did before 1.2.0, and of a peer before 1.3.0."""
STRANGERS = ("keep", "remove")


def parse_request(raw: bytes) -> Request:
    """The request in `raw`, checked field by field. Raises `Refusal`."""
    if len(raw) > MAX_REQUEST_BYTES:
        raise Refusal("malformed", f"the request is longer than {MAX_REQUEST_BYTES} bytes")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refusal("malformed", f"the request is not JSON: {type(error).__name__}") from None
    op = body.get("op") if isinstance(body, dict) else None
    if not isinstance(op, str) or op not in FIELDS:
        raise Refusal("malformed", f"`op` must be one of {', '.join(FIELDS)}")
    told = {name: value for name, value in body.items() if name != "op"}
    defaults = DEFAULTS.get(op, {})
    fields = {**defaults, **told}
    require_fields(fields, (*FIELDS[op], *defaults))
    if op == "add":
        return Add(parse_peer(fields))
    if op == "remove":
        return parse_remove(fields)
    if op == "sync":
        return parse_sync(fields)
    return Ask(op)


def parse_sync(fields: dict[str, Any]) -> Sync:
    """A whole set of peers. Raises `Refusal`."""
    for name in ("peers", "departed"):
        if not isinstance(fields[name], list):
            raise Refusal("malformed", f"`{name}` must be a list")
    if fields["strangers"] not in STRANGERS:
        raise Refusal("malformed", f"`strangers` must be one of {', '.join(STRANGERS)}")
    peers = {}
    for told in fields["peers"]:
        entry = {**PEER_DEFAULTS, **told} if isinstance(told, dict) else told
        require_fields(entry, (*PEER_FIELDS, *PEER_DEFAULTS))
        peer = parse_peer(entry)
        if peer.public_key in peers:
            raise Refusal("refused", f"the set holds {peer.public_key} twice")
        peers[peer.public_key] = peer
    for entry in fields["departed"]:
        require_fields(entry, REMOVE_FIELDS)
    departed = tuple(map(parse_remove, fields["departed"]))
    for one in departed:
        if one.public_key in peers:
            raise Refusal("refused", f"{one.public_key} both belongs here and does not")
    return Sync(
        generation=parse_number(fields, "generation"),
        as_of=parse_number(fields, "as_of"),
        peers=peers,
        departed=departed,
        keeps_strangers=fields["strangers"] == "keep",
    )


def parse_remove(fields: dict[str, Any]) -> Remove:
    """A peer to remove. Raises `Refusal`."""
    return Remove(parse_key(fields, "public_key"), parse_number(fields, "revision"))


def parse_peer(fields: dict[str, Any]) -> Peer:
    """One peer's fields. Raises `Refusal`."""
    return Peer(
        public_key=parse_key(fields, "public_key"),
        preshared_key=parse_key(fields, "preshared_key"),
        ipv4=parse_address(fields, "ipv4", ipaddress.IPv4Address),
        ipv6=parse_address(fields, "ipv6", ipaddress.IPv6Address),
        revision=parse_number(fields, "revision"),
        speed_mbit=parse_speed(fields["speed_mbit"]),
    )


def require_fields(fields: Any, expected: Sequence[str]) -> None:
    """Refuse an object with a field missing or a field too many."""
    if not isinstance(fields, dict) or set(fields) != set(expected):
        names = ", ".join(expected) or "none besides `op`"
        raise Refusal("malformed", f"the fields must be exactly: {names}")


def parse_key(fields: dict[str, Any], name: str) -> str:
    """A WireGuard key in the one spelling that `wg` prints, so that it compares as text."""
    value = fields[name]
    try:
        raw = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32 or base64.b64encode(raw).decode() != value:  # noqa: PLR2004 - Curve25519
        raise Refusal("refused", f"`{name}` must be 32 bytes in base64")
    return str(value)


def parse_address(fields: dict[str, Any], name: str, family: Any) -> str:
    """A bare address in its one canonical spelling: a network cannot be said at all."""
    value = fields[name]
    canonical = None
    with contextlib.suppress(ValueError):
        canonical = str(family(value)) if isinstance(value, str) else None
    if canonical is None or canonical != value or "%" in canonical:
        raise Refusal("refused", f"`{name}` must be a single address, without a prefix length")
    return str(value)


def parse_number(fields: dict[str, Any], name: str) -> int:
    """A whole number that a PostgreSQL bigint can hold, from 0."""
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NUMBER:
        raise Refusal("refused", f"`{name}` must be a whole number from 0 to {MAX_NUMBER}")
    return value


def parse_speed(value: Any) -> int | None:
    """A limit in megabits a second, or none. Raises `Refusal`."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SPEED_MBIT:
        raise Refusal("refused", f"`speed_mbit` must be null or from 1 to {MAX_SPEED_MBIT}")
    return value


# --- The decision --------------------------------------------------------------------------


@dataclass(frozen=True)
class Tombstone:
    """A peer that was removed, so that an add that dawdled cannot bring it back."""

    revision: int
    serial: int
    removed_at: int
    """Seconds since 1970, only to forget it one day."""


@dataclass
class State:
    """What the interface has to hold. A public key has a peer or a tombstone, never both."""

    generation: int = 0
    serial: int = 0
    peers: dict[str, Peer] = field(default_factory=dict)
    tombstones: dict[str, Tombstone] = field(default_factory=dict)
    has_limits: bool = False
    """Whether there may be limits in the kernel: from the first on, even when it is gone."""

    def known(self, public_key: str) -> Peer | Tombstone | None:
        """The last decision about a public key."""
        return self.peers.get(public_key) or self.tombstones.get(public_key)

    def hold(self, peer: Peer) -> None:
        """Note a peer that belongs on the interface."""
        self.serial += 1
        self.tombstones.pop(peer.public_key, None)
        self.peers[peer.public_key] = replace(peer, serial=self.serial)
        self.has_limits = self.has_limits or peer.speed_mbit is not None

    def bury(self, public_key: str, revision: int, now: int) -> None:
        """Note a peer that does not, and forget the oldest of those."""
        self.serial += 1
        self.peers.pop(public_key, None)
        self.tombstones[public_key] = Tombstone(revision, self.serial, now)
        recent = [
            item for item in self.tombstones.items() if now - item[1].removed_at < TOMBSTONE_SECONDS
        ]
        recent.sort(key=lambda item: item[1].serial)
        self.tombstones = dict(recent[-MAX_TOMBSTONES:])


def add(state: State, wanted: Peer) -> bool:
    """Decide on an add; whether it changed anything. Raises `Refusal`.

    A speed that the same revision did not have before was kept from a program or by a shop that
    knew of none.
    """
    known = state.known(wanted.public_key)
    if known == wanted:
        return False
    if isinstance(known, Peer) and known.revision == wanted.revision:
        if replace(known, speed_mbit=wanted.speed_mbit) != wanted:
            raise Refusal("refused", f"revision {wanted.revision} was something else: decide anew")
    elif known and known.revision >= wanted.revision:
        raise Refusal("stale", f"revision {known.revision} of this peer is known")
    state.hold(wanted)
    refuse_shared_addresses(state)
    return True


def remove(state: State, public_key: str, revision: int, now: int) -> bool:
    """Decide on a removal; it wins over an add of the same revision. Raises `Refusal`."""
    known = state.known(public_key)
    if known and known.revision > revision:
        raise Refusal("stale", f"revision {known.revision} of this peer is known")
    if isinstance(known, Tombstone) and known.revision == revision:
        return False
    state.bury(public_key, revision, now)
    return True


def sync(state: State, wanted: Sync, now: int) -> bool:
    """Take over the ledger's set, save what was decided after the ledger was read.

    A per-peer revision orders what the ledger says of a peer; for a peer that it does not mention
    there is none to compare, so `as_of` tells what it cannot have known about.

    A stranger that may stay keeps its addresses: a peer that wants one of them is left out.

    Raises `Refusal`.
    """
    if wanted.generation < state.generation:
        raise Refusal("stale", f"generation {state.generation} is known")
    if wanted.as_of > state.serial:
        raise Refusal("refused", f"`as_of` is ahead of serial {state.serial}: ask `info` again")
    before = (state.generation, state.serial)
    for one in wanted.departed:
        with contextlib.suppress(Refusal):  # a newer decision is known: it holds
            remove(state, one.public_key, one.revision, now)
    squatted = settle_strangers(state, wanted, now)
    for peer in wanted.peers.values():
        is_free = squatted.isdisjoint((peer.ipv4, peer.ipv6))
        if is_free and is_news(state.known(peer.public_key), peer, wanted.as_of):
            state.hold(peer)
    refuse_shared_addresses(state)
    state.generation = wanted.generation
    return before != (state.generation, state.serial)


def settle_strangers(state: State, wanted: Sync, now: int) -> set[str]:
    """Bury the peers that the ledger cannot explain, or tell the addresses of those that stay."""
    squatted: set[str] = set()
    for peer in list(state.peers.values()):
        if peer.public_key in wanted.peers or peer.serial > wanted.as_of:
            continue
        if wanted.keeps_strangers:
            squatted.update((peer.ipv4, peer.ipv6))
        else:
            state.bury(peer.public_key, peer.revision, now)
    return squatted


def is_news(known: Peer | Tombstone | None, peer: Peer, as_of: int) -> bool:
    """Whether a peer in a sync replaces what is known of it."""
    if known is None or peer.revision > known.revision:
        return True
    return peer.revision == known.revision and known.serial <= as_of and known != peer


def refuse_shared_addresses(state: State) -> None:
    """`wg` would give the address to the last who claims it and silently cut off the first."""
    owners: dict[str, str] = {}
    for peer in state.peers.values():
        for address in (peer.ipv4, peer.ipv6):
            if address in owners:
                raise Refusal("refused", f"{address} belongs to another peer")
            owners[address] = peer.public_key


# --- The file ------------------------------------------------------------------------------


class StateFile:
    """The desired state on disk: whole before, or whole after, never between."""

    def __init__(self, directory: Path, interface: str) -> None:
        self._path = directory / f"{interface}.json"
        self._lock_path = directory / f"{interface}.lock"

    @contextlib.contextmanager
    def locked(self, patience: float) -> Iterator[int]:
        """One request at a time; yields the lock's descriptor. Raises `Refusal` when busy."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            wait_for_lock(descriptor, time.monotonic() + patience)
            yield descriptor
        finally:
            os.close(descriptor)

    def load(self) -> State:
        """The last saved state; an empty one before the first."""
        try:
            body = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return State()
        return State(
            generation=body["generation"],
            serial=body["serial"],
            peers={peer["public_key"]: Peer(**peer) for peer in body["peers"]},
            tombstones={key: Tombstone(**stone) for key, stone in body["tombstones"].items()},
            has_limits=body.get("has_limits", False),
        )

    def save(self, state: State) -> None:
        """Replace the file; on return it survives a power cut."""
        body = {
            "generation": state.generation,
            "serial": state.serial,
            "peers": [saved(peer) for peer in state.peers.values()],
            "tombstones": {key: vars(stone) for key, stone in state.tombstones.items()},
        }
        if state.has_limits:
            body["has_limits"] = True
        draft = self._path.with_suffix(".tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            json.dump(body, file, separators=(",", ":"))
            file.flush()
            os.fsync(descriptor)
        draft.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def saved(peer: Peer) -> dict[str, Any]:
    """A peer in the file: without limits that of programs before 1.3.0, should one come back."""
    return {name: value for name, value in vars(peer).items() if value is not None}


def wait_for_lock(descriptor: int, deadline: float) -> None:
    """Take the lock, or say `busy` at the deadline (monotonic seconds)."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Refusal("busy", "another request holds the lock: repeat") from None
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return


# --- The kernel ----------------------------------------------------------------------------


class Guest(NamedTuple):
    """A peer on the interface that is in no file: somebody's own, set by hand."""

    public_key: str
    preshared_key: str
    allowed_ips: list[str]
    keepalive: str

    def lines(self, taken: set[str]) -> list[str]:
        """What syncconf reads, so that it stays; an address of a customer's it has to yield."""
        allowed = [one for one in self.allowed_ips if one != "(none)" and one not in taken]
        lines = ["[Peer]", f"PublicKey={self.public_key}"]
        if self.preshared_key != "(none)":
            lines.append(f"PresharedKey={self.preshared_key}")
        if allowed:
            lines.append(f"AllowedIPs={','.join(allowed)}")
        if self.keepalive != "off":
            lines.append(f"PersistentKeepalive={self.keepalive}")
        return lines


class Interface:
    """A WireGuard interface, through `wg`, or AmneziaWG's `awg`, which differs in name only.

    Secrets go by stdin, never by argv.
    """

    def __init__(self, wg: str, name: str) -> None:
        self._wg = wg
        self._name = name

    def hold(self, peer: Peer, lock: int) -> None:
        """Add or correct one peer."""
        arguments = ("preshared-key", "/dev/stdin", "allowed-ips", peer.allowed_ips)
        self._run(
            ("set", self._name, "peer", peer.public_key, *arguments), peer.preshared_key, lock
        )

    def drop(self, public_key: str, lock: int) -> None:
        """Remove one peer; one that is not there is no error."""
        self._run(("set", self._name, "peer", public_key, "remove"), "", lock)

    def become(self, peers: Sequence[Peer], lock: int, guests: Sequence[Guest] = ()) -> None:
        """Hold exactly these peers; sessions of those that stay are not disturbed."""
        text = self._configuration(peers, guests)
        self._run(("syncconf", self._name, "/dev/stdin"), text, lock)

    def guests(self, state: State) -> list[Guest]:
        """The peers that somebody else has put onto the interface, past the program."""
        rows = [row for row in self.dump()[1:] if state.known(row[0]) is None]
        return [Guest(row[0], row[1], row[3].split(","), row[7]) for row in rows]

    def dump(self) -> list[list[str]]:
        """`wg show dump`: a row for the interface, then a row for each peer."""
        output = self._run(("show", self._name, "dump"))
        return [line.split("\t") for line in output.splitlines()]

    def settings(self) -> dict[str, str]:
        """What showconf says of the interface itself, by name; AmneziaWG says more than WireGuard.

        Names are told apart from values here and nowhere else, so that the settings of AmneziaWG's
        next generation need no change of this program.
        """
        settings = {}
        for line in self._run(("showconf", self._name)).splitlines():
            if line.strip() == "[Peer]":
                break
            name, separator, value = line.partition("=")
            if separator:
                settings[name.strip()] = value.strip()
        return settings

    def _configuration(self, peers: Sequence[Peer], guests: Sequence[Guest]) -> str:
        """What syncconf reads; it would wipe an interface setting that is left out."""
        settings = self.settings()
        if "PrivateKey" not in settings:
            raise Refusal("failed", f"{self._name} has no private key: start it with wg-quick")
        lines = ["[Interface]", *(f"{name}={value}" for name, value in settings.items())]
        taken = {address for peer in peers for address in peer.allowed_ips.split(",")}
        for guest in guests:
            lines += guest.lines(taken)
        for peer in peers:
            lines += ["[Peer]", f"PublicKey={peer.public_key}"]
            lines += [f"PresharedKey={peer.preshared_key}", f"AllowedIPs={peer.allowed_ips}"]
        return "\n".join([*lines, ""])

    def _run(self, arguments: Sequence[str], stdin: str = "", lock: int | None = None) -> str:
        return run_tool((self._wg, *arguments), f"wg {arguments[0]}", stdin, WG_SECONDS, lock)


class Limits:
    """The speeds that customers are held to, in a table of nftables that holds nothing else.

    Each peer has a limit of its own for each direction, for both its addresses together, and what
    is over it is dropped. Packets find it by one look into a map, however many peers there are.
    """

    def __init__(self, nft: str, interface: str) -> None:
        self._nft = nft
        self._interface = interface
        self._table = f"inet wgshop_limits_{re.sub('[=+]', '.', interface)}"

    def amend(self, peer: Peer, speed_mbit: int | None, peers: Sequence[Peer], lock: int) -> None:
        """One peer has this limit, or none, and all have theirs if the table was not as it was."""
        try:
            self._run("".join(self._amendment(peer, speed_mbit)), lock)
        except Refusal:
            self.become(peers, lock)

    def become(self, peers: Sequence[Peer], lock: int) -> None:
        """Exactly these peers' limits are in force; there is no moment without any."""
        limited = [peer for peer in peers if peer.speed_mbit is not None]
        text = f"add table {self._table}\ndelete table {self._table}\n"
        if limited:
            text += self._frame() + "".join(map(self._limits_of, limited))
        self._run(text, lock)

    def _frame(self) -> str:
        """The table, without anybody's limits."""
        table, interface = self._table, self._interface
        lines = [f"add table {table}"]
        for way in ("up", "down"):
            lines.append(f"add map {table} {way}4 {{ type ipv4_addr : limit; }}")
            lines.append(f"add map {table} {way}6 {{ type ipv6_addr : limit; }}")
        hook = "type filter hook forward priority 10; policy accept;"
        lines.append(f"add chain {table} forward {{ {hook} }}")
        for way, device, end in (("up", "iifname", "saddr"), ("down", "oifname", "daddr")):
            for family, number in (("ip", "4"), ("ip6", "6")):
                found = f"limit name {family} {end} map @{way}{number} counter drop"
                lines.append(f'add rule {table} forward {device} "{interface}" {found}')
        return "\n".join([*lines, ""])

    def _limits_of(self, peer: Peer) -> str:
        """Both directions' limits of one peer, and the addresses that lead to them."""
        return "".join(self._limit(peer, way, peer.speed_mbit or 1) for way in ("up", "down"))

    def _limit(self, peer: Peer, way: str, speed_mbit: int) -> str:
        name = f"{way}-{peer.ipv4}"
        rate = f"rate over {speed_mbit * BYTES_A_MBIT} bytes/second burst {BURST_BYTES} bytes"
        return (
            f"add limit {self._table} {name} {{ {rate} }}\n"
            f'add element {self._table} {way}4 {{ {peer.ipv4} : "{name}" }}\n'
            f'add element {self._table} {way}6 {{ {peer.ipv6} : "{name}" }}\n'
        )

    def _amendment(self, peer: Peer, speed_mbit: int | None) -> Iterator[str]:
        """In one transaction, whatever was there: a limit, deleted, and perhaps another.

        nftables knows no deletion of what may be missing before 1.0.7: so it is added first.
        """
        for way in ("up", "down"):
            yield self._limit(peer, way, 1)
            yield f"delete element {self._table} {way}4 {{ {peer.ipv4} }}\n"
            yield f"delete element {self._table} {way}6 {{ {peer.ipv6} }}\n"
            yield f"delete limit {self._table} {way}-{peer.ipv4}\n"
            if speed_mbit is not None:
                yield self._limit(peer, way, speed_mbit)

    def _run(self, text: str, lock: int) -> None:
        run_tool((self._nft, "-f", "/dev/stdin"), "nft", text, NFT_SECONDS, lock)


def run_tool(command: Sequence[str], name: str, stdin: str, seconds: int, lock: int | None) -> str:
    """Run a tool. It inherits the lock: should we be killed, nobody overtakes it."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell; every argument is checked
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            pass_fds=() if lock is None else (lock,),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refusal("failed", f"{name}: {type(error).__name__}") from error
    if done.returncode != 0:
        raise Refusal("failed", f"{name}: {done.stderr.strip()[:300]}")
    return done.stdout


# --- The program ---------------------------------------------------------------------------


class Program:
    """Carries out one request."""

    def __init__(
        self, interface_name: str, wg: str, nft: str, state_dir: Path, patience: float
    ) -> None:
        self._name = interface_name
        self._interface = Interface(wg, interface_name)
        self._limits = Limits(nft, interface_name)
        self._file = StateFile(state_dir, interface_name)
        self._patience = patience

    def answer(self, request: Request) -> dict[str, Any]:
        """The fields of a good reply. Raises `Refusal`."""
        if not isinstance(request, Ask):
            return self._change(request)
        if request.op == "apply":
            return self._apply()
        if request.op == "list":
            return {"peers": [listed(peer) for peer in self._file.load().peers.values()]}
        if request.op == "stats":
            return {"peers": [counters(row) for row in self._interface.dump()[1:]]}
        return self._info()

    def _change(self, request: Add | Remove | Sync) -> dict[str, Any]:
        """Decide, save, then always tell the kernel."""
        now = int(time.time())
        with self._file.locked(self._patience) as lock:
            state = self._file.load()
            before = dict(state.peers)
            if isinstance(request, Add):
                changed = add(state, request.peer)
            elif isinstance(request, Remove):
                changed = remove(state, request.public_key, request.revision, now)
            else:
                changed = sync(state, request, now)
            if changed:
                self._file.save(state)
            self._tell_interface(request, state, lock)
            if state.has_limits:
                self._tell_limits(request, before, state, lock)
        return {"result": "changed" if changed else "unchanged"}

    def _tell_interface(self, request: Add | Remove | Sync, state: State, lock: int) -> None:
        if isinstance(request, Add):
            self._interface.hold(request.peer, lock)
        elif isinstance(request, Remove):
            self._interface.drop(request.public_key, lock)
        else:
            guests = self._interface.guests(state) if request.keeps_strangers else []
            self._interface.become(list(state.peers.values()), lock, guests)

    def _tell_limits(
        self, request: Add | Remove | Sync, before: dict[str, Peer], state: State, lock: int
    ) -> None:
        """One peer's alone where it is known which addresses that concerns, else everybody's."""
        peers = list(state.peers.values())
        if isinstance(request, Add):
            wanted = request.peer
            known = before.get(wanted.public_key, wanted)
            if known.addresses == wanted.addresses:
                self._limits.amend(wanted, wanted.speed_mbit, peers, lock)
                return
        elif isinstance(request, Remove) and request.public_key in before:
            self._limits.amend(before[request.public_key], None, peers, lock)
            return
        self._limits.become(peers, lock)

    def _apply(self) -> dict[str, Any]:
        """Bring the kernel to the file, after a boot or a crash."""
        with self._file.locked(self._patience) as lock:
            state = self._file.load()
            peers = list(state.peers.values())
            self._interface.become(peers, lock)
            if state.has_limits:
                self._limits.become(peers, lock)
        return {"peer_count": len(peers)}

    def _info(self) -> dict[str, Any]:
        """Who answers here; `serial` is what a sync needs for its `as_of`."""
        state = self._file.load()
        interface, *peers = self._interface.dump()
        settings = self._interface.settings()
        return {
            "version": VERSION,
            "interface": self._name,
            "public_key": interface[1],
            "listen_port": int(interface[2]),
            "obfuscation": {
                name: value for name, value in settings.items() if name not in PLAIN_SETTINGS
            },
            "peer_count": len(peers),
            "generation": state.generation,
            "serial": state.serial,
        }


def listed(peer: Peer) -> dict[str, Any]:
    """A saved peer without its secret."""
    return {name: value for name, value in vars(peer).items() if name != "preshared_key"}


def counters(row: Sequence[str]) -> dict[str, Any]:
    """A peer's row of `wg show dump` without its secret."""
    public_key, _secret, endpoint, allowed_ips, handshake, received, sent = row[:7]
    return {
        "public_key": public_key,
        "endpoint": None if endpoint == "(none)" else endpoint,
        "allowed_ips": [] if allowed_ips == "(none)" else allowed_ips.split(","),
        "latest_handshake": int(handshake) or None,
        "received_bytes": int(received),
        "sent_bytes": int(sent),
    }


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """What the installer wrote into the forced command; a request can change none of it."""
    parser = argparse.ArgumentParser(description="Keep a WireGuard interface's peers.")
    parser.add_argument("interface")
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("--wg", default="/usr/bin/wg", help="the tool: wg, or AmneziaWG's awg")
    parser.add_argument("--nft", default="/usr/sbin/nft", help="the tool that limits speeds")
    parser.add_argument("--state-dir", type=Path, default=Path("/var/lib/wgshop"))
    parser.add_argument("--patience", type=float, default=LOCK_PATIENCE_SECONDS)
    chosen = parser.parse_args(arguments)
    if not INTERFACE_NAME.fullmatch(chosen.interface):
        parser.error("the interface's name must be 1 to 15 of a-zA-Z0-9_=+.-")
    return chosen


def main(arguments: Sequence[str]) -> int:
    """Answer the request on stdin; 0 when it was carried out."""
    signal.alarm(LIFETIME_SECONDS)
    chosen = options(arguments)
    program = Program(chosen.interface, chosen.wg, chosen.nft, chosen.state_dir, chosen.patience)
    try:
        request = parse_request(sys.stdin.buffer.read(MAX_REQUEST_BYTES + 1))
        reply = {"ok": True, **program.answer(request)}
    except Refusal as refusal:
        reply = {"ok": False, "error": refusal.error, "detail": refusal.detail}
    except OSError as error:
        reply = {"ok": False, "error": "failed", "detail": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever happens, the shop gets a reply it can read
        reply = {"ok": False, "error": "failed", "detail": type(error).__name__}
    sys.stdout.write(json.dumps(reply) + "\n")
    return 0 if reply["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
