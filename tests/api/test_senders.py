from ipaddress import ip_network

import pytest
from starlette.types import Scope

from api.senders import is_within, sender_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"type": "http", "client": peer and (peer, 1), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "sender"),
    [
        # Straight to us: what the header says is anybody's claim.
        ("185.71.76.5", [], "185.71.76.5"),
        ("203.0.113.9", ["185.71.76.5"], "203.0.113.9"),
        # Through our proxies: the right-most stranger is the sender, what is left of it a claim.
        ("10.0.0.1", ["185.71.76.5"], "185.71.76.5"),
        ("10.0.0.1", ["185.71.76.5, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["185.71.76.5, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["185.71.76.5", "203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["2a02:5180::1"], "2a02:5180::1"),
        # One of our own machines, with nobody in front of it.
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.7"], "10.0.0.7"),
        # IPv4 inside IPv6, as a dual-stack socket shows it.
        ("::ffff:185.71.76.5", [], "185.71.76.5"),
        ("::ffff:10.0.0.1", ["::ffff:185.71.76.5"], "185.71.76.5"),
        # Garbage.
        ("10.0.0.1", ["unknown"], None),
        ("10.0.0.1", ["185.71.76.5, "], None),
        ("10.0.0.1", ["185.71.76.5:443"], None),
        ("10.0.0.1", [""], None),
        ("testclient", [], None),
        (None, ["185.71.76.5"], None),
    ],
)
def test_the_sender_is_whom_the_nearest_trusted_proxy_saw(
    peer: str | None, forwarded: list[str], sender: str | None
) -> None:
    found = sender_of(scope(peer, *forwarded), PROXIES)
    assert (found and str(found)) == sender


@pytest.mark.parametrize(
    ("peer", "belongs"),
    [
        ("185.71.76.0", True),
        ("185.71.76.31", True),
        ("185.71.76.32", False),
        ("::ffff:185.71.76.31", True),
        ("::ffff:185.71.76.32", False),
        ("2a02:5180:ffff::1", True),
        ("2a02:5181::1", False),
    ],
)
def test_networks_have_edges(peer: str, belongs: bool) -> None:
    networks = (ip_network("185.71.76.0/27"), ip_network("2a02:5180::/32"))
    sender = sender_of(scope(peer), ())
    assert sender is not None
    assert is_within(sender, networks) is belongs
