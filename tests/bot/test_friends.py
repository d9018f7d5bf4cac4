"""Inviting friends, and arriving by a friend's link."""

from urllib.parse import parse_qs, urlsplit

from tests.bot.conftest import Stage
from tests.bot.fakes import ANNA
from tests.bot.phone import Phone

LINK = "https://t.me/wgshop_bot?start=ref_abcd2345"


async def test_a_customer_finds_their_link_and_can_pass_it_on(anna: Phone) -> None:
    await anna.write("/my")
    await anna.tap("Пригласить друга")
    assert LINK in anna.screen
    assert "скидку 10 % на первую покупку" in anna.screen
    assert "Вы получите 7 дней" in anna.screen
    assert parse_qs(urlsplit(anna.buttons[0].url or "").query)["url"] == [LINK]


async def test_a_newcomer_by_a_link_is_welcomed_and_remembered(stage: Stage, anna: Phone) -> None:
    await anna.write("/start ref_abcd2345")
    assert stage.referrals.invited == {ANNA: "abcd2345"}
    assert "Вас пригласил друг: скидка 10 %" in anna.screen
    assert "Здравствуйте" in anna.screen


async def test_who_is_not_new_just_gets_the_menu(stage: Stage, anna: Phone) -> None:
    stage.referrals.invited = {ANNA: "another"}
    await anna.write("/start ref_abcd2345")
    assert "пригласил" not in anna.screen
    assert "Здравствуйте" in anna.screen


async def test_a_link_of_nobody_leads_to_the_menu(stage: Stage, anna: Phone) -> None:
    await anna.write("/start ref_nobody")
    assert stage.referrals.invited == {}
    assert "Здравствуйте" in anna.screen
