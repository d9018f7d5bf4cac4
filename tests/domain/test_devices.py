"""Names of devices, and whether one is connected."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.devices import NAME_LENGTH, clean_name, unused_name
from domain.traffic import Traffic

NOW = datetime(2027, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Phone", "Phone"),
        ("  Мамин\n телефон\t", "Мамин телефон"),
        ("a\N{ZERO WIDTH SPACE}b\N{RIGHT-TO-LEFT OVERRIDE}", "ab"),
        ("Cafe\N{COMBINING ACUTE ACCENT}", "Café"),
        ("\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}", "👩‍💻"),
        ("<b>Phone</b>", "<b>Phone</b>"),
        ("x" * NAME_LENGTH, "x" * NAME_LENGTH),
    ],
)
def test_a_name_is_one_line_of_what_can_be_seen(written: str, kept: str) -> None:
    assert clean_name(written) == kept


@pytest.mark.parametrize("written", ["", " \n ", "\N{ZERO WIDTH SPACE}", "x" * (NAME_LENGTH + 1)])
def test_what_is_empty_or_too_long_is_no_name(written: str) -> None:
    assert clean_name(written) is None


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert unused_name("Phone", []) == "Phone"
    assert unused_name("Phone", ["Phone", "Phone 3"]) == "Phone 2"


@pytest.mark.parametrize(("minutes", "online"), [(0, True), (3, True), (4, False), (600, False)])
def test_a_device_is_online_while_its_session_lives(minutes: int, online: bool) -> None:
    heard = Traffic(latest_handshake=NOW - timedelta(minutes=minutes))
    assert heard.is_online(NOW) is online


def test_a_device_that_never_connected_is_not_online() -> None:
    assert not Traffic().is_online(NOW)
