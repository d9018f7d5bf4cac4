"""Whatever is asked in whatever order, with crashes between: an address has one owner."""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from infra.node import wgshop_peer
from infra.node.wgshop_peer import (
    Guest,
    Peer,
    Program,
    Refusal,
    State,
    Tombstone,
    parse_request,
)
from tests.infra.node.conftest import add_of, remove_of, sync_of

NUMBERS = st.integers(1, 4)
REVISIONS = st.integers(1, 6)
LAST_BYTES = st.integers(2, 5)
SPEEDS = st.sampled_from([None, 5, 50])
"""Few of each, so that they meet."""


class Crash(Exception):
    """The machine stops here."""


class Kernel:
    """An interface in memory: the last who claims an address has it."""

    def __init__(self, *_: object) -> None:
        self.peers: dict[str, set[str]] = {}
        self.crashes = False

    def hold(self, peer: Peer, _lock: int) -> None:
        self._may_crash()
        claimed = set(peer.allowed_ips.split(","))
        for addresses in self.peers.values():
            addresses.difference_update(claimed)
        self.peers[peer.public_key] = claimed

    def drop(self, public_key: str, _lock: int) -> None:
        self._may_crash()
        self.peers.pop(public_key, None)

    def guests(self, _state: State) -> list[Guest]:
        return []

    def become(self, peers: list[Peer], _lock: int, _guests: object = ()) -> None:
        self._may_crash()
        self.peers = {peer.public_key: set(peer.allowed_ips.split(",")) for peer in peers}

    def _may_crash(self) -> None:
        if self.crashes:
            raise Crash


class Table:
    """Limits in memory, by address; they are lost with a reboot or a firewall that starts anew."""

    def __init__(self) -> None:
        self.speeds: dict[str, int] = {}
        self.crashes = False

    def amend(self, peer: Peer, speed: int | None, peers: Sequence[Peer], _lock: int) -> None:
        self._may_crash()
        if not self.speeds:
            self.become(peers, _lock)
            return
        for address in peer.addresses:
            self.speeds.pop(address, None)
        self._hold(peer, speed)

    def become(self, peers: Sequence[Peer], _lock: int) -> None:
        self._may_crash()
        self.speeds = {}
        for peer in peers:
            self._hold(peer, peer.speed_mbit)

    def _hold(self, peer: Peer, speed: int | None) -> None:
        if speed is not None:
            self.speeds.update(dict.fromkeys(peer.addresses, speed))

    def _may_crash(self) -> None:
        if self.crashes:
            raise Crash


