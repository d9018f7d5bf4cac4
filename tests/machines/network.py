"""A small internet in network namespaces: a rented machine, a customer's home, a site far away.

here (the shop) ── vps ── web        web knows no route back into any tunnel
                    │
                   home

`second_machine_on` adds vps2, with cables of its own to here, to home and to the site.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from tests.machines.commands import attempt, run

WEB = "203.0.113.10"
WEB_V6 = "2001:db8:77::10"


@dataclass(frozen=True)
class Network:
    """The names of the namespaces, and the addresses in them."""

    run_id: str
    address: str
    """The rented machine's public address."""
    here: str
    """This side's, from which the shop calls."""
    machine: str = "vps"

    @property
    def vps(self) -> str:
        """The rented machine's namespace."""
        return f"{self.run_id}-{self.machine}"

    @property
    def home(self) -> str:
        """The customer's."""
        return f"{self.run_id}-home"

    @property
    def cafe(self) -> str:
        """Another customer's."""
        return f"{self.run_id}-cafe"

    @property
    def web(self) -> str:
        """The far site's."""
        return f"{self.run_id}-web"

    def at(self, place: str, *command: str) -> tuple[str, ...]:
        """A command as it is run in a namespace."""
        return ("ip", "netns", "exec", place, *command)


@contextmanager
def small_internet() -> Iterator[Network]:
    """The namespaces, joined, until the block ends."""
    # Other runs may be on this machine: the link to here is one of 32,768, and never 192.0.2.0/24.
    base = IPv4Address("198.18.0.0") + 4 * secrets.randbelow(2**15)
    network = Network(f"t{secrets.token_hex(3)}", str(base + 2), str(base + 1))
    places = (network.vps, network.home, network.cafe, network.web)
    try:
        for place in places:
            run("ip", "netns", "add", place)
            run("ip", "-n", place, "link", "set", "dev", "lo", "up")
        _lay_cables(network)
        yield network
    finally:
        for place in places:
            attempt("ip", "netns", "delete", place)
        attempt("ip", "link", "delete", "dev", f"{network.run_id}h")


@contextmanager
def second_machine_on(network: Network) -> Iterator[Network]:
    """The same small internet, as another rented machine's: at home and to the site it is near."""
    base = IPv4Address("198.18.0.0") + 4 * secrets.randbelow(2**15)
    second = replace(network, address=str(base + 2), here=str(base + 1), machine="vps2")
    vps, home, web = second.vps, second.home, second.web
    try:
        run("ip", "netns", "add", vps)
        run("ip", "-n", vps, "link", "set", "dev", "lo", "up")
        _reach(second, f"{second.run_id}i")
        run("ip", "-n", vps, *_cable("tohome", "wan2", home))
        _connect(vps, "tohome", "198.51.100.17/29")
        _connect(home, "wan2", "198.51.100.18/29")
        run("ip", "-n", home, "route", "add", second.address, "via", "198.51.100.17")
        run("ip", "-n", vps, *_cable("toweb", "lan2", web))
        _connect(vps, "toweb", "203.0.113.2/24", "2001:db8:77::2/64")
        _connect(web, "lan2", f"{WEB_V6}/128")
        for address in ("203.0.113.2", "2001:db8:77::2"):
            run("ip", "-n", web, "route", "add", address, "dev", "lan2")
        yield second
    finally:
        attempt("ip", "netns", "delete", vps)
        attempt("ip", "link", "delete", "dev", f"{second.run_id}i")


def _reach(network: Network, cable: str) -> None:
    """The machine's public address, from here."""
    run("ip", *_cable(cable, "uplink", network.vps))
    run("ip", "address", "add", f"{network.here}/30", "dev", cable)
    run("ip", "link", "set", "dev", cable, "up")
    _connect(network.vps, "uplink", f"{network.address}/30")


def _lay_cables(network: Network) -> None:
    vps = network.vps
    _reach(network, f"{network.run_id}h")
    for number, (name, place) in enumerate({"home": network.home, "cafe": network.cafe}.items()):
        router, address = f"198.51.100.{8 * number + 1}", f"198.51.100.{8 * number + 2}"
        run("ip", "-n", vps, *_cable(f"to{name}", "wan", place))
        _connect(vps, f"to{name}", f"{router}/29")
        _connect(place, "wan", f"{address}/29")
        run("ip", "-n", place, "route", "add", "default", "via", router)
    run("ip", "-n", vps, *_cable("toweb", "lan", network.web))
    _connect(vps, "toweb", "203.0.113.1/24", "2001:db8:77::1/64")
    _connect(network.web, "lan", f"{WEB}/24", f"{WEB_V6}/64")


def _cable(one: str, other: str, place: str) -> tuple[str, ...]:
    return ("link", "add", one, "type", "veth", "peer", "name", other, "netns", place)


def _connect(place: str, device: str, *addresses: str) -> None:
    for address in addresses:
        options = ("nodad",) if ":" in address else ()
        run("ip", "-n", place, "address", "add", address, "dev", device, *options)
    run("ip", "-n", place, "link", "set", "dev", device, "up")
