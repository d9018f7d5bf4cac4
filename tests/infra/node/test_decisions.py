"""Which of two decisions about a peer holds: revisions, tombstones, generations."""

from dataclasses import replace

import pytest

from infra.node.wgshop_peer import (
    MAX_TOMBSTONES,
    TOMBSTONE_SECONDS,
    Peer,
    Refusal,
    Remove,
    State,
    Sync,
    add,
    remove,
    sync,
)

NOW = 1_700_000_000


def peer(number: int, revision: int = 1, address: int | None = None) -> Peer:
    last = number if address is None else address
    return Peer(f"key {number}", f"secret {number}", f"10.66.0.{last}", f"fd66::{last}", revision)


def state_with(*peers: Peer) -> State:
    state = State()
    for one in peers:
        add(state, one)
    return state


def synced(state: State, *peers: Peer, generation: int = 1, as_of: int | None = None) -> bool:
    serial = state.serial if as_of is None else as_of
    return sync(state, Sync(generation, serial, {one.public_key: one for one in peers}), NOW)


def sparing(state: State, *peers: Peer, departed: tuple[Remove, ...] = ()) -> bool:
    """A sync that leaves strangers where they are."""
    wanted = {one.public_key: one for one in peers}
    return sync(state, Sync(1, state.serial, wanted, departed, keeps_strangers=True), NOW)


def test_a_repeated_add_changes_nothing() -> None:
    state = state_with(peer(1))
    assert not add(state, peer(1))


def test_an_older_add_is_stale() -> None:
    state = state_with(peer(1, revision=3))
    with pytest.raises(Refusal) as caught:
        add(state, peer(1, revision=2))
    assert caught.value.error == "stale"


def test_a_newer_add_may_bring_other_addresses() -> None:
    state = state_with(peer(1))
    assert add(state, peer(1, revision=2, address=9))
    assert state.peers["key 1"].ipv4 == "10.66.0.9"


def test_the_same_revision_cannot_mean_two_things() -> None:
    with pytest.raises(Refusal) as caught:
        add(state_with(peer(1)), peer(1, address=9))
    assert caught.value.error == "refused"


def test_the_same_revision_may_bring_a_speed_that_was_not_told_before() -> None:
    state = state_with(peer(1))
    assert add(state, replace(peer(1), speed_mbit=5))
    assert state.peers["key 1"].speed_mbit == 5
    assert state.has_limits
    assert synced(state, replace(peer(1), speed_mbit=6))
    assert state.peers["key 1"].speed_mbit == 6


def test_limits_are_remembered_when_the_last_has_gone() -> None:
    state = state_with(replace(peer(1), speed_mbit=5))
    remove(state, "key 1", 2, NOW)
    assert state.has_limits


@pytest.mark.parametrize("late_revision", [1, 2])
def test_a_late_add_does_not_bring_a_removed_peer_back(late_revision: int) -> None:
    state = state_with(peer(1))
    remove(state, "key 1", 2, NOW)
    with pytest.raises(Refusal) as caught:
        add(state, peer(1, revision=late_revision))
    assert caught.value.error == "stale"
    assert not state.peers


def test_a_renewed_customer_comes_back_with_a_newer_revision() -> None:
    state = state_with(peer(1))
    remove(state, "key 1", 2, NOW)
    assert add(state, peer(1, revision=3))
    assert not state.tombstones


def test_a_removal_may_overtake_its_add() -> None:
    state = State()
    assert remove(state, "key 1", 2, NOW)
    with pytest.raises(Refusal):
        add(state, peer(1))


def test_an_older_removal_is_stale() -> None:
    state = state_with(peer(1, revision=3))
    with pytest.raises(Refusal) as caught:
        remove(state, "key 1", 2, NOW)
    assert caught.value.error == "stale"


def test_a_repeated_removal_changes_nothing() -> None:
    state = state_with(peer(1))
    remove(state, "key 1", 2, NOW)
    assert not remove(state, "key 1", 2, NOW)


def test_an_address_has_one_owner() -> None:
    with pytest.raises(Refusal) as caught:
        add(state_with(peer(1)), peer(2, address=1))
    assert caught.value.error == "refused"


def test_a_freed_address_may_be_given_away() -> None:
    state = state_with(peer(1))
    remove(state, "key 1", 2, NOW)
    assert add(state, peer(2, address=1))


