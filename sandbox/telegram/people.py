"""What people do with their phones, and the updates the bot gets of it."""

from dataclasses import dataclass
from typing import Any

from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.files import Upload
from sandbox.telegram.formatting import caption_text, message_text
from sandbox.telegram.keyboards import InlineButton
from sandbox.telegram.members import ChatMemberUpdated, MemberStatus, member_of
from sandbox.telegram.objects import (
    CallbackQuery,
    Chat,
    ChatType,
    InaccessibleMessage,
    Message,
    UpdateKind,
    User,
)
from sandbox.telegram.rooms import Entry, Person, Room
from sandbox.telegram.world import World


class Impossible(ApiError):
    """A person cannot do that: there is no such chat, message or button."""

    def __init__(self, reason: str, code: int = 404) -> None:
        super().__init__(code, reason)


@dataclass
class Phones:
    """The people's side of the sandbox."""

    world: World

    def introduce(self, user: User) -> Person:
        """Give somebody a phone, or change how they are called."""
        person = self.world.people.get(user.id)
        if person is None:
            person = self.world.people[user.id] = Person(user)
        person.user = user
        room = self.world.open_room(_private_chat(user))
        room.chat = _private_chat(user)
        return person

    def found_group(self, chat: Chat, admins: tuple[int, ...], members: tuple[int, ...]) -> Room:
        """Open a supergroup; the bot is in it as an administrator."""
        room = self.world.open_room(chat)
        room.chat = chat
        room.members.update(dict.fromkeys(members, MemberStatus.MEMBER))
        room.members.update(dict.fromkeys(admins, MemberStatus.ADMINISTRATOR))
        for user_id in room.members:
            self.person(user_id)
        return room

    def person(self, user_id: int) -> Person:
        """Somebody by id.

        Raises:
            Impossible: Nobody was introduced under it.
        """
        person = self.world.people.get(user_id)
        if person is None:
            raise Impossible(f"nobody was introduced with the id {user_id}")
        return person

    def room(self, chat_id: int) -> Room:
        """A chat by id, known to the bot or not.

        Raises:
            Impossible: There is none.
        """
        room = self.world.rooms.get(chat_id)
        if room is None:
            raise Impossible(f"there is no chat {chat_id}")
        return room

    def press_start(self, user_id: int, payload: str = "") -> Message:
        """Open the bot and press START, perhaps coming from a deep link."""
        return self.write(user_id, user_id, f"/start {payload}".strip())

    def write(
        self,
        chat_id: int,
        user_id: int,
        text: str,
        *,
        reply_to: int | None = None,
        thread_id: int | None = None,
    ) -> Message:
        """Send a text."""
        formatted = message_text(text)
        content = {"text": formatted.text, "entities": formatted.entities_or_none}
        return self._post(chat_id, user_id, content, reply_to, thread_id)

    def show(
        self,
        chat_id: int,
        user_id: int,
        upload: Upload,
        *,
        as_photo: bool,
        caption: str = "",
        thread_id: int | None = None,
    ) -> Message:
        """Send a picture or a file."""
        files = self.world.files
        words = caption_text(caption, None)
        content: dict[str, Any] = {
            "caption": words.text or None,
            "caption_entities": words.entities_or_none,
        }
        if as_photo:
            content["photo"] = files.store_photo(upload).photo
        else:
            content["document"] = files.store_document(upload).document
        return self._post(chat_id, user_id, content, None, thread_id)

    def _post(
        self,
        chat_id: int,
        user_id: int,
        content: dict[str, Any],
        reply_to: int | None,
        thread_id: int | None,
    ) -> Message:
        room, person = self._present(chat_id, user_id)
        if thread_id is not None:
            self._check_topic(room, user_id, thread_id)
        if room.is_private:
            self._arrive(room, person)
        replied = room.find(reply_to)
        if replied is not None:
            content["reply_to_message"] = replied.message.model_copy(
                update={"reply_to_message": None}
            )
        entry = self.world.post(room, person.user, content, thread_id)
        person.is_known = True
        self.world.mailbox.post(UpdateKind.MESSAGE, entry.message, chat_id)
        return entry.message

    def _present(self, chat_id: int, user_id: int) -> tuple[Room, Person]:
        room, person = self.room(chat_id), self.person(user_id)
        if not room.is_private and user_id not in room.members:
            raise Impossible(f"{user_id} is not a member of {chat_id}", 403)
        if room.is_private and user_id != chat_id:
            raise Impossible(f"{chat_id} is not a chat of {user_id}", 403)
        return room, person

    def _check_topic(self, room: Room, user_id: int, thread_id: int) -> None:
        topic = room.topics.get(thread_id)
        if topic is None:
            raise Impossible(f"there is no topic {thread_id}")
        if topic.is_closed and room.members[user_id] is MemberStatus.MEMBER:
            raise Impossible("the topic is closed", 403)

    def _arrive(self, room: Room, person: Person) -> None:
        """Writing to the bot starts it, and takes a block back."""
        if person.has_blocked:
            self.unblock(person.user.id)
        person.has_started = True

    def edit(self, chat_id: int, message_id: int, text: str) -> Message:
        """Correct an own message."""
        entry = self._entry(chat_id, message_id)
        if entry.from_bot or entry.message.text is None:
            raise Impossible("only an own text can be edited", 403)
        formatted = message_text(text)
        edited = entry.message.model_copy(
            update={
                "text": formatted.text,
                "entities": formatted.entities_or_none,
                "edit_date": self.world.unix_time,
            }
        )
        self.room(chat_id).revise(edited, self.world.clock.now())
        self.world.mailbox.post(UpdateKind.EDITED_MESSAGE, edited, chat_id)
        return edited

    def _entry(self, chat_id: int, message_id: int) -> Entry:
        entry = self.room(chat_id).find(message_id)
        if entry is None:
            raise Impossible(f"there is no message {message_id} in {chat_id}")
        return entry

    def find_button(
        self, chat_id: int, message_id: int, text: str | None, data: str | None
    ) -> InlineButton:
        """A button under a message, by its words or its data.

        A deleted message has its buttons still: a phone may not have heard of the deletion.

        Raises:
            Impossible: There is none; the buttons there are are named.
        """
        entry = self.room(chat_id).entries.get(message_id)
        markup = entry.message.reply_markup if entry else None
        buttons = markup.buttons if markup else ()
        for button in buttons:
            if (data is not None and button.callback_data == data) or (
                text is not None and button.text == text
            ):
                return button
        raise Impossible(f"no such button; there are {[each.text for each in buttons]}")

    def press(self, chat_id: int, message_id: int, user_id: int, data: str) -> str:
        """Press a button that calls back.

        Returns:
            The callback query's id: the spinner turns until it is answered.
        """
        _, person = self._present(chat_id, user_id)
        person.is_known = True
        query = CallbackQuery(
            id=self.world.callbacks.ask(),
            from_=person.user,
            message=self._as_seen(chat_id, message_id),
            chat_instance=self.world.chat_instance,
            data=data,
        )
        self.world.mailbox.post(UpdateKind.CALLBACK_QUERY, query, chat_id)
        return query.id

    def _as_seen(self, chat_id: int, message_id: int) -> Message | InaccessibleMessage:
        room = self.room(chat_id)
        entry = room.entries.get(message_id)
        if entry is None:
            raise Impossible(f"there is no message {message_id} in {chat_id}")
        if entry.is_deleted:
            return InaccessibleMessage(chat=room.chat, message_id=message_id)
        return entry.message

    def block(self, user_id: int) -> None:
        """Block the bot."""
        self._change_standing(user_id, blocked=True)

    def unblock(self, user_id: int) -> None:
        """Let the bot write again."""
        self._change_standing(user_id, blocked=False)

    def _change_standing(self, user_id: int, *, blocked: bool) -> None:
        person = self.person(user_id)
        if person.has_blocked == blocked:
            return
        person.has_blocked = blocked
        statuses = (MemberStatus.MEMBER, MemberStatus.KICKED)
        old, new = statuses if blocked else reversed(statuses)
        room = self.room(user_id)
        room.changes.bump()
        change = ChatMemberUpdated(
            chat=room.chat,
            from_=person.user,
            date=self.world.unix_time,
            old_chat_member=member_of(self.world.bot_user, old),
            new_chat_member=member_of(self.world.bot_user, new),
        )
        if person.is_known:
            self.world.mailbox.post(UpdateKind.MY_CHAT_MEMBER, change, user_id)


def _private_chat(user: User) -> Chat:
    if user.id <= 0:
        raise bad_request("a person's id is positive")
    return Chat(
        id=user.id,
        type=ChatType.PRIVATE,
        username=user.username,
        first_name=user.first_name,
        last_name=user.last_name,
    )
