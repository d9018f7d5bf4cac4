"""Ports on loopback: the usual one where it is free, else another."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

LOOPBACK = "127.0.0.1"
UNUSED = range(20_000, 32_000)
"""Below the ports that Linux gives to outgoing connections (`ip_local_port_range`, ip-sysctl).

One of those may be taken again between the choice and the server that was to listen on it.
"""
TRIES = 100

IDLE_SECONDS = 75
"""How long a server keeps an idle connection: longer than its clients do, or a request of theirs
may set out on a connection that is just being closed."""


def free_ports(*wanted: int) -> Iterator[int]:
    """For each wanted port itself or, where it is taken (or 0), some free one; all different.

    Raises:
        OSError: no port was found free.
    """
    with ExitStack() as held:
        chosen = [_hold(held, port) for port in wanted]
    yield from chosen


def _hold(held: ExitStack, port: int) -> int:
    listener = held.enter_context(socket.socket())
    # As servers do: a port whose last connections are still fading is not taken.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    candidates = [port] if port else []
    candidates += [secrets.choice(UNUSED) for _ in range(TRIES)]
    for candidate in candidates:
        with suppress(OSError):
            listener.bind((LOOPBACK, candidate))
            return candidate
    raise OSError(f"no free port among {TRIES} tried on {LOOPBACK}")
