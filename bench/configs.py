"""Making a configuration in one process: the file's text, and the QR picture."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from time import perf_counter, process_time

from pydantic import SecretStr

from bench.latencies import COLUMNS, Latencies
from bench.tables import show
from domain.servers import ClientConfig
from infra.qr import qr_png
from infra.wireguard_keys import new_device_keys

COUNT = 100


def measure() -> None:
    """Make keys, the text and the picture, a hundred times each."""
    keys = new_device_keys()
    config = _config(keys.private_key, keys.preshared_key, keys.public_key)
    text = config.render()
    show(
        "A configuration, in one process",
        ("step", *COLUMNS, "CPU ms each"),
        [
            _row("new keys", new_device_keys),
            _row("the file's text", config.render),
            _row("the QR picture", lambda: qr_png(text)),
        ],
    )


def _row(name: str, make: Callable[[], object]) -> list[str]:
    times = []
    cpu = process_time()
    for _ in range(COUNT):
        began = perf_counter()
        make()
        times.append(perf_counter() - began)
    each = 1000 * (process_time() - cpu) / COUNT
    return [name, *Latencies.of(times).cells(), f"{each:.2f}"]


def _config(private: SecretStr, preshared: SecretStr, public: str) -> ClientConfig:
    return ClientConfig(
        private_key=private,
        preshared_key=preshared,
        ipv4=IPv4Interface("10.66.0.2/32"),
        ipv6=IPv6Interface("fd66::2/128"),
        dns=(IPv4Address("1.1.1.1"), IPv4Address("1.0.0.1")),
        mtu=1280,
        server_public_key=public,
        endpoint_host="203.0.113.7",
        endpoint_port=51820,
        name="wg-nl1",
    )
