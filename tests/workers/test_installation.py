import json

import pytest
from typer.testing import CliRunner

from domain.errors import SettingsError
from workers.cli import app
from workers.installation import register_vpn_server

SERVER = {
    "server_id": 0,
    "slug": "nl1",
    "location": "nl",
    "state": "selling",
    "endpoint_host": "203.0.113.7",
    "endpoint_port": 70000,
    "public_key": "A" * 43 + "=",
    "interface": "wg0",
    "dns": ["1.1.1.1"],
    "ssh_host": "203.0.113.7",
    "ssh_user": "wgshop",
}


async def test_a_wrong_description_of_a_server_is_refused_with_a_line_for_each_field() -> None:
    description = {"server": SERVER, "network_v4": "10.0.0.0/24", "network_v6": "fd00::/64"}
    with pytest.raises(SettingsError) as refusal:
        await register_vpn_server(json.dumps(description))
    assert str(refusal.value).splitlines() == [
        "The server's description is wrong:",
        "- server.endpoint_port: Input should be less than 65536",
        "- server.ssh_host_key: missing",
        "- capacity: missing",
    ]


async def test_a_description_that_is_no_json_is_refused_in_one_line() -> None:
    with pytest.raises(SettingsError, match=r"^The server.*wrong:\n- the whole: Invalid JSON.*$"):
        await register_vpn_server("{")


def test_a_key_id_that_no_ring_could_hold_is_refused_in_words() -> None:
    result = CliRunner().invoke(app, ["new-key", "a b"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "a key id is 1 to 64 of" in result.stderr


def test_a_new_key_is_an_entry_of_the_ring() -> None:
    result = CliRunner().invoke(app, ["new-key", "2026a"])
    assert (result.exit_code, result.stdout[:6]) == (0, "2026a:")
