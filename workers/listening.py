"""The address that the API serves on, taken before anything else is opened."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import SettingsError
from infra.settings import ApiSettings

_BACKLOG = 2048
"""Connections that may wait to be accepted, as uvicorn's own sockets have it."""


class Listener:
    """A socket at API_HOST and API_PORT: first it is taken, later it is open to callers."""

    def __init__(self, settings: ApiSettings) -> None:
        """Take the address. Raises `SettingsError` when it cannot be had."""
        self._settings = settings
        with self._explained():
            self.socket = _bound(settings.api_host, settings.api_port)

    def open(self) -> None:
        """From now on callers queue. Raises `SettingsError` when another process was quicker."""
        with self._explained():
            self.socket.listen(_BACKLOG)

    @property
    def url(self) -> str:
        """Where it listens, with the port that it really has."""
        host, port = self.socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        # UnicodeError: a name that no DNS could hold.
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise SettingsError(
                f"Cannot listen on API_HOST={self._settings.api_host} "
                f"API_PORT={self._settings.api_port}: {why}. Stop what listens there, choose "
                "another API_PORT, or set API_HOST to an address of this machine."
            ) from error


def _bound(host: str, port: int) -> socket.socket:
    # IPPROTO_TCP by name: asyncio turns Nagle's algorithm off only for sockets that say it, and
    # with it on each answer waits 40 ms for the client's delayed acknowledgement.
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    # `localhost` has an address of each family: IPv4, as API_HOST's default.
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # Or IPv4 callers would come as ::ffff:..., which no list of networks expects.
            taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        taken.bind(address)
    except OSError:
        taken.close()
        raise
    return taken
