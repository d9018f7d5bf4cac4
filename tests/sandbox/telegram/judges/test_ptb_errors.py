"""Promise: refusals and outages are so written that python-telegram-bot knows each by its type."""

from collections.abc import AsyncIterator

import pytest
from telegram import Bot, ChatMemberAdministrator, ChatMemberLeft, ChatMemberMember
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from sandbox.telegram.client import FaultKind, TelegramSandbox
from tests.sandbox.telegram.conftest import ANNA, TOKEN, BareBot, Receiver

pytestmark = pytest.mark.filterwarnings("ignore:.*attribute `retry_after`:DeprecationWarning")
OLGA, STAFF = 2001, -100500


def ptb(base_url: str, token: str) -> Bot:
    requests = [HTTPXRequest(httpx_kwargs={"trust_env": False}) for _ in range(2)]
    return Bot(token, f"{base_url}/bot", f"{base_url}/file/bot", *requests[::-1])


@pytest.fixture
async def judge(base_url: str, telegram: TelegramSandbox) -> AsyncIterator[Bot]:
    async with ptb(base_url, TOKEN) as bot:
        yield bot


async def test_a_chat_that_is_not_there_is_a_bad_request(judge: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await judge.send_message(404, "Hello")


async def test_a_customer_who_blocked_the_bot_is_forbidden(
    judge: Bot, telegram: TelegramSandbox
) -> None:
    await telegram.block(ANNA)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await judge.send_message(ANNA, "Hello")


async def test_a_flood_tells_how_long_to_wait(judge: Bot, telegram: TelegramSandbox) -> None:
    await telegram.order_fault(FaultKind.TOO_MANY_REQUESTS, retry_after=7)
    with pytest.raises(RetryAfter) as flood:
        await judge.send_message(ANNA, "Hello")
    assert flood.value.retry_after == 7


async def test_polling_beside_a_webhook_is_a_conflict(
    judge: Bot, bot: BareBot, receiver: Receiver
) -> None:
    await bot("setWebhook", url=receiver.url)
    with pytest.raises(Conflict, match="webhook is active"):
        await judge.get_updates()


@pytest.mark.parametrize("token", ["123456:another", "no-token-at-all"])
async def test_a_wrong_token_is_invalid(base_url: str, token: str) -> None:
    with pytest.raises(InvalidToken):
        await ptb(base_url, token).initialize()


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.SERVER_ERROR])
async def test_an_outage_is_a_network_error(
    judge: Bot, telegram: TelegramSandbox, kind: FaultKind
) -> None:
    await telegram.order_fault(kind)
    with pytest.raises(NetworkError) as outage:
        await judge.send_message(ANNA, "Hello")
    assert not isinstance(outage.value, BadRequest)


async def test_members_and_chats_have_all_that_the_library_demands(
    judge: Bot, telegram: TelegramSandbox
) -> None:
    await telegram.introduce(OLGA, "Olga")
    await telegram.found_group(STAFF, "Staff", admins=(OLGA,), has_topics=True)
    olga = await judge.get_chat_member(STAFF, OLGA)
    assert isinstance(olga, ChatMemberAdministrator)
    assert olga.can_manage_topics
    assert isinstance(await judge.get_chat_member(STAFF, ANNA), ChatMemberLeft)
    assert isinstance(await judge.get_chat_member(ANNA, ANNA), ChatMemberMember)
    chat = await judge.get_chat(STAFF)
    assert (chat.title, chat.is_forum) == ("Staff", True)
    assert chat.accepted_gift_types.limited_gifts is False


async def test_a_block_is_seen_in_the_update(judge: Bot, telegram: TelegramSandbox) -> None:
    await telegram.block(ANNA)
    (update,) = await judge.get_updates()
    assert update.my_chat_member is not None
    assert update.my_chat_member.new_chat_member.status == "kicked"
