"""QR codes: what a phone reads is the file, byte for byte."""

from io import BytesIO
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface

import pytest
import zxingcpp
from PIL import Image
from pydantic import SecretStr

from domain.servers import ClientConfig
from infra.qr import qr_png

LARGEST_SIDE_ON_A_PHONE = 600


def configuration(endpoint_host: str) -> str:
    return ClientConfig(
        private_key=SecretStr("A" * 43 + "="),
        preshared_key=SecretStr("B" * 43 + "="),
        ipv4=IPv4Interface("10.66.123.234/32"),
        ipv6=IPv6Interface("fd00:1234:5678:9abc::ffff:1/128"),
        dns=(IPv4Address("10.66.0.1"), IPv4Address("1.1.1.1")),
        mtu=1420,
        server_public_key="C" * 43 + "=",
        endpoint_host=endpoint_host,
        endpoint_port=51820,
        name="wgshop-nl1",
    ).render()


def read(png: bytes) -> zxingcpp.Barcode:
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(png)))
    return code


@pytest.mark.parametrize("host", ["nl1.example.com", "2001:db8:1234:5678:9abc:def0:1234:5678"])
def test_a_configuration_is_read_back_byte_for_byte(host: str) -> None:
    text = configuration(host)
    code = read(qr_png(text))
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    assert code.bytes == text.encode()


def test_letters_of_any_alphabet_survive() -> None:
    assert read(qr_png("# Нидерланды, 30 дней")).text == "# Нидерланды, 30 дней"


def test_a_configuration_fits_a_phones_screen_unscaled() -> None:
    picture = Image.open(BytesIO(qr_png(configuration("nl1.example.com"))))
    assert max(picture.size) <= LARGEST_SIDE_ON_A_PHONE


def test_a_reader_finds_it_when_the_picture_is_shrunk_and_blurred() -> None:
    text = configuration("nl1.example.com")
    picture = Image.open(BytesIO(qr_png(text))).convert("L")
    half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BILINEAR)
    (code,) = zxingcpp.read_barcodes(half)
    assert code.bytes == text.encode()
