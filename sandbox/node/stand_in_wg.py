#!/usr/bin/python3 -IS
"""A stand-in for wg(8) where no WireGuard interface can be made: the peers are rows in a file.

    stand_in_wg.py STATE_FILE set IF [private-key FILE] [listen-port N] [peer KEY ...]
    stand_in_wg.py STATE_FILE show IF dump
    stand_in_wg.py STATE_FILE showconf IF
    stand_in_wg.py STATE_FILE syncconf IF FILE
    stand_in_wg.py STATE_FILE pubkey < private key

It stands in for AmneziaWG's awg(8) too, which takes more settings of an interface and tells them
in the first line of its dump. It repeats the real tools' dangerous manners, which the server-side
program has to cope with: an address given to a second peer is silently taken from the first, and
`syncconf` wipes what the file leaves out of the interface. No packet ever flows.
"""

from __future__ import annotations

import base64
import fcntl
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

FIELD_PRIME = 2**255 - 19
LADDER_CONSTANT = 121665
BASE_POINT = 9
DISGUISE = ("Jc", "Jmin", "Jmax", "S1", "S2", "H1", "H2", "H3", "H4")
"""What only AmneziaWG knows, in the order of its dump."""


def public_key_of(private_key: str) -> str:
    """X25519 with the base point (RFC 7748, section 5), keys in base64."""
    clamped = bytearray(base64.b64decode(private_key))
    clamped[0] &= 248
    clamped[31] = (clamped[31] & 127) | 64
    scalar = int.from_bytes(clamped, "little")
    x2, z2, x3, z3 = 1, 0, BASE_POINT, 1
    for position in reversed(range(255)):
        bit = scalar >> position & 1
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        x2, z2, x3, z3 = ladder_step(x2, z2, x3, z3)
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
    u = x2 * pow(z2, FIELD_PRIME - 2, FIELD_PRIME) % FIELD_PRIME
    return base64.b64encode(u.to_bytes(32, "little")).decode()


def ladder_step(x2: int, z2: int, x3: int, z3: int) -> tuple[int, int, int, int]:
    """One step of the Montgomery ladder: (x2:z2) doubled, (x3:z3) added to it."""
    total, difference = x2 + z2, x2 - z2
    total_squared, difference_squared = total**2 % FIELD_PRIME, difference**2 % FIELD_PRIME
    left, right = (x3 - z3) * total, (x3 + z3) * difference
    gap = total_squared - difference_squared
    return (
        total_squared * difference_squared % FIELD_PRIME,
        gap * (total_squared + LADDER_CONSTANT * gap) % FIELD_PRIME,
        (left + right) ** 2 % FIELD_PRIME,
        BASE_POINT * (left - right) ** 2 % FIELD_PRIME,
    )


@dataclass
class PeerRow:
    """A peer, as far as anyone asks."""

    preshared_key: str = "(none)"
    allowed_ips: list[str] = field(default_factory=list)


