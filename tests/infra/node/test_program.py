"""The program over an interface: file first, kernel second, one at a time, whatever dies."""

import fcntl
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.infra.node.conftest import Node, add_of, key_number, remove_of, sync_of


def killer(directory: Path, wg: str) -> str:
    """A `wg` that kills the program instead of changing the interface."""
    path = directory / "killer"
    path.write_text(
        f'#!/bin/sh\ncase "$1" in set|syncconf) kill -9 $PPID; exit 1;; esac\nexec "{wg}" "$@"\n'
    )
    path.chmod(0o700)
    return str(path)


def test_an_added_peer_is_in_the_file_and_on_the_interface(node: Node) -> None:
    assert node.ask(add_of(1)) == {"ok": True, "result": "changed"}
    assert node.kernel() == node.saved() == {key_number(1): "10.66.0.3/32,fd66::3/128"}
    assert node.dump()[1][1] == key_number(10_001)


def test_equal_bytes_again_change_nothing_and_mend_the_interface(node: Node) -> None:
    node.ask(add_of(1))
    node.forget(key_number(1))
    assert node.ask(add_of(1)) == {"ok": True, "result": "unchanged"}
    assert node.kernel() == node.saved()


def test_a_removed_peer_is_gone_and_stays_gone(node: Node) -> None:
    node.ask(add_of(1))
    assert node.ask(remove_of(1, revision=2))["result"] == "changed"
    assert node.ask(remove_of(1, revision=2))["result"] == "unchanged"
    assert node.ask(add_of(1))["error"] == "stale"
    assert node.kernel() == node.saved() == {}


def test_the_address_of_another_is_refused_before_the_interface_hears_of_it(node: Node) -> None:
    node.ask(add_of(1))
    thief = node.ask(add_of(2, ipv4="10.66.0.3"))
    assert (thief["ok"], thief["error"]) == (False, "refused")
    assert node.kernel() == node.saved() == {key_number(1): "10.66.0.3/32,fd66::3/128"}


def test_a_sync_keeps_the_interfaces_own_key_and_port(node: Node) -> None:
    before = node.dump()[0]
    node.ask(add_of(1))
    assert node.ask(sync_of(add_of(2), add_of(3), as_of=1))["ok"]
    assert node.dump()[0] == before
    assert node.kernel() == node.saved()
    assert set(node.kernel()) == {key_number(2), key_number(3)}


def test_a_stale_sync_is_refused_and_changes_nothing(node: Node) -> None:
    node.ask(sync_of(add_of(1), generation=5))
    assert node.ask(sync_of(add_of(2), generation=4, as_of=1))["error"] == "stale"
    assert set(node.kernel()) == {key_number(1)}


def test_a_sparing_sync_leaves_a_peer_that_was_set_by_hand_until_told(node: Node) -> None:
    node.add_by_hand(key_number(9), "10.99.0.9/32")
    assert node.ask(sync_of(add_of(1), strangers="keep"))["ok"]
    assert set(node.kernel()) == {key_number(1), key_number(9)}
    assert set(node.saved()) == {key_number(1)}
    assert node.ask(sync_of(add_of(1), strangers="remove"))["ok"]
    assert set(node.kernel()) == {key_number(1)}


def test_a_customers_address_that_was_taken_by_hand_comes_back(node: Node) -> None:
    node.ask(add_of(1))
    node.add_by_hand(key_number(9), "10.66.0.3/32")
    assert node.kernel()[key_number(1)] == "fd66::3/128"
    node.ask(sync_of(add_of(1), as_of=1, strangers="keep"))
    assert node.kernel()[key_number(1)] == node.saved()[key_number(1)]
    assert node.kernel()[key_number(9)] == "(none)"


def test_a_removed_peer_that_was_put_back_by_hand_is_no_stranger(node: Node) -> None:
    node.ask(remove_of(9, revision=2))
    node.add_by_hand(key_number(9), "10.66.0.9/32")
    node.ask(sync_of(add_of(1), as_of=1, strangers="keep"))
    assert set(node.kernel()) == {key_number(1)}


