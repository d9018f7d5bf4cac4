"""What customers are told of their devices, on the sandbox's Telegram over HTTP."""

from uuid import UUID

import pytest

from bot.notices import TelegramNotices
from bot.renewals import Renewals
from domain.errors import TelegramUnavailable
from domain.evacuation import EvacuationCause
from domain.ids import DeviceId
from domain.notices import Delivery, DeviceNotice, HandoutNotice
from infra.telegram import TelegramMessenger
from sandbox.telegram.client import FaultKind, TelegramSandbox
from sandbox.telegram.views import MessageView
from tests.bot.fakes import (
    ANNA,
    CONFIG,
    NOW,
    AutoRenewals,
    Customers,
    Gifts,
    NoticeBook,
    Offers,
    Plans,
    Purchases,
)

NOTICE = DeviceNotice(device_id=DeviceId(UUID(int=2)), user_id=ANNA, revision=1, name="Ноутбук")


@pytest.fixture
async def notices(messenger: TelegramMessenger, telegram: TelegramSandbox) -> TelegramNotices:
    await telegram.introduce(ANNA, "Анна", language_code="ru")
    await telegram.press_start(ANNA)
    return TelegramNotices(
        messenger,
        NoticeBook(),
        Customers(),
        Renewals(Purchases(), Plans(), Offers(), lambda: NOW),
        AutoRenewals(),
        gifts=Gifts(Purchases()),
        admin_chat_id=None,
    )


async def chat(telegram: TelegramSandbox) -> list[MessageView]:
    return [each for each in (await telegram.messages(ANNA)).present if each.from_bot]


async def test_file_picture_and_steps_come_under_the_devices_name(
    notices: TelegramNotices, telegram: TelegramSandbox
) -> None:
    assert await notices.deliver_device(NOTICE, CONFIG) is Delivery.DELIVERED
    file, picture, ready = await chat(telegram)
    assert file.current.document is not None
    assert "Ноутбук" in file.body
    assert picture.current.photo
    assert "Ноутбук" in ready.body
    assert len(ready.buttons) > 5


async def test_a_file_that_the_customer_has_is_not_sent_again(
    notices: TelegramNotices, telegram: TelegramSandbox
) -> None:
    for revision in (1, 5):
        returned = NOTICE.model_copy(update={"revision": revision})
        await notices.deliver_device(returned, CONFIG)
    assert len(await chat(telegram)) == 3


async def test_another_file_is_sent(notices: TelegramNotices, telegram: TelegramSandbox) -> None:
    await notices.deliver_device(NOTICE, CONFIG)
    await notices.deliver_device(NOTICE, CONFIG.model_copy(update={"endpoint_port": 51821}))
    assert len(await chat(telegram)) == 6


async def test_a_delivery_that_broke_off_goes_on_where_it_stopped(
    notices: TelegramNotices, telegram: TelegramSandbox
) -> None:
    await telegram.order_fault(FaultKind.SERVER_ERROR, method="sendPhoto")
    with pytest.raises(TelegramUnavailable):
        await notices.deliver_device(NOTICE, CONFIG)
    await notices.deliver_device(NOTICE, CONFIG)
    assert len(await chat(telegram)) == 3


async def test_a_file_that_changed_comes_with_the_reason_once_for_each_change(
    notices: TelegramNotices, telegram: TelegramSandbox
) -> None:
    first = HandoutNotice(
        device_id=NOTICE.device_id,
        user_id=ANNA,
        revision=2,
        name="Ноутбук",
        cause=EvacuationCause.EVACUATION,
    )
    for _ in range(2):
        assert await notices.hand_out(first, CONFIG) is Delivery.DELIVERED
    file, picture, why = await chat(telegram)
    assert (file.current.document is None, bool(picture.current.photo)) == (False, True)
    assert "перевели вас на другой сервер" in why.body

    # There and back: the same file is needed again.
    await notices.hand_out(first.model_copy(update={"revision": 4}), CONFIG)
    assert len(await chat(telegram)) == 6


async def test_a_device_that_was_taken_elsewhere_gets_its_file_with_the_place_each_time(
    notices: TelegramNotices, telegram: TelegramSandbox
) -> None:
    there = NOTICE.model_copy(update={"revision": 2, "moved_to": "nl"})
    await notices.deliver_device(NOTICE, CONFIG)
    for _ in range(2):
        await notices.deliver_device(there, CONFIG)
    *_, file, picture, changed = await chat(telegram)
    assert (file.current.document is None, bool(picture.current.photo)) == (False, True)
    assert "«Ноутбук» теперь здесь: 🇳🇱 Нидерланды" in changed.body
    assert len(await chat(telegram)) == 6

    # There and back: the same file is needed again.
    await notices.deliver_device(there.model_copy(update={"revision": 4}), CONFIG)
    assert len(await chat(telegram)) == 9


@pytest.mark.parametrize(
    ("all_full", "words"),
    [(False, "Сервер пока не отвечает"), (True, "нет свободных мест")],
    ids=["a server is away", "all are full"],
)
async def test_a_delay_is_told_once_and_why(
    notices: TelegramNotices, telegram: TelegramSandbox, all_full: bool, words: str
) -> None:
    notice = NOTICE.model_copy(update={"all_full": all_full})
    for _ in range(2):
        await notices.tell_device_delayed(notice)
    (told,) = await chat(telegram)
    assert words in told.body


async def test_a_customer_who_blocked_the_bot_holds_nothing_up(
    notices: TelegramNotices, telegram: TelegramSandbox
) -> None:
    await telegram.block(ANNA)
    assert await notices.deliver_device(NOTICE, CONFIG) is Delivery.UNREACHABLE