class AnyHistory(RuleBasedStateMachine):
    """The ledger's requests, as they arrive: repeated, late, out of order, or cut off."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.kernel = Kernel()
        self.table = Table()
        self.program = Program("wg0", "wg", "nft", Path(self.folder.name), patience=1)
        self.program._interface, self.program._limits = self.kernel, self.table
        self.newest: dict[str, int] = {}
        self.is_torn = False

    def ask(self, request: dict[str, Any]) -> bool:
        """Whether it was carried out."""
        try:
            self.program.answer(parse_request(json.dumps(request).encode()))
        except Crash:
            self.is_torn = True
            return False
        except Refusal as refusal:
            assert refusal.error in {"refused", "stale"}
            return False
        return True

    @property
    def saved(self) -> dict[str, Peer]:
        return self.program._file.load().peers

    @rule(number=NUMBERS, revision=REVISIONS, last=LAST_BYTES, speed=SPEEDS)
    def add(self, number: int, revision: int, last: int, speed: int | None) -> None:
        addresses = {"ipv4": f"10.66.0.{last}", "ipv6": f"fd66::{last}"}
        wanted = add_of(number, revision=revision, **addresses, speed_mbit=speed)
        self._change(wanted["public_key"], revision, wanted)

    @rule(number=NUMBERS, revision=REVISIONS)
    def remove(self, number: int, revision: int) -> None:
        wanted = remove_of(number, revision)
        if self._change(wanted["public_key"], revision, wanted):
            assert wanted["public_key"] not in self.saved

    @rule(
        numbers=st.sets(NUMBERS),
        gone=st.sets(NUMBERS),
        generation=st.integers(1, 4),
        behind=st.integers(0, 3),
        strangers=st.sampled_from(["keep", "remove"]),
        speed=SPEEDS,
    )
    def sync(
        self,
        numbers: set[int],
        gone: set[int],
        generation: int,
        behind: int,
        strangers: str,
        speed: int | None,
    ) -> None:
        state = self.program._file.load()
        adds = [add_of(number, revision=3, speed_mbit=speed) for number in numbers - gone]
        departed = [remove_of(number, revision=3) for number in gone]
        as_of = max(state.serial - behind, 0)
        how = {"departed": departed, "strangers": strangers}
        if self.ask(sync_of(*adds, generation=generation, as_of=as_of, **how)):
            for one in departed:
                survivor = self.saved.get(one["public_key"])
                assert survivor is None or survivor.revision > 3, "a departed peer stayed"
            assert generation >= state.generation
            self.is_torn = False

    @rule()
    def reboot(self) -> None:
        self.kernel.peers.clear()
        self.table.speeds.clear()
        self.ask({"op": "apply"})
        self.is_torn = False

    @rule(number=NUMBERS, revision=REVISIONS, speed=SPEEDS)
    def crash_between_file_and_kernel(self, number: int, revision: int, speed: int | None) -> None:
        self.kernel.crashes = True
        self.ask(add_of(number, revision=revision, speed_mbit=speed))
        self.kernel.crashes = False

    @rule(number=NUMBERS, revision=REVISIONS, speed=SPEEDS)
    def crash_between_interface_and_limits(
        self, number: int, revision: int, speed: int | None
    ) -> None:
        self.table.crashes = True
        self.ask(add_of(number, revision=revision, speed_mbit=speed))
        self.table.crashes = False

    def _change(self, public_key: str, revision: int, request: dict[str, Any]) -> bool:
        known = self.program._file.load().known(public_key)
        is_done = self.ask(request)
        if is_done and known is not None:
            assert known.revision <= revision, "an older decision was carried out"
        if is_done and isinstance(known, Tombstone) and request["op"] == "add":
            assert known.revision < revision, "a late add brought a removed peer back"
        return is_done

    @invariant()
    def each_address_has_one_owner(self) -> None:
        claimed = [address for peer in self.saved.values() for address in (peer.ipv4, peer.ipv6)]
        assert len(claimed) == len(set(claimed))

    @invariant()
    def the_kernel_follows_the_file(self) -> None:
        if not self.is_torn:
            saved = {key: set(peer.allowed_ips.split(",")) for key, peer in self.saved.items()}
            assert self.kernel.peers == saved

    @invariant()
    def each_is_held_to_its_speed(self) -> None:
        if not self.is_torn:
            assert self.table.speeds == {
                address: peer.speed_mbit
                for peer in self.saved.values()
                if peer.speed_mbit is not None
                for address in peer.addresses
            }

    def teardown(self) -> None:
        self.reboot()
        self.the_kernel_follows_the_file()
        self.each_is_held_to_its_speed()
        self.folder.cleanup()


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """The directory, which stays empty, and an alarm clock that does not ring in our process."""
    with mock.patch.object(wgshop_peer.signal, "alarm"):
        yield tmp_path / "state"


@given(raw=st.binary(max_size=200) | st.text().map(str.encode))
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_anything_on_stdin_is_answered_by_one_line_and_changes_nothing(
    state_dir: Path, raw: bytes
) -> None:
    said = io.StringIO()
    stdin = mock.Mock(buffer=io.BytesIO(raw))
    with mock.patch.object(sys, "stdin", stdin), mock.patch.object(sys, "stdout", said):
        code = wgshop_peer.main(["wg0", "--wg", "/bin/false", "--state-dir", str(state_dir)])
    (line,) = said.getvalue().splitlines()
    assert json.loads(line)["error"] == "malformed"
    assert code == 1
    assert not state_dir.exists()