def test_a_server_put_back_to_an_old_state_is_whole_after_one_sync(node: Node) -> None:
    for number in (1, 2):
        node.ask(add_of(number))
    old = (node.state_dir / f"{node.tunnel.interface}.json").read_bytes()
    node.ask(remove_of(1, revision=2))
    node.ask(add_of(3, ipv4="10.66.0.3", ipv6="fd66::3"))
    (node.state_dir / f"{node.tunnel.interface}.json").write_bytes(old)
    node.ask({"op": "apply"})
    now = sync_of(
        add_of(2),
        add_of(3, ipv4="10.66.0.3", ipv6="fd66::3"),
        as_of=2,
        departed=[remove_of(1, revision=2)],
        strangers="keep",
    )
    assert node.ask(now)["result"] == "changed"
    assert node.kernel() == node.saved()
    assert set(node.kernel()) == {key_number(2), key_number(3)}
    assert node.ask(add_of(1))["error"] == "stale"


def test_two_syncs_at_once_leave_the_newer_ones_set(node: Node) -> None:
    wanted = [sync_of(add_of(n), generation=n, strangers="remove", as_of=0) for n in range(1, 5)]
    with ThreadPoolExecutor(4) as workers:
        replies = list(workers.map(node.ask, wanted))
    assert {reply.get("error", "stale") for reply in replies} == {"stale"}
    assert replies[-1]["ok"]
    assert node.ask({"op": "info"})["generation"] == 4
    assert node.kernel() == node.saved()


@pytest.mark.parametrize("node", ["stand-in"], indirect=True)
@pytest.mark.parametrize("torn", ["", "{", '{"generation": 1}', '{"peers": 7}', "[]"])
def test_a_state_file_that_is_none_is_told_and_left_for_a_person(node: Node, torn: str) -> None:
    node.ask(add_of(1))
    file = node.state_dir / f"{node.tunnel.interface}.json"
    file.write_text(torn)
    for request in (add_of(2), remove_of(1, revision=2), sync_of(add_of(3)), {"op": "apply"}):
        assert node.ask(request)["error"] == "failed"
    assert file.read_text() == torn
    assert set(node.kernel()) == {key_number(1)}


def test_a_crash_after_the_file_is_mended_by_the_retry(node: Node, tmp_path: Path) -> None:
    assert node.ask(add_of(1), wg=killer(tmp_path, node.tunnel.wg)) is None
    assert node.kernel() == {}
    assert node.ask(add_of(1)) == {"ok": True, "result": "unchanged"}
    assert node.kernel() == node.saved() == {key_number(1): "10.66.0.3/32,fd66::3/128"}


def test_a_crash_after_the_file_is_mended_by_apply(node: Node, tmp_path: Path) -> None:
    node.ask(add_of(1))
    assert node.ask(remove_of(1, revision=2), wg=killer(tmp_path, node.tunnel.wg)) is None
    assert node.ask({"op": "apply"}) == {"ok": True, "peer_count": 0}
    assert node.kernel() == node.saved() == {}


@pytest.mark.parametrize("step", ["os.fsync", "os.replace"])
def test_a_crash_before_the_file_is_in_place_leaves_the_old_one(node: Node, step: str) -> None:
    node.ask(add_of(1))
    program, whole = node.command[-1], node.command
    dying = f"import os, runpy, sys; {step} = lambda *_: os.kill(os.getpid(), 9);"
    node.command = [*whole[:-1], "-c", f"{dying} runpy.run_path({program!r}, run_name='__main__')"]
    assert node.ask(add_of(2)) is None
    node.command = whole
    assert set(node.saved()) == set(node.kernel()) == {key_number(1)}
    assert node.ask(add_of(2))["result"] == "changed"
    assert node.kernel() == node.saved()


def test_a_wg_that_fails_is_said_and_repeating_helps(node: Node) -> None:
    assert node.ask(add_of(1), wg="/bin/false")["error"] == "failed"
    assert node.ask(add_of(1), wg="/nowhere/wg")["error"] == "failed"
    assert node.ask(add_of(1))["ok"]
    assert node.kernel() == node.saved()


