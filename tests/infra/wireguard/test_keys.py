"""Device keys are what WireGuard's own tool would have made."""

import base64
import shutil
import subprocess

import pytest

from infra.wireguard_keys import new_device_keys


@pytest.mark.skipif(shutil.which("wg") is None, reason="needs Debian's wireguard-tools")
def test_the_public_key_is_the_one_that_wg_derives() -> None:
    for _ in range(10):
        keys = new_device_keys()
        derived = subprocess.run(
            ["wg", "pubkey"],
            input=keys.private_key.get_secret_value(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert derived.stdout.strip() == keys.public_key


def test_every_device_has_keys_and_a_secret_of_its_own() -> None:
    one, other = new_device_keys(), new_device_keys()
    assert one.private_key != other.private_key
    assert one.preshared_key != other.preshared_key
    assert len(base64.b64decode(one.preshared_key.get_secret_value())) == 32


def test_keys_do_not_show_when_printed() -> None:
    keys = new_device_keys()
    assert keys.private_key.get_secret_value() not in repr(keys)
    assert keys.preshared_key.get_secret_value() not in f"{keys}"
