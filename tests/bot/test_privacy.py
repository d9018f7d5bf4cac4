"""My data: a file with everything, or nothing at all any more."""

import json

from aiogram.methods import SendDocument

from domain.ids import UserId
from domain.privacy import ErasureOrder
from tests.bot.conftest import Stage
from tests.bot.fakes import ANNA, a_subscription
from tests.bot.phone import Phone


async def test_the_command_and_the_help_lead_there(anna: Phone) -> None:
    await anna.write("/privacy")
    asked = anna.screen
    await anna.write("/help")
    await anna.tap("Мои данные")
    assert anna.screen == asked
    assert "Что вы открываете в интернете, мы не записываем" in asked


async def test_the_file_is_json_with_everything(anna: Phone, stage: Stage) -> None:
    await anna.write("/privacy")
    await anna.tap("Получить")
    (sent,) = stage.telegram.asked(SendDocument)
    data = json.loads(sent.document.data)
    assert sent.document.filename == "my-data.json"
    assert (data["user_id"], data["tables"]["users"][0]["first_name"]) == (ANNA, "Анна")


async def test_before_erasing_it_says_what_is_lost_with_it(anna: Phone, stage: Stage) -> None:
    stage.subscriptions.current = a_subscription()
    await anna.write("/privacy")
    await anna.tap("Удалить")
    assert "Оплаченное время пропадёт" in anna.screen
    assert "Останутся на пять лет" in anna.screen
    assert stage.starter.erasures == [], "nothing happens before the second tap"
    assert len(anna.data_of("Да, удалить").encode()) <= 64


async def test_whoever_has_no_access_loses_none(anna: Phone) -> None:
    await anna.write("/privacy")
    await anna.tap("Удалить")
    assert "пропадёт" not in anna.screen


async def test_the_second_tap_hands_it_to_a_workflow(anna: Phone, stage: Stage) -> None:
    await wants_to_be_forgotten(anna)
    (order,) = stage.starter.erasures
    assert (order.user_id, order.message is None) == (ANNA, False)
    assert "Удаляем" in anna.screen


async def test_two_taps_are_one_erasure(anna: Phone, stage: Stage) -> None:
    button = await wants_to_be_forgotten(anna)
    await anna.tap_data(button)
    first, second = stage.starter.erasures
    assert first.erasure_id == second.erasure_id


async def test_a_forwarded_button_erases_whoever_taps_it(anna: Phone, stage: Stage) -> None:
    button = await wants_to_be_forgotten(anna)
    boris = stage.phone(user_id=2002)
    await boris.write("/start")
    await boris.tap_data(button)
    owners: list[ErasureOrder] = stage.starter.erasures
    assert [order.user_id for order in owners] == [ANNA, UserId(2002)]
    assert owners[0].erasure_id != owners[1].erasure_id


async def test_while_temporal_is_away_nothing_is_erased(anna: Phone, stage: Stage) -> None:
    stage.starter.is_away = True
    await wants_to_be_forgotten(anna)
    assert "Ничего не удалено" in (anna.toast.text or "")
    assert "Мои данные" in anna.screen


async def wants_to_be_forgotten(anna: Phone) -> str:
    """Both taps; the data of the second button."""
    await anna.write("/privacy")
    await anna.tap("Удалить")
    button = anna.data_of("Да, удалить")
    await anna.tap_data(button)
    return button
