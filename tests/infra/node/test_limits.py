"""Customers' speeds: in the file, in a table of nftables, and gone with the peer."""

import json
from pathlib import Path

import pytest

from infra.node.wgshop_peer import MAX_SPEED_MBIT
from tests.infra.node.conftest import Node, add_of, key_number, remove_of, sync_of


def both(speed: float) -> dict[str, float]:
    return {"up": speed, "down": speed}


def killer(directory: Path, nft: str, number: int) -> str:
    """An `nft` that kills the program at this call instead of changing anything."""
    path = directory / "killer"
    path.write_text(
        f"#!/bin/sh\necho >>{directory}/calls\n"
        f'test "$(wc -l <{directory}/calls)" -ne {number} || {{ kill -9 $PPID; exit 1; }}\n'
        f'exec "{nft}" "$@"\n'
    )
    path.chmod(0o700)
    return str(path)


def test_a_limited_peer_is_held_to_its_speed_each_way_by_both_its_addresses(node: Node) -> None:
    assert node.ask(add_of(1, speed_mbit=5))["result"] == "changed"
    assert node.ask(add_of(2))["result"] == "changed"
    assert node.ask(add_of(3, speed_mbit=100))["result"] == "changed"
    assert node.limits() == {
        "10.66.0.3": both(5),
        "fd66::3": both(5),
        "10.66.0.5": both(100),
        "fd66::5": both(100),
    }
    assert node.kernel() == node.saved()


def test_the_file_and_the_list_tell_the_speed(node: Node) -> None:
    node.ask(add_of(1, speed_mbit=5))
    node.ask(add_of(2))
    speeds = {peer["public_key"]: peer["speed_mbit"] for peer in node.ask({"op": "list"})["peers"]}
    assert speeds == {key_number(1): 5, key_number(2): None}


def test_the_greatest_speed_is_one_that_nftables_takes(node: Node) -> None:
    assert node.ask(add_of(1, speed_mbit=MAX_SPEED_MBIT))["ok"]
    assert node.limits()["fd66::3"] == both(MAX_SPEED_MBIT)


def test_a_speed_changes_and_ends_with_the_next_decision(node: Node) -> None:
    node.ask(add_of(1, speed_mbit=5))
    assert node.ask(add_of(1, revision=2, speed_mbit=8))["result"] == "changed"
    assert node.limits() == {"10.66.0.3": both(8), "fd66::3": both(8)}
    assert node.ask(add_of(1, revision=1, speed_mbit=5))["error"] == "stale"
    assert node.limits()["10.66.0.3"] == both(8)
    assert node.ask(add_of(1, revision=3))["result"] == "changed"
    assert node.limits() == {}


def test_a_speed_that_an_older_program_could_not_keep_is_taken_over(node: Node) -> None:
    node.ask(add_of(1))
    assert node.ask(add_of(1, speed_mbit=5))["result"] == "changed"
    assert node.limits()["10.66.0.3"] == both(5)
    assert node.ask(add_of(1, speed_mbit=5, ipv4="10.66.0.9"))["error"] == "refused"


def test_a_removed_peer_leaves_no_limit(node: Node) -> None:
    for number in (1, 2):
        node.ask(add_of(number, speed_mbit=5))
    node.ask(remove_of(1, revision=2))
    assert set(node.limits()) == {"10.66.0.4", "fd66::4"}
    node.ask(remove_of(2, revision=2))
    assert node.limits() == {}


def test_a_peer_that_moves_to_another_address_leaves_the_first_unlimited(node: Node) -> None:
    node.ask(add_of(1, speed_mbit=5))
    node.ask(add_of(1, revision=2, ipv4="10.66.0.9", ipv6="fd66::9", speed_mbit=5))
    assert node.limits() == {"10.66.0.9": both(5), "fd66::9": both(5)}


