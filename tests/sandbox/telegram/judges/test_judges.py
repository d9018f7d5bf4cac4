"""Promise: bots written with other people's libraries work against the sandbox, unchanged.

The same story for each of them, by polling and by webhook. What it plays is in `story.py`.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.telegram.client import FaultKind, TelegramSandbox
from sandbox.telegram.server import running
from sandbox.telegram.views import MessageView
from tests.sandbox.telegram.judges import grammy_shop, ptb_shop
from tests.sandbox.telegram.judges.story import CONFIG, OLGA, PRICE, STAFF, TOKEN, Customer

JUDGES = [
    pytest.param(ptb_shop.polling, id="python-telegram-bot-polling"),
    pytest.param(ptb_shop.by_webhook, id="python-telegram-bot-webhook"),
    pytest.param(grammy_shop.polling, id="grammY-polling", marks=grammy_shop.needs_node),
    pytest.param(grammy_shop.by_webhook, id="grammY-webhook", marks=grammy_shop.needs_node),
]
pytestmark = [
    pytest.mark.xdist_group("telegram judges"),
    pytest.mark.filterwarnings("ignore:.*attribute `retry_after`:DeprecationWarning"),
]
ids = itertools.count(3001)


@pytest.fixture(scope="module", params=JUDGES)
async def telegram(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, png: bytes
) -> AsyncIterator[TelegramSandbox]:
    """A sandbox whose bot a judge has written, and its staff's forum."""
    data: Path = tmp_path_factory.mktemp("judged")
    async with (
        running(TOKEN, data) as base_url,
        TelegramSandbox(base_url) as telegram,
        request.param(base_url, png),
    ):
        await telegram.introduce(OLGA, "Olga")
        await telegram.found_group(STAFF, "Staff", admins=(OLGA,), has_topics=True)
        yield telegram


async def newcomer(telegram: TelegramSandbox, name: str) -> Customer:
    customer = Customer(telegram, next(ids), name)
    await telegram.introduce(customer.user_id, name, language_code="en")
    return customer


@pytest.fixture
async def anna(telegram: TelegramSandbox) -> Customer:
    return await newcomer(telegram, "Anna")


@pytest.fixture
async def greeting(telegram: TelegramSandbox, anna: Customer) -> MessageView:
    await telegram.press_start(anna.user_id, "spring")
    return await anna.reads("Hello, spring")


async def test_a_deep_link_is_greeted_in_bold(greeting: MessageView) -> None:
    assert greeting.current.entities is not None
    assert [(e.type, e.length) for e in greeting.current.entities] == [("bold", 5)]
    assert [button.text for button in greeting.buttons] == ["Buy", "How it works", "Copy"]


async def test_the_menu_of_commands_is_set(telegram: TelegramSandbox, anna: Customer) -> None:
    chat = await telegram.chat(anna.user_id)
    assert [command.command for command in chat.commands] == ["menu"]


async def test_a_button_shows_an_alert_and_another_copies(
    telegram: TelegramSandbox, greeting: MessageView
) -> None:
    outcome = await telegram.press(greeting, text="How it works")
    assert outcome.answer is not None
    assert outcome.answer.text == "A tunnel to another country"
    assert outcome.answer.show_alert
    assert (await telegram.press(greeting, text="Copy")).copied == "key-1"


async def test_a_purchase_edits_the_message_and_brings_a_file_and_a_photo(
    telegram: TelegramSandbox, anna: Customer, greeting: MessageView, png: bytes
) -> None:
    outcome = await telegram.press(greeting, text="Buy")
    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.answer.show_alert) == ("A moment", False)
    photo = await anna.reads("Scan me")
    edited = await anna.reads("Here it is")
    assert (edited.message_id, edited.buttons) == (greeting.message_id, ())
    document = await telegram.wait_for_message(
        anna.user_id, lambda message: message.current.document is not None
    )
    assert document.current.document is not None
    assert document.current.document.file_name == "vpn.conf"
    assert await telegram.download(str(document.file_id)) == CONFIG
    assert await telegram.download(str(photo.file_id)) == png


async def test_a_reply_keyboard_comes_and_goes(telegram: TelegramSandbox, anna: Customer) -> None:
    await anna.says("/menu")
    await anna.reads("Menu")
    keyboard = (await telegram.chat(anna.user_id)).keyboard
    assert keyboard is not None
    assert [button.text for button in keyboard.keyboard[0]] == ["My VPN", "Help"]
    await anna.says("My VPN")
    await anna.reads("No VPN yet")
    assert (await telegram.chat(anna.user_id)).keyboard is None