def test_torn_json_is_answered_and_changes_nothing(node: Node) -> None:
    whole = json.dumps(add_of(1)).encode()
    replies = [node.ask_raw(whole[:length]) for length in (0, 1, len(whole) // 2, len(whole) - 1)]
    assert {reply["error"] for reply in replies} == {"malformed"}
    assert node.kernel() == {}


def test_too_long_a_request_is_answered(node: Node) -> None:
    assert node.ask_raw(b" " * (8 * 1024 * 1024 + 1))["error"] == "malformed"


def test_a_second_request_that_waits_too_long_is_told_busy(node: Node) -> None:
    node.ask(add_of(1))
    with (node.state_dir / f"{node.tunnel.interface}.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert node.ask(add_of(2), patience=0.1)["error"] == "busy"
    assert node.ask(add_of(2))["ok"]


def test_eight_workers_at_once_leave_file_and_interface_equal(node: Node) -> None:
    with ThreadPoolExecutor(8) as workers:
        replies = list(workers.map(node.ask, [add_of(number) for number in range(1, 25)]))
    assert all(reply["result"] == "changed" for reply in replies)
    assert node.kernel() == node.saved()
    assert len(node.kernel()) == 24


def test_the_same_peer_from_eight_workers_is_one_change(node: Node) -> None:
    with ThreadPoolExecutor(8) as workers:
        replies = list(workers.map(node.ask, [add_of(1)] * 8))
    assert sorted(reply["result"] for reply in replies) == ["changed"] + ["unchanged"] * 7


def test_one_address_wanted_by_eight_is_given_to_one(node: Node) -> None:
    wanted = [add_of(number, ipv4="10.66.0.3", ipv6="fd66::3") for number in range(1, 9)]
    with ThreadPoolExecutor(8) as workers:
        replies = list(workers.map(node.ask, wanted))
    assert sum(reply["ok"] for reply in replies) == 1
    assert node.kernel() == node.saved()
    assert len(node.kernel()) == 1


def test_no_answer_holds_a_secret(node: Node) -> None:
    node.ask(add_of(1))
    private_key = node.dump()[0][0]
    answers = json.dumps([node.ask({"op": op}) for op in ("list", "stats", "info")])
    assert key_number(1) in answers
    assert key_number(10_001) not in answers
    assert private_key not in answers


def test_the_file_is_for_its_owner_only(node: Node) -> None:
    node.ask(add_of(1))
    modes = {path.name: path.stat().st_mode & 0o777 for path in node.state_dir.iterdir()}
    assert set(modes.values()) == {0o600}
    assert node.state_dir.stat().st_mode & 0o777 == 0o700


def test_info_tells_the_serial_that_a_sync_needs(node: Node) -> None:
    node.ask(sync_of(add_of(1), generation=7))
    info = node.ask({"op": "info"})
    assert (info["generation"], info["serial"], info["peer_count"]) == (7, 1, 1)
    assert info["public_key"] == node.tunnel.public_key
    assert info["listen_port"] == node.tunnel.listen_port


def test_list_tells_addresses_and_revisions(node: Node) -> None:
    node.ask(add_of(1, revision=4))
    [listed] = node.ask({"op": "list"})["peers"]
    assert (listed["ipv4"], listed["ipv6"], listed["revision"]) == ("10.66.0.3", "fd66::3", 4)


AMNEZIA = {
    "Jc": "4",
    "Jmin": "40",
    "Jmax": "70",
    "S1": "20",
    "S2": "33",
    "H1": "1001",
    "H2": "1002",
}


def disguise(node: Node) -> None:
    """Make the interface one of AmneziaWG's, as awg-quick does from its file."""
    words = [word for name, value in AMNEZIA.items() for word in (name.lower(), value)]
    subprocess.run([node.tunnel.wg, "set", node.tunnel.interface, *words], check=True, timeout=10)


@pytest.mark.parametrize("node", ["stand-in"], indirect=True)
def test_a_sync_leaves_amneziawgs_disguise_as_it_is(node: Node) -> None:
    disguise(node)
    before = node.dump()[0]
    node.ask(sync_of(add_of(1)))
    node.ask({"op": "apply"})
    assert node.dump()[0] == before
    assert node.kernel() == node.saved()


@pytest.mark.parametrize("node", ["stand-in"], indirect=True)
def test_info_and_stats_read_amneziawgs_longer_dump(node: Node) -> None:
    disguise(node)
    node.ask(add_of(1))
    info = node.ask({"op": "info"})
    assert (info["listen_port"], info["peer_count"]) == (node.tunnel.listen_port, 1)
    assert info["obfuscation"] == AMNEZIA
    [counters] = node.ask({"op": "stats"})["peers"]
    assert counters["public_key"] == key_number(1)


def test_a_plain_interface_has_no_disguise(node: Node) -> None:
    assert node.ask({"op": "info"})["obfuscation"] == {}


def test_a_mark_on_the_interfaces_packets_outlives_a_sync(node: Node) -> None:
    subprocess.run(
        [node.tunnel.wg, "set", node.tunnel.interface, "fwmark", "0x2a"], check=True, timeout=10
    )
    node.ask(sync_of(add_of(1)))
    assert node.dump()[0][3] == "0x2a"
