"""The staff's supergroup and its topics."""

import pytest

ANNA = 1001
OLGA = 2001
STAFF = -100500


@pytest.fixture
async def staff(bot, telegram):
    await telegram.introduce(OLGA, "Olga")
    await telegram.found_group(STAFF, "Staff", admins=(OLGA,), has_topics=True)


async def test_staff_and_bot_talk_in_the_group(bot, telegram, staff):
    said = await bot("sendMessage", chat_id=STAFF, text="Node down")
    assert said["chat"] == {"id": STAFF, "type": "supergroup", "title": "Staff", "is_forum": True}
    await telegram.send_text(STAFF, "looking", user_id=OLGA)
    (update,) = await bot("getUpdates")
    assert update["message"]["from"]["id"] == OLGA


async def test_a_stranger_cannot_write_in_the_group(telegram, staff):
    with pytest.raises(Exception, match="not a member"):
        await telegram.send_text(STAFF, "hi", user_id=ANNA)


async def test_a_member_presses_a_button_in_the_group(bot, telegram, staff):
    markup = {"inline_keyboard": [[{"text": "Retry", "callback_data": "retry"}]]}
    await bot("sendMessage", chat_id=STAFF, text="Stuck", reply_markup=markup)
    alarm = await telegram.wait_for_message(STAFF, lambda m: m.body == "Stuck")
    await telegram.press(alarm, text="Retry", user_id=OLGA, wait=0)
    (update,) = await bot("getUpdates")
    assert update["callback_query"]["from"]["id"] == OLGA


async def test_a_group_counts_its_messages_itself(bot, telegram, staff):
    assert (await bot("sendMessage", chat_id=STAFF, text="first"))["message_id"] == 1


async def test_members_are_known_by_their_standing(bot, telegram, staff):
    me = (await bot("getMe"))["id"]
    for user_id, status in ((me, "administrator"), (OLGA, "administrator"), (ANNA, "left")):
        member = await bot("getChatMember", chat_id=STAFF, user_id=user_id)
        assert member["status"] == status
    with pytest.raises(bot.refusal, match="user not found"):
        await bot("getChatMember", chat_id=STAFF, user_id=31337)


async def test_a_topic_is_opened_written_to_renamed_closed_and_reopened(bot, telegram, staff):
    topic = await bot("createForumTopic", chat_id=STAFF, name="Anna")
    where = {"chat_id": STAFF, "message_thread_id": topic["message_thread_id"]}
    said = await bot("sendMessage", **where, text="help")
    assert said["message_thread_id"] == topic["message_thread_id"]
    assert said["is_topic_message"] is True
    assert await bot("editForumTopic", **where, name="Anna K.") is True
    assert await bot("closeForumTopic", **where) is True
    assert (await telegram.chat(STAFF)).topics[0].is_closed
    assert await bot("reopenForumTopic", **where) is True
    with pytest.raises(bot.refusal, match="TOPIC_NOT_MODIFIED"):
        await bot("reopenForumTopic", **where)


async def test_the_bot_hears_of_the_topics_it_opens_and_closes(bot, telegram, staff):
    topic = await bot("createForumTopic", chat_id=STAFF, name="Anna")
    where = {"chat_id": STAFF, "message_thread_id": topic["message_thread_id"]}
    await bot("sendMessage", **where, text="help")
    await bot("closeForumTopic", **where)
    created, closed = [update["message"] for update in await bot("getUpdates")]
    assert created["forum_topic_created"]["name"] == "Anna"
    assert created["message_id"] == created["message_thread_id"] == topic["message_thread_id"]
    assert closed["forum_topic_closed"] == {}


async def test_a_message_in_a_topic_answers_the_topics_first_unless_it_answers_another(
    bot, telegram, staff
):
    topic = await bot("createForumTopic", chat_id=STAFF, name="Anna")
    thread_id = topic["message_thread_id"]
    asked = await bot("sendMessage", chat_id=STAFF, message_thread_id=thread_id, text="help")
    assert asked["reply_to_message"]["forum_topic_created"]["name"] == "Anna"
    said = await telegram.send_text(STAFF, "well", user_id=OLGA, thread_id=thread_id)
    assert said.current.reply_to_message.message_id == thread_id
    answer = await telegram.send_text(
        STAFF, "so", user_id=OLGA, thread_id=thread_id, reply_to=asked["message_id"]
    )
    assert answer.current.reply_to_message.message_id == asked["message_id"]


async def test_a_topics_name_has_1_to_128_characters(bot, telegram, staff):
    assert await bot("createForumTopic", chat_id=STAFF, name="x" * 128)
    for name in ("", "x" * 129):
        with pytest.raises(bot.refusal, match="TOPIC_TITLE"):
            await bot("createForumTopic", chat_id=STAFF, name=name)


async def test_only_admins_write_in_a_closed_topic(bot, telegram, staff):
    await telegram.found_group(STAFF, "Staff", admins=(OLGA,), members=(ANNA,), has_topics=True)
    topic = await bot("createForumTopic", chat_id=STAFF, name="Anna")
    where = {"message_thread_id": topic["message_thread_id"]}
    await bot("closeForumTopic", chat_id=STAFF, **where)
    assert await telegram.send_text(STAFF, "x", user_id=OLGA, thread_id=where["message_thread_id"])
    with pytest.raises(Exception, match="the topic is closed"):
        await telegram.send_text(STAFF, "x", user_id=ANNA, thread_id=where["message_thread_id"])


async def test_a_topic_that_is_not_there_is_named(bot, telegram, staff):
    with pytest.raises(bot.refusal, match="400 Bad Request: message thread not found"):
        await bot("sendMessage", chat_id=STAFF, message_thread_id=77, text="x")


async def test_a_chat_that_is_no_forum_has_no_topics(bot, telegram):
    with pytest.raises(bot.refusal, match="the chat is not a forum"):
        await bot("createForumTopic", chat_id=ANNA, name="x")
