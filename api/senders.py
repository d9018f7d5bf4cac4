"""Who really sent a request, and whether that is one of YooKassa's machines."""

from collections.abc import Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import TypeAlias

from starlette.datastructures import Headers
from starlette.types import Scope

Address: TypeAlias = IPv4Address | IPv6Address
Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]


def is_within(address: Address, networks: Networks) -> bool:
    """Whether the address belongs to one of the networks."""
    return any(address in network for network in networks)


def sender_of(scope: Scope, trusted_proxies: Networks) -> Address | None:
    """The address of whoever sent the request; None when it cannot be known.

    `X-Forwarded-For` can be written by anyone, so it counts only when the connection comes from
    a trusted proxy, and is read from its right end, where the nearest proxy wrote: the first
    address that is not a trusted proxy is the sender.
    """
    client = scope.get("client")
    sender = _parse(client[0]) if client else None
    if sender is None:
        return None
    for hop in _forwarded_for(scope):
        if not is_within(sender, trusted_proxies):
            return sender
        sender = _parse(hop)
        if sender is None:
            return None
    return sender


def _forwarded_for(scope: Scope) -> Iterator[str]:
    lists = Headers(scope=scope).getlist("x-forwarded-for")
    hops = [hop.strip() for written in lists for hop in written.split(",")]
    return reversed(hops)


def _parse(text: str) -> Address | None:
    """The address; an IPv4 one is recognised inside IPv6, where a dual-stack socket puts it."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
