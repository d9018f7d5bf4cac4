import socket

import pytest
from pydantic import SecretStr

from domain.errors import SettingsError
from infra.settings import ApiSettings
from workers.listening import Listener


def settings(host: str = "127.0.0.1", port: int = 0) -> ApiSettings:
    return ApiSettings(
        api_host=host,
        api_port=port,
        api_jwt_secret=SecretStr("j" * 32),
        link_secret=SecretStr("l" * 32),
    )


def test_an_open_listener_is_reached_where_it_says() -> None:
    listener = Listener(settings())
    with listener.socket:
        listener.open()
        host, port = listener.url.removeprefix("http://").split(":")
        socket.create_connection((host, int(port)), timeout=5).close()


def test_nobody_is_let_in_before_it_opens() -> None:
    listener = Listener(settings())
    with listener.socket, pytest.raises(ConnectionRefusedError):
        socket.create_connection(listener.socket.getsockname(), timeout=5)


def test_small_answers_are_not_held_back() -> None:
    """asyncio turns Nagle's algorithm off only where the protocol is named."""
    with Listener(settings()).socket as taken:
        assert taken.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "x" * 70, "a..b"])
def test_a_host_that_is_not_this_machine_is_refused_by_name(host: str) -> None:
    with pytest.raises(SettingsError, match=f"API_HOST={host}"):
        Listener(settings(host))


def test_a_port_that_is_taken_is_refused_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"API_PORT={port}"):
            Listener(settings(port=port))


def test_of_two_that_start_at_once_the_slower_is_refused() -> None:
    first = Listener(settings())
    port = first.socket.getsockname()[1]
    second = Listener(settings(port=port))
    with first.socket, second.socket:
        first.open()
        with pytest.raises(SettingsError, match=f"API_PORT={port}"):
            second.open()
