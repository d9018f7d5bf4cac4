from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
import zxingcpp
from PIL import Image
from pydantic import SecretStr

from api.links import ConfigLinks
from api.parts import ApiParts
from api.tokens import mint_service_token
from domain.ids import DeviceId
from tests.api.conftest import CONFIG, LINK_SECRET, NOW, Memory


@pytest.fixture
def device_id(memory: Memory, payment_id: UUID) -> DeviceId:
    return memory.grant(payment_id).device_id


def path_of(url: str) -> str:
    return urlsplit(url).path


async def test_the_file_is_the_devices_configuration(
    stranger: httpx.AsyncClient, parts: ApiParts, device_id: DeviceId
) -> None:
    answer = await stranger.get(path_of(parts.links.addresses_of(device_id, NOW).config_url))
    assert answer.status_code == 200
    assert answer.text == CONFIG.render()
    assert answer.headers["content-disposition"] == 'attachment; filename="wg-nl1.conf"'
    assert answer.headers["cache-control"] == "no-store"


async def test_the_picture_holds_the_file_byte_for_byte(
    stranger: httpx.AsyncClient, parts: ApiParts, device_id: DeviceId
) -> None:
    addresses = parts.links.addresses_of(device_id, NOW)
    answer = await stranger.get(path_of(addresses.config_qr_code_url))
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(answer.content)))
    assert code.bytes == CONFIG.render().encode()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "no-store"


async def test_an_expired_address_is_410(
    stranger: httpx.AsyncClient, parts: ApiParts, device_id: DeviceId
) -> None:
    addresses = parts.links.addresses_of(device_id, NOW - timedelta(hours=2))
    assert (await stranger.get(path_of(addresses.config_url))).status_code == 410
    assert (await stranger.get(path_of(addresses.config_qr_code_url))).status_code == 410


async def test_an_address_of_another_secret_is_404(
    stranger: httpx.AsyncClient, device_id: DeviceId
) -> None:
    forger = ConfigLinks(SecretStr("another-secret-of-more-than-32-bytes-01234"), "https://x")
    forged = forger.addresses_of(device_id, NOW)
    assert (await stranger.get(path_of(forged.config_url))).status_code == 404


@pytest.mark.parametrize(
    "token",
    [
        *("x", "a.b.c", "%00", ".."),
        # Named, since it says when it was made, and each process of a test run must know it.
        pytest.param(mint_service_token(LINK_SECRET, "x", NOW), id="a service token"),
    ],
)
async def test_a_made_up_address_is_404(stranger: httpx.AsyncClient, token: str) -> None:
    answer = await stranger.get(f"/c/{token}/wireguard.conf")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


async def test_a_token_for_another_purpose_is_no_address(
    stranger: httpx.AsyncClient, device_id: DeviceId
) -> None:
    token = mint_service_token(LINK_SECRET, str(device_id), NOW)
    assert (await stranger.get(f"/c/{token}/wireguard.conf")).status_code == 404


async def test_a_device_without_a_server_has_no_file(
    stranger: httpx.AsyncClient, parts: ApiParts, memory: Memory, device_id: DeviceId
) -> None:
    memory.configs.clear()
    addresses = parts.links.addresses_of(device_id, NOW)
    assert (await stranger.get(path_of(addresses.config_url))).status_code == 404


@pytest.mark.parametrize("life", [timedelta(minutes=14), timedelta(hours=25)])
def test_a_link_lives_a_quarter_of_an_hour_to_a_day(life: timedelta) -> None:
    with pytest.raises(ValueError, match="a link lives"):
        ConfigLinks(LINK_SECRET, "https://shop.example", life)


async def test_the_token_is_in_no_log(
    stranger: httpx.AsyncClient,
    parts: ApiParts,
    device_id: DeviceId,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = path_of(parts.links.addresses_of(device_id, NOW).config_url)
    await stranger.get(path)
    await stranger.get(path.replace("wireguard.conf", "other.conf"))
    logged = "".join(capsys.readouterr())
    assert "/c/{token}/wireguard.conf" in logged
    assert path.split("/")[2] not in logged