def test_tombstones_are_forgotten_one_day() -> None:
    state = State()
    remove(state, "old", 1, NOW)
    remove(state, "young", 1, NOW + TOMBSTONE_SECONDS)
    assert set(state.tombstones) == {"young"}


def test_tombstones_never_grow_past_their_limit() -> None:
    state = State()
    remove(state, "first", 1, NOW)
    last = state.tombstones["first"]
    state.tombstones |= dict.fromkeys(map(str, range(MAX_TOMBSTONES)), last)
    remove(state, "last", 1, NOW)
    assert len(state.tombstones) == MAX_TOMBSTONES
    assert "last" in state.tombstones


def test_a_sync_makes_the_set_the_ledgers() -> None:
    state = state_with(peer(1), peer(2))
    assert synced(state, peer(2), peer(3))
    assert set(state.peers) == {"key 2", "key 3"}


def test_a_repeated_sync_changes_nothing() -> None:
    state = State()
    synced(state, peer(1))
    assert not synced(state, peer(1))


def test_a_sync_of_an_older_generation_is_stale() -> None:
    state = state_with(peer(1))
    synced(state, peer(1), generation=8)
    with pytest.raises(Refusal) as caught:
        synced(state, generation=7)
    assert caught.value.error == "stale"


def test_a_sync_cannot_remove_a_peer_that_came_after_the_ledger_was_read() -> None:
    state = state_with(peer(1))
    read_at = state.serial
    add(state, peer(2))
    synced(state, as_of=read_at)
    assert set(state.peers) == {"key 2"}


def test_a_sync_cannot_bring_back_a_peer_that_left_after_the_ledger_was_read() -> None:
    state = state_with(peer(1))
    read_at = state.serial
    remove(state, "key 1", 1, NOW)
    synced(state, peer(1), as_of=read_at)
    assert not state.peers


def test_a_sync_cannot_undo_a_newer_revision() -> None:
    state = state_with(peer(1, revision=5, address=9))
    synced(state, peer(1, revision=4))
    assert state.peers["key 1"].ipv4 == "10.66.0.9"


def test_a_sync_corrects_a_peer_that_differs() -> None:
    state = state_with(peer(1, address=9))
    assert synced(state, peer(1))
    assert state.peers["key 1"].ipv4 == "10.66.0.1"


def test_what_one_sync_left_out_the_next_may_bring_back() -> None:
    state = state_with(peer(1))
    synced(state, generation=1)
    assert synced(state, peer(1), generation=2)


def test_what_a_sync_left_out_a_late_add_may_not_bring_back() -> None:
    state = state_with(peer(1))
    synced(state)
    with pytest.raises(Refusal):
        add(state, peer(1))


def test_a_sync_that_gives_one_address_twice_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        synced(State(), peer(1), peer(2, address=1))
    assert caught.value.error == "refused"


def test_a_sync_from_before_the_server_was_restored_is_refused() -> None:
    with pytest.raises(Refusal, match="ask `info` again"):
        synced(State(), peer(1), as_of=1)


def test_a_stranger_may_be_spared() -> None:
    state = state_with(peer(1), peer(2))
    assert sparing(state, peer(2), peer(3))
    assert set(state.peers) == {"key 1", "key 2", "key 3"}


def test_a_peer_that_departed_is_no_stranger() -> None:
    state = state_with(peer(1), peer(2))
    sparing(state, peer(2), departed=(Remove("key 1", 2),))
    assert set(state.peers) == {"key 2"}
    with pytest.raises(Refusal):
        add(state, peer(1))


def test_a_departure_that_a_newer_decision_overtook_is_void() -> None:
    state = state_with(peer(1, revision=5))
    sparing(state, departed=(Remove("key 1", 4),))
    assert set(state.peers) == {"key 1"}


def test_a_departed_peer_may_leave_its_address_to_another_in_one_sync() -> None:
    state = state_with(peer(1))
    sparing(state, peer(2, address=1), departed=(Remove("key 1", 2),))
    assert set(state.peers) == {"key 2"}


def test_a_spared_stranger_keeps_its_address_and_the_others_are_served() -> None:
    state = state_with(peer(1))
    sparing(state, peer(2, address=1), peer(3))
    assert set(state.peers) == {"key 1", "key 3"}


def test_a_repeated_sparing_sync_changes_nothing() -> None:
    state = state_with(peer(1), peer(2))
    sparing(state, peer(3), departed=(Remove("key 1", 2),))
    assert not sparing(state, peer(3), departed=(Remove("key 1", 2),))
