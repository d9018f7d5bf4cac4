"""What the program accepts on stdin, and what it answers to anything else."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.node import wgshop_peer

GOOD_PEER = {
    "public_key": "A" * 43 + "=",
    "preshared_key": "B" * 42 + "A=",
    "ipv4": "10.66.0.2",
    "ipv6": "fd66::2",
    "revision": 1,
}
SPEEDY_PEER = {**GOOD_PEER, "speed_mbit": 50}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def refusal_of(request: Any) -> str:
    with pytest.raises(wgshop_peer.Refusal) as caught:
        wgshop_peer.parse_request(json.dumps(request).encode())
    return caught.value.error


def test_a_good_add_is_understood() -> None:
    request = wgshop_peer.parse_request(json.dumps({"op": "add", **GOOD_PEER}).encode())
    assert isinstance(request, wgshop_peer.Add)
    assert request.peer.allowed_ips == "10.66.0.2/32,fd66::2/128"
    assert request.peer.speed_mbit is None


@pytest.mark.parametrize(("told", "understood"), [(None, None), (1, 1), (100_000, 100_000)])
def test_a_speed_is_a_number_of_megabits_or_none(told: int | None, understood: int | None) -> None:
    peer = {**GOOD_PEER, "speed_mbit": told}
    one = wgshop_peer.parse_request(json.dumps({"op": "add", **peer}).encode())
    whole = wgshop_peer.parse_request(json.dumps({**SYNC, "peers": [peer]}).encode())
    assert isinstance(one, wgshop_peer.Add)
    assert isinstance(whole, wgshop_peer.Sync)
    assert one.peer == whole.peers[GOOD_PEER["public_key"]]
    assert one.peer.speed_mbit == understood


@pytest.mark.parametrize(
    "speed", [-1, 0, 100_001, 2**63, True, False, "5", "5; flush ruleset", 5.0, 0.5, [5], {}]
)
def test_a_speed_that_is_none_is_refused(speed: Any) -> None:
    hostile = {**GOOD_PEER, "speed_mbit": speed}
    assert refusal_of({"op": "add", **hostile}) == "refused"
    assert refusal_of({**SYNC, "peers": [hostile]}) == "refused"


@pytest.mark.parametrize(
    "torn",
    [b"", b"{", b'{"op": "add"', b"\xff\xfe", b"[" * 100_000, b"null", b'"add"', b"{} {}"],
)
def test_a_torn_request_is_malformed(torn: bytes) -> None:
    with pytest.raises(wgshop_peer.Refusal) as caught:
        wgshop_peer.parse_request(torn)
    assert caught.value.error == "malformed"


def test_a_request_past_the_limit_is_malformed() -> None:
    with pytest.raises(wgshop_peer.Refusal, match="longer than"):
        wgshop_peer.parse_request(b" " * (wgshop_peer.MAX_REQUEST_BYTES + 1))


def test_an_unknown_field_is_malformed() -> None:
    assert refusal_of({"op": "add", **GOOD_PEER, "endpoint": "203.0.113.1:1"}) == "malformed"
    assert refusal_of({"op": "info", "state_dir": "/etc"}) == "malformed"


def test_a_missing_field_is_malformed() -> None:
    without = {name: value for name, value in GOOD_PEER.items() if name != "preshared_key"}
    assert refusal_of({"op": "add", **without}) == "malformed"


def test_an_unknown_op_is_malformed() -> None:
    assert refusal_of({"op": "exec", "command": "id"}) == "malformed"
    assert refusal_of({"op": ["add"]}) == "malformed"


@pytest.mark.parametrize(
    "change",
    [
        {"public_key": "short"},
        {"public_key": "A" * 42 + "B="},  # another spelling of bytes that have one already
        {"public_key": "A" * 43 + "=\n"},
        {"public_key": 7},
        {"preshared_key": None},
        {"ipv4": "10.66.0.0/24"},
        {"ipv4": "10.66.0.2/32"},
        {"ipv4": "fd66::2"},
        {"ipv4": "010.66.0.2"},
        {"ipv4": 1111111},
        {"ipv4": None},
        {"ipv6": "FD66::2"},
        {"ipv6": "fe80::1%eth0"},
        {"ipv6": "::/0"},
        {"revision": -1},
        {"revision": True},
        {"revision": 1.0},
        {"revision": 2**63},
    ],
)
def test_a_field_of_the_wrong_form_is_refused(change: dict[str, Any]) -> None:
    assert refusal_of({"op": "add", **GOOD_PEER, **change}) == "refused"


SYNC = {"op": "sync", "generation": 1, "as_of": 0, "peers": [GOOD_PEER]}
GONE = {"public_key": "C" * 42 + "A=", "revision": 3}


def test_a_sync_may_leave_out_what_older_shops_did_not_say() -> None:
    request = wgshop_peer.parse_request(json.dumps(SYNC).encode())
    assert isinstance(request, wgshop_peer.Sync)
    assert (request.departed, request.keeps_strangers) == ((), False)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"strangers": "ask"}, "malformed"),
        ({"strangers": ["keep"]}, "malformed"),
        ({"departed": {}}, "malformed"),
        ({"departed": ["x"]}, "malformed"),
        ({"departed": [{**GONE, "ipv4": "10.66.0.2"}]}, "malformed"),
        ({"departed": [{**GONE, "revision": -1}]}, "refused"),
        ({"departed": [{**GONE, "public_key": GOOD_PEER["public_key"]}]}, "refused"),
        ({"peers": [GOOD_PEER, GOOD_PEER]}, "refused"),
    ],
)
def test_a_sync_that_contradicts_itself_is_not_carried_out(
    change: dict[str, Any], error: str
) -> None:
    assert refusal_of({**SYNC, "departed": [GONE], "strangers": "keep", **change}) == error


@given(st.binary() | JSON.map(lambda body: json.dumps(body).encode()))
def test_nothing_on_stdin_makes_the_parser_stumble(raw: bytes) -> None:
    try:
        wgshop_peer.parse_request(raw)
    except wgshop_peer.Refusal as refusal:
        assert refusal.error in {"malformed", "refused"}


@given(
    st.sampled_from([*wgshop_peer.FIELDS]),
    st.fixed_dictionaries({name: JSON | st.just(good) for name, good in SPEEDY_PEER.items()}),
)
def test_no_field_makes_the_parser_stumble(op: str, fields: dict[str, Any]) -> None:
    known = (*wgshop_peer.FIELDS[op], *wgshop_peer.DEFAULTS.get(op, ()))
    named = {name: fields.get(name, []) for name in known}
    try:
        wgshop_peer.parse_request(json.dumps({"op": op, **named}).encode())
    except wgshop_peer.Refusal as refusal:
        assert refusal.error in {"malformed", "refused"}


def test_the_program_is_one_that_python_3_8_can_read() -> None:
    ast.parse(Path(wgshop_peer.__file__).read_text(), feature_version=(3, 8))


def test_the_program_can_be_installed_as_it_is() -> None:
    program = Path(wgshop_peer.__file__)
    assert program.read_text().startswith("#!/usr/bin/python3 -IS\n")
    assert program.stat().st_mode & 0o111


@pytest.mark.parametrize("name", ["../etc", "", "a" * 16, "wg 0", ".hidden", "wg0/"])
def test_an_interface_name_that_is_none_stops_the_program(name: str) -> None:
    with pytest.raises(SystemExit):
        wgshop_peer.options([name])
