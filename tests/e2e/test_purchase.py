"""A customer buys through the public doors, and what they get is real."""

import base64
import io
import shutil
import subprocess
from configparser import ConfigParser

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PIL import Image

from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper
from tests.e2e.ledger import ONE_OF_EACH, Ledger, Outcome

pytestmark = pytest.mark.xdist_group("e2e")


def parsed(config: bytes) -> ConfigParser:
    parser = ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser documents
    parser.read_string(config.decode())
    return parser


def public_key_of(private_key: str) -> str:
    """What WireGuard itself makes of a private key, or an independent X25519 where it is absent."""
    if (wg := shutil.which("wg")) is not None:
        done = subprocess.run(
            [wg, "pubkey"], input=private_key, capture_output=True, text=True, check=True, timeout=5
        )
        return done.stdout.strip()
    key = X25519PrivateKey.from_private_bytes(base64.b64decode(private_key))
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


async def test_a_customer_pays_and_gets_a_configuration_that_is_on_the_server(
    newcomer: Shopper, ledger: Ledger, shop: EmbeddedShop
) -> None:
    await newcomer.buys()
    name, config = await newcomer.gets_config()
    assert await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH

    values = parsed(config)
    (peer,) = await ledger.peers(newcomer)
    assert public_key_of(values["Interface"]["PrivateKey"]) == peer.public_key
    assert peer.has_preshared_key
    assert tuple(values["Interface"]["Address"].split(", ")) == peer.allowed_ips
    node = shop.nodes[name.removeprefix("wg-").removesuffix(".conf")]
    assert values["Peer"]["PublicKey"] == node.public_key
    assert values["Peer"]["Endpoint"] == f"127.0.0.1:{node.listen_port}"
    assert values["Peer"]["AllowedIPs"] == "0.0.0.0/0, ::/0"


async def test_the_qr_picture_holds_the_file_byte_for_byte(newcomer: Shopper) -> None:
    await newcomer.buys()
    _, config = await newcomer.gets_config()
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(await newcomer.gets_qr())))
    assert code.bytes == config


async def test_the_payment_message_tells_the_whole_story_in_place(
    newcomer: Shopper, ledger: Ledger
) -> None:
    message = await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    story = await newcomer.history(message)
    told = ["Preparing", "to pay", "has arrived, thank you", "Setting up your VPN", "is ready"]
    assert [words for words in told if any(words in text for text in story)] == told
    assert "is ready" in story[-1]
    assert len(set(story)) == len(story), "no text is shown twice"


async def test_three_taps_lead_from_start_to_the_payment_page(newcomer: Shopper) -> None:
    plans = await newcomer.opens_plans(await newcomer.arrive())
    payment_message = await newcomer.chooses(plans)
    assert (await newcomer.payment_behind(payment_message)).value == "299.00"


async def test_a_double_tap_is_one_purchase(newcomer: Shopper, ledger: Ledger) -> None:
    plans = await newcomer.opens_plans(await newcomer.arrive())
    await newcomer.taps_twice_at_once(plans, "buy:")
    message = await newcomer.sees_payment_page()
    await newcomer.pays(message)
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == ONE_OF_EACH
    assert await newcomer.payment_count() == 1


async def test_a_renewal_extends_the_same_device_from_the_present_end(
    newcomer: Shopper, ledger: Ledger, shop: EmbeddedShop
) -> None:
    await newcomer.buys()
    await ledger.reaches(newcomer, "done")
    _, first = await newcomer.gets_config()
    message = await newcomer.buys_again()
    await ledger.reaches(newcomer, "done")
    assert await ledger.outcome(newcomer) == Outcome(payments=2, grants=2, devices=1, peers=1)
    _, second = await newcomer.gets_config(after=message.message_id)
    assert second == first
    days = await ledger.days_of_access(newcomer)
    assert days == 60


async def test_a_russian_customer_is_served_in_russian(
    second_newcomer: Shopper, ledger: Ledger
) -> None:
    message = await second_newcomer.buys()
    await ledger.reaches(second_newcomer, "done")
    story = await second_newcomer.history(message)
    assert "готов" in story[-1].lower()