async def test_an_album_arrives_whole(telegram: TelegramSandbox, anna: Customer) -> None:
    await anna.says("/manuals")
    await anna.reads("Manuals")
    log = await telegram.messages(anna.user_id)
    album = [each for each in log.present if each.current.media_group_id is not None]
    assert len({each.current.media_group_id for each in album}) == 1
    contents = [await telegram.download(str(each.file_id)) for each in album]
    assert contents == [b"for phones", b"for desktops"]


async def test_stars_are_paid_and_given_back_once(
    telegram: TelegramSandbox, anna: Customer
) -> None:
    await anna.says("/stars")
    invoice = await telegram.wait_for_message(
        anna.user_id, lambda message: message.current.invoice is not None
    )
    outcome = await telegram.pay(invoice)
    charge = outcome.telegram_payment_charge_id
    assert outcome.is_paid
    await anna.reads(f"Paid {PRICE} XTR: {charge}")
    await anna.says(f"/refund {charge}")
    await anna.reads("Refunded")
    await anna.says(f"/refund {charge}")
    assert "CHARGE_ALREADY_REFUNDED" in (await anna.reads("bad request")).body.upper()


async def test_a_declined_checkout_moves_no_money(
    telegram: TelegramSandbox, anna: Customer
) -> None:
    await anna.says("/soldout")
    invoice = await telegram.wait_for_message(
        anna.user_id, lambda message: message.current.invoice is not None
    )
    outcome = await telegram.pay(invoice)
    assert (outcome.is_paid, outcome.error_message) == (False, "Sold out")


async def test_each_refusal_is_known_for_what_it_is(
    telegram: TelegramSandbox, anna: Customer
) -> None:
    boris = await newcomer(telegram, "Boris")
    await anna.says(f"/tell {boris.user_id} hi")
    await anna.reads("bad request: chat not found")
    await telegram.press_start(boris.user_id)
    await boris.reads("Hello")
    await anna.says(f"/tell {boris.user_id} hi")
    await anna.reads("told")
    await telegram.order_fault(
        FaultKind.TOO_MANY_REQUESTS, method="sendMessage", chat_id=boris.user_id, retry_after=7
    )
    await anna.says(f"/tell {boris.user_id} hi")
    await anna.reads("wait 7 s")
    await telegram.block(boris.user_id)
    await anna.says(f"/tell {boris.user_id} hi")
    await anna.reads("forbidden: bot was blocked by the user")


async def test_the_bot_knows_its_standing_in_the_group(anna: Customer) -> None:
    await anna.says("/whoami")
    await anna.reads("administrator in Staff")


async def test_a_customers_file_can_be_downloaded(
    telegram: TelegramSandbox, anna: Customer
) -> None:
    await telegram.send_document(anna.user_id, "log.txt", "нет связи".encode())
    await anna.reads("It says: нет связи")


async def test_support_talks_in_a_topic_of_its_own(
    telegram: TelegramSandbox, anna: Customer
) -> None:
    await anna.says("help me")
    asked = await telegram.wait_for_message(STAFF, lambda m: m.body == "help me")
    thread_id = asked.current.message_thread_id
    await telegram.send_text(STAFF, "Restart it", user_id=OLGA, thread_id=thread_id)
    await anna.reads("Restart it")
    await anna.says("help again")
    again = await telegram.wait_for_message(STAFF, lambda m: m.body == "help again")
    assert again.current.message_thread_id == thread_id
    await telegram.send_text(STAFF, "/close", user_id=OLGA, thread_id=thread_id)
    await telegram.wait_for(
        STAFF, lambda log: log.messages[-1].current.forum_topic_closed is not None
    )
    topics = (await telegram.chat(STAFF)).topics
    (topic,) = (each for each in topics if each.topic.message_thread_id == thread_id)
    assert (topic.topic.name, topic.is_closed) == ("Anna", True)


async def test_typing_shows_and_a_reaction_too(telegram: TelegramSandbox, anna: Customer) -> None:
    said = await anna.says("thanks")
    await telegram.wait_for(
        anna.user_id,
        lambda log: any(m.message_id == said.message_id and m.reactions for m in log.messages),
    )
    log = await telegram.messages(anna.user_id)
    await anna.says("hmm")
    async with asyncio.timeout(10):
        while (await telegram.chat(anna.user_id)).bot_action != "typing":
            log = await telegram.messages(anna.user_id, after=log.version, wait=10)
