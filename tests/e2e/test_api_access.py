"""The HTTP API's contract about what a payment gives, held by the real processes."""

import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import zxingcpp
from PIL import Image
from pydantic import SecretStr

from api.links import ConfigLinks
from sandbox.shop import EmbeddedShop
from sandbox.shopper import Shopper
from sandbox.yookassa.client import YooKassaSandbox
from sandbox.yookassa.notifications import Mode
from tests.e2e.ledger import ONE_OF_EACH, Ledger
from tests.e2e.service import Service, document_of, problem_of

pytestmark = pytest.mark.xdist_group("e2e")


class TestActivation:
    """A payment becomes access."""

    async def test_a_payment_that_has_not_succeeded_gives_nothing(
        self, service: Service, newcomer: Shopper
    ) -> None:
        answer = await service.activates(newcomer, await service.orders(newcomer))
        assert problem_of(answer) == (409, "not-paid")

    async def test_activating_right_after_paying_needs_no_notification(
        self, service: Service, kassa: YooKassaSandbox, newcomer: Shopper
    ) -> None:
        await kassa.notification_mode(Mode.LOST)
        payment = await service.orders(newcomer)
        await service.pays(payment)
        answer = await service.activates(newcomer, payment)
        assert (answer.status_code, document_of(answer)["status"]) == (201, "active")

    async def test_activating_twice_is_one_subscription(
        self, service: Service, newcomer: Shopper, ledger: Ledger
    ) -> None:
        payment = await service.sells(newcomer)
        answers = [await service.activates(newcomer, payment) for _ in range(2)]
        assert [each.status_code for each in answers] == [201, 201]
        first, second = map(document_of, answers)
        for name in ("subscription_id", "start_date", "end_date"):
            assert first[name] == second[name]
        start, end = (datetime.fromisoformat(first[at]) for at in ("start_date", "end_date"))
        assert end - start == timedelta(days=30)
        assert await ledger.outcome(newcomer) == ONE_OF_EACH

    async def test_terms_that_were_not_ordered_are_refused(
        self, service: Service, newcomer: Shopper
    ) -> None:
        payment = await service.orders(newcomer)
        answer = await service.activates(newcomer, payment, duration_days=365)
        assert problem_of(answer) == (400, "purchase-mismatch")


async def test_the_status_tells_of_an_active_subscription(
    service: Service, newcomer: Shopper
) -> None:
    assert problem_of(await service.status(newcomer)) == (404, "not-found")
    await service.sells(newcomer)
    answer = await service.status(newcomer)
    report = document_of(answer)
    assert answer.status_code == 200
    assert (report["has_active_subscription"], report["status"]) == (True, "active")
    assert (report["days_remaining"], report["last_payment_status"]) == (30, "succeeded")


class TestLinks:
    """The way to the configuration."""

    async def test_they_lead_to_one_configuration_as_a_file_and_as_a_picture(
        self,
        service: Service,
        stranger: httpx.AsyncClient,
        newcomer: Shopper,
        ledger: Ledger,
    ) -> None:
        await service.sells(newcomer)
        links = await service.links(newcomer)
        (peer,) = await ledger.peers(newcomer)
        assert links["wireguard_public_key"] == peer.public_key
        assert len(links["wireguard_public_key"]) == 44
        file = await stranger.get(links["config_url"])
        assert file.headers["content-disposition"].endswith('.conf"')
        assert b"PrivateKey" in file.content
        picture = await stranger.get(links["config_qr_code_url"])
        (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.content)))
        assert code.bytes == file.content

    async def test_a_forged_link_and_an_old_one_lead_nowhere(
        self,
        service: Service,
        stranger: httpx.AsyncClient,
        newcomer: Shopper,
        shop: EmbeddedShop,
    ) -> None:
        await service.sells(newcomer)
        *_, token, _file = (await service.links(newcomer))["config_url"].split("/")
        ours = ConfigLinks(SecretStr(shop.secrets.link_secret), shop.addresses.api)
        theirs = ConfigLinks(SecretStr("f" * 32), shop.addresses.api)
        device, now = ours.device_of(token), datetime.now(UTC)
        forged = theirs.addresses_of(device, now)
        old = ours.addresses_of(device, now - timedelta(hours=2))
        for links, problem in ((forged, (404, "not-found")), (old, (410, "gone"))):
            for url in (links.config_url, links.config_qr_code_url):
                assert problem_of(await stranger.get(url)) == problem