def test_whoever_gets_a_freed_address_has_a_speed_of_their_own(node: Node) -> None:
    node.ask(add_of(1, speed_mbit=5))
    node.ask(remove_of(1, revision=2))
    node.ask(add_of(2, ipv4="10.66.0.3", ipv6="fd66::9", speed_mbit=7))
    assert node.limits() == {"10.66.0.3": both(7), "fd66::9": both(7)}


def test_a_sync_puts_everybodys_speed_right(node: Node) -> None:
    node.ask(add_of(1, speed_mbit=5))
    node.ask(add_of(2, speed_mbit=5))
    node.lift_limits()
    wanted = (add_of(1, speed_mbit=5), add_of(2), add_of(3, speed_mbit=9))
    assert node.ask(sync_of(*wanted, as_of=2, strangers="keep"))["result"] == "changed"
    assert node.limits() == {
        "10.66.0.3": both(5),
        "fd66::3": both(5),
        "10.66.0.5": both(9),
        "fd66::5": both(9),
    }
    assert node.ask(sync_of(*wanted, as_of=4, strangers="keep"))["result"] == "unchanged"


def test_a_boot_puts_the_limits_back(node: Node) -> None:
    node.ask(add_of(1, speed_mbit=5))
    node.lift_limits()
    assert node.ask({"op": "apply"})["ok"]
    assert node.limits()["10.66.0.3"] == both(5)


def test_one_who_comes_after_all_limits_were_lifted_brings_them_back(node: Node) -> None:
    node.ask(add_of(1, speed_mbit=5))
    node.lift_limits()
    node.ask(add_of(2, speed_mbit=6))
    assert {address: held["up"] for address, held in node.limits().items() if "." in address} == {
        "10.66.0.3": 5,
        "10.66.0.4": 6,
    }


@pytest.mark.parametrize("call", [1, 2])
def test_killed_before_the_limit_a_repeat_sets_it(node: Node, tmp_path: Path, call: int) -> None:
    # The first call meets no table, and the second makes it.
    dying = killer(tmp_path, node.tunnel.nft, call)
    assert node.ask(add_of(1, speed_mbit=5), nft=dying) is None
    assert node.limits() == {}
    assert node.ask(add_of(1, speed_mbit=5))["result"] == "unchanged"
    assert node.limits()["10.66.0.3"] == both(5)


def test_killed_before_a_limit_is_lifted_a_repeat_lifts_it(node: Node, tmp_path: Path) -> None:
    node.ask(add_of(1, speed_mbit=5))
    dying = killer(tmp_path, node.tunnel.nft, 1)
    assert node.ask(remove_of(1, revision=2), nft=dying) is None
    assert node.ask(remove_of(1, revision=2))["result"] == "unchanged"
    assert node.limits() == node.kernel() == {}


def test_without_nftables_the_peer_is_served_and_the_shop_is_told(node: Node) -> None:
    reply = node.ask(add_of(1, speed_mbit=5), nft="/nowhere/nft")
    assert (reply["error"], reply["detail"]) == ("failed", "nft: FileNotFoundError")
    assert set(node.kernel()) == {key_number(1)}
    assert node.ask(add_of(2, revision=1), nft="/bin/false")["error"] == "failed"
    assert node.ask(add_of(1, speed_mbit=5))["ok"]
    assert node.limits()["10.66.0.3"] == both(5)


def test_a_server_without_limits_needs_no_nftables(node: Node) -> None:
    for request in (add_of(1), sync_of(add_of(2), as_of=1), {"op": "apply"}):
        assert node.ask(request, nft="/nowhere/nft")["ok"]


@pytest.mark.parametrize("node", ["stand-in"], indirect=True)
def test_a_file_from_before_limits_and_one_without_any_are_the_same(node: Node) -> None:
    node.ask(add_of(1, speed_mbit=None))
    body = json.loads((node.state_dir / f"{node.tunnel.interface}.json").read_text())
    assert "has_limits" not in body
    assert "speed_mbit" not in body["peers"][0]
    assert node.ask(add_of(1))["result"] == "unchanged"
