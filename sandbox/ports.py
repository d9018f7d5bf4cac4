"""Ports on loopback: the usual one where it is free, else another."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"


def free_ports(*wanted: int) -> Iterator[int]:
    """For each wanted port itself or, where it is taken (or 0), some free one; all different."""
    with ExitStack() as held:
        chosen = [_hold(held, port) for port in wanted]
    yield from chosen


def _hold(held: ExitStack, port: int) -> int:
    listener = held.enter_context(socket.socket())
    # As servers do: a port whose last connections are still fading is not taken.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        listener.bind((LOOPBACK, 0))
    return int(listener.getsockname()[1])
