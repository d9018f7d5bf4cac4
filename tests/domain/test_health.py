"""What several looks at a server add up to, and what one look means."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

import pytest

from domain.canaries import CanaryReport, Handshake
from domain.health import (
    BAD_LOOKS_TO_FALL,
    GOOD_LOOKS_TO_RISE,
    Census,
    Health,
    HealthRecord,
    Look,
    Symptom,
    look_of,
)
from domain.ids import ServerId
from domain.servers import Server, ServerInfo, ServerState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, OTHER_KEY = "A" * 43 + "=", "B" * 43 + "="
GOOD, GONE = Look(), Look(symptom=Symptom.GONE, detail="no route to host")
UNREACHED = Look(symptom=Symptom.UNREACHED)
ALONE = Census(least=0, most=1, has_guests=False)
BUSY = Census(least=5, most=7, has_guests=True)
NL1 = Server(
    server_id=ServerId(1),
    slug="nl1",
    location="nl",
    state=ServerState.SELLING,
    endpoint_host="nl1.example.com",
    endpoint_port=51820,
    public_key=KEY,
    interface="wg0",
    dns=(IPv4Address("10.66.0.1"),),
    ssh_host="198.51.100.1",
    ssh_user="wgshop",
    ssh_host_key="ssh-ed25519 AAAA",
)


def after(*looks: Look) -> HealthRecord:
    record = HealthRecord(server_id=ServerId(1), slug="nl1", since=NOW)
    for number, look in enumerate(looks):
        record = record.after(look, NOW + timedelta(minutes=number))
    return record


def seen(
    *, peers: int = 0, key: str = KEY, port: int = 51820, report: CanaryReport, census: Census
) -> Look:
    info = ServerInfo(
        version="1.2.0", interface="wg0", public_key=key, listen_port=port, peer_count=peers
    )
    return look_of(NL1, info, "", report, census)


def canary(handshake: Handshake, *, passes: bool | None = None) -> CanaryReport:
    return CanaryReport(handshake=handshake, passes=passes, detail="UDP nl1.example.com:51820")


def test_one_bad_look_makes_a_server_suspect_and_calls_nobody() -> None:
    record = after(GOOD, GONE)
    assert (record.health, record.symptom, record.news) == (Health.SUSPECT, Symptom.GONE, None)


def test_bad_looks_in_a_row_make_it_down_and_that_is_news() -> None:
    record = after(*[GONE] * BAD_LOOKS_TO_FALL)
    assert (record.health, record.news) == (Health.DOWN, Health.DOWN)
    assert record.since == NOW + timedelta(minutes=BAD_LOOKS_TO_FALL - 1)


def test_news_that_the_staff_know_are_none() -> None:
    known = after(*[GONE] * BAD_LOOKS_TO_FALL).model_copy(update={"told": Health.DOWN})
    assert known.after(GONE, NOW).news is None


def test_a_good_look_in_between_begins_the_count_anew() -> None:
    assert after(GONE, GONE, GOOD, GONE, GONE).health is Health.SUSPECT


def test_a_server_that_comes_and_goes_is_not_sold_in_between() -> None:
    fallen = [GONE] * BAD_LOOKS_TO_FALL
    assert after(*fallen, *[GOOD] * (GOOD_LOOKS_TO_RISE - 1)).health is Health.DOWN
    assert after(*fallen, GOOD, GOOD, GONE, GOOD, GOOD).health is Health.DOWN
    risen = after(*fallen, *[GOOD] * GOOD_LOOKS_TO_RISE)
    assert (risen.health, risen.symptom, risen.detail) == (Health.HEALTHY, None, "")


def test_a_return_is_news_only_to_whoever_knows_of_the_fall() -> None:
    fallen = after(*[GONE] * BAD_LOOKS_TO_FALL)
    told = fallen.model_copy(update={"told": Health.DOWN})
    for record, news in ((fallen, None), (told, Health.HEALTHY)):
        back = record
        for _ in range(GOOD_LOOKS_TO_RISE):
            back = back.after(GOOD, NOW)
        assert back.news is news


def test_what_harms_no_customer_never_takes_a_server_down_and_is_told_all_the_same() -> None:
    record = after(*[UNREACHED] * 9)
    assert (record.health, record.news) == (Health.SUSPECT, Health.SUSPECT)


def test_a_server_that_only_the_shop_does_not_reach_any_more_is_down_no_longer() -> None:
    fallen = [GONE] * BAD_LOOKS_TO_FALL
    assert after(*fallen, *[UNREACHED] * (GOOD_LOOKS_TO_RISE - 1)).health is Health.DOWN
    assert after(*fallen, *[UNREACHED] * GOOD_LOOKS_TO_RISE).health is Health.SUSPECT


def test_one_look_that_harms_takes_no_server_down_after_many_that_do_not() -> None:
    assert after(*[UNREACHED] * 9, GONE).health is Health.SUSPECT
    assert after(*[UNREACHED] * 9, *[GONE] * BAD_LOOKS_TO_FALL).health is Health.DOWN


def test_a_server_that_answers_and_whose_canary_passes_is_well() -> None:
    report = canary(Handshake.ANSWERED, passes=True)
    assert seen(peers=6, report=report, census=BUSY) == Look()


def test_a_server_under_load_is_no_sick_server() -> None:
    assert seen(peers=6, report=canary(Handshake.LOADED), census=BUSY).is_good


@pytest.mark.parametrize("handshake", [Handshake.SILENT, Handshake.UNREACHABLE])
def test_ssh_without_any_handshake_is_a_blocked_network(handshake: Handshake) -> None:
    look = seen(report=canary(handshake), census=ALONE)
    assert (look.symptom, look.detail) == (Symptom.BLOCKED, "UDP nl1.example.com:51820")


def test_where_customers_shake_hands_only_the_shops_own_way_is_blocked() -> None:
    look = seen(peers=6, report=canary(Handshake.SILENT), census=BUSY)
    assert look.symptom is Symptom.UNREACHED


def test_a_tunnel_through_which_nothing_passes_is_told_apart() -> None:
    report = canary(Handshake.ANSWERED, passes=False)
    assert seen(peers=6, report=report, census=BUSY).symptom is Symptom.NOTHING_PASSES


@pytest.mark.parametrize("changes", [{"key": OTHER_KEY}, {"port": 51821}])
def test_an_interface_that_customers_files_do_not_fit_is_told_before_the_handshake(
    changes: dict[str, Any],
) -> None:
    look = seen(peers=6, report=canary(Handshake.SILENT), census=BUSY, **changes)
    assert look.symptom is Symptom.INTERFACE


@pytest.mark.parametrize(("peers", "has_drifted"), [(4, True), (5, False), (7, False), (8, True)])
def test_another_number_of_peers_than_the_ledger_expects_has_to_be_mended(
    peers: int, has_drifted: bool
) -> None:
    look = seen(peers=peers, report=canary(Handshake.ANSWERED), census=BUSY)
    assert (look.is_good, look.has_drifted) == (True, has_drifted)


@pytest.mark.parametrize(
    ("report", "symptom"),
    [
        (canary(Handshake.SILENT), Symptom.GONE),
        (canary(Handshake.ANSWERED, passes=True), Symptom.NO_PROGRAM),
        (None, Symptom.GONE),
    ],
)
def test_a_program_that_is_silent_is_told_from_a_machine_that_is_gone(
    report: CanaryReport | None, symptom: Symptom
) -> None:
    assert look_of(NL1, Symptom.GONE, "timed out", report, ALONE).symptom is symptom


def test_a_server_that_refuses_the_shop_does_so_however_its_canary_fares() -> None:
    report = canary(Handshake.ANSWERED, passes=True)
    look = look_of(NL1, Symptom.REFUSES, "another host key", report, ALONE)
    assert (look.symptom, look.detail) == (Symptom.REFUSES, "another host key")