@dataclass
class Interface:
    """An interface; the defaults are how `ip link add` leaves one."""

    private_key: str = "(none)"
    listen_port: int = 0
    fwmark: str = "off"
    disguise: dict[str, str] = field(default_factory=dict)
    peers: dict[str, PeerRow] = field(default_factory=dict)

    def set_peer(self, key: str, words: list[str]) -> None:
        """`wg set IF peer KEY [remove] [preshared-key FILE] [allowed-ips LIST]`."""
        if words == ["remove"]:
            self.peers.pop(key, None)
            return
        peer = self.peers.setdefault(key, PeerRow())
        for name, value in zip(words[::2], words[1::2], strict=True):
            if name == "preshared-key":
                peer.preshared_key = Path(value).read_text(encoding="ascii").strip()
            elif name == "allowed-ips":
                self.give_addresses(key, value.split(","))
            else:
                sys.exit(f"Invalid argument: {name}")

    def give_addresses(self, key: str, addresses: list[str]) -> None:
        """The last peer to claim an address has it, as in the kernel; the first is not asked."""
        for peer in self.peers.values():
            peer.allowed_ips = [kept for kept in peer.allowed_ips if kept not in addresses]
        self.peers[key].allowed_ips = addresses

    def set(self, words: list[str]) -> None:
        """`wg set IF ...`."""
        while words:
            name, value, *words = words
            if name == "private-key":
                self.private_key = Path(value).read_text(encoding="ascii").strip()
            elif name == "listen-port":
                self.listen_port = int(value)
            elif name == "fwmark":
                self.fwmark = value
            elif name.capitalize() in DISGUISE:
                self.disguise[name.capitalize()] = value
            elif name == "peer":
                self.set_peer(value, words)
                return
            else:
                sys.exit(f"Invalid argument: {name}")

    def showconf(self) -> str:
        """`wg showconf IF`."""
        lines = ["[Interface]", f"ListenPort = {self.listen_port}"]
        lines += [f"{name} = {value}" for name, value in self.disguise.items()]
        if self.fwmark != "off":
            lines.append(f"FwMark = {self.fwmark}")
        if self.private_key != "(none)":
            lines.append(f"PrivateKey = {self.private_key}")
        for key, peer in self.peers.items():
            lines += ["", "[Peer]", f"PublicKey = {key}", f"PresharedKey = {peer.preshared_key}"]
            lines.append(f"AllowedIPs = {', '.join(peer.allowed_ips)}")
        return "\n".join([*lines, ""])

    def dump(self) -> str:
        """`wg show IF dump`."""
        private, port = self.private_key, str(self.listen_port)
        public = private if private == "(none)" else public_key_of(private)
        disguise = [self.disguise.get(name, "0") for name in DISGUISE] if self.disguise else []
        rows = [[private, public, port, *disguise, self.fwmark]]
        for key, peer in self.peers.items():
            addresses = ",".join(peer.allowed_ips) or "(none)"
            rows.append([key, peer.preshared_key, "(none)", addresses, "0", "0", "0", "off"])
        return "".join("\t".join(row) + "\n" for row in rows)


def synced(text: str) -> Interface:
    """`wg syncconf IF FILE`: what the file does not say is gone."""
    interface = Interface()
    key = ""
    for line in text.splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        if name == "PrivateKey":
            interface.private_key = value
        elif name == "ListenPort":
            interface.listen_port = int(value)
        elif name == "FwMark":
            interface.fwmark = value
        elif name in DISGUISE:
            interface.disguise[name] = value
        elif name == "PublicKey":
            key = value
            interface.set_peer(key, [])
        elif name == "PresharedKey":
            interface.peers[key].preshared_key = value
        elif name == "AllowedIPs":
            interface.give_addresses(key, value.split(","))
    return interface


def load(text: str) -> dict[str, Interface]:
    """The interfaces by name."""
    interfaces = {}
    for name, row in json.loads(text or "{}").items():
        row["peers"] = {key: PeerRow(**peer) for key, peer in row["peers"].items()}
        interfaces[name] = Interface(**row)
    return interfaces


def main(state_file: Path, command: str, *words: str) -> None:
    """Run one command on the interfaces in the file, alone."""
    if command == "pubkey":
        sys.stdout.write(public_key_of(sys.stdin.read().strip()) + "\n")
        return
    name, *rest = words
    with state_file.open("a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        interfaces = load(file.read())
        interface = interfaces.setdefault(name, Interface())
        if command == "show" and rest == ["dump"]:
            sys.stdout.write(interface.dump())
        elif command == "showconf":
            sys.stdout.write(interface.showconf())
        elif command == "set":
            interface.set(rest)
        elif command == "syncconf":
            interfaces[name] = synced(Path(rest[0]).read_text(encoding="ascii"))
        else:
            sys.exit(f"Invalid command: {command} {' '.join(rest)}")
        file.truncate(0)
        file.write(json.dumps({name: asdict(row) for name, row in interfaces.items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
