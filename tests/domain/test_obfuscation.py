"""AmneziaWG's parameters: what servers and clients are given, and what would never work."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from domain.obfuscation import INITIATION_BYTES, RESPONSE_BYTES, Obfuscation
from domain.servers import ClientConfig
from infra.wireguard_keys import new_obfuscation

GOOD = {"s1": 20, "s2": 33, "h1": 1001, "h2": 1002, "h3": 1003, "h4": 1004}
KEY = "A" * 43 + "="


@pytest.mark.parametrize(
    "change",
    [
        {"s2": 20 + 56},  # both messages would have one length
        {"h2": 1001},
        {"h4": 4},  # WireGuard's own
        {"h1": 2**31},
        {"jmin": 80, "jmax": 70},
        {"jmax": 1280},
        {"jc": 0},
        {"s1": 1133},
    ],
)
def test_parameters_that_cannot_work_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Obfuscation.model_validate(GOOD | change)


@pytest.mark.parametrize("make", [new_obfuscation] * 20)
def test_new_parameters_are_valid_and_tell_the_messages_apart(
    make: Callable[[], Obfuscation],
) -> None:
    made = make()
    assert Obfuscation.model_validate(made.model_dump()) == made
    assert made.s1 + INITIATION_BYTES != made.s2 + RESPONSE_BYTES
    assert made != new_obfuscation()


@given(st.integers(-10, 2000), st.integers(-10, 2000))
def test_no_padding_makes_two_messages_alike(s1: int, s2: int) -> None:
    try:
        made = Obfuscation.model_validate(GOOD | {"s1": s1, "s2": s2})
    except ValidationError:
        return
    assert made.s1 + 56 != made.s2


def config(obfuscation: Obfuscation | None) -> str:
    return ClientConfig(
        private_key=SecretStr(KEY),
        preshared_key=SecretStr(KEY),
        ipv4=IPv4Interface("10.66.0.2/32"),
        ipv6=IPv6Interface("fd66::2/128"),
        dns=(IPv4Address("1.1.1.1"),),
        mtu=1420,
        server_public_key=KEY,
        endpoint_host="203.0.113.7",
        endpoint_port=51820,
        obfuscation=obfuscation,
        name="wg-nl1",
    ).render()


def test_a_clients_file_has_them_in_its_interface_section() -> None:
    interface, _peer = config(Obfuscation.model_validate(GOOD)).split("[Peer]")
    lines = interface.splitlines()
    for line in ("Jc = 4", "Jmin = 40", "Jmax = 70", "S1 = 20", "S2 = 33"):
        assert line in lines
    assert [line for line in lines if line[0:1] == "H"] == [
        *("H1 = 1001", "H2 = 1002", "H3 = 1003", "H4 = 1004")
    ]


def test_a_plain_clients_file_has_none_of_it() -> None:
    assert not [line for line in config(None).splitlines() if line[:1] in {"J", "S", "H"}]


def test_an_interface_agrees_when_all_that_both_sides_must_share_is_equal() -> None:
    ours = Obfuscation.model_validate(GOOD)
    told = {name.capitalize(): str(value) for name, value in ours.model_dump().items()}
    assert ours.agrees_with(told | {"Jc": "9"}), "noise is the client's own affair"
    assert not ours.agrees_with(told | {"S1": "21"})
    assert not ours.agrees_with({})
