"""How somebody stands in a chat, in the shape of each standing."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from sandbox.telegram.objects import Chat, User
from sandbox.telegram.wire import Wire


class MemberStatus(StrEnum):
    """A member's standing in a chat."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    LEFT = "left"
    KICKED = "kicked"


class ChatMember(Wire):
    """A member without rights of their own, or one who has left."""

    user: User
    status: MemberStatus


class Administrator(ChatMember):
    """An administrator: in this sandbox each may do everything it plays."""

    status: MemberStatus = MemberStatus.ADMINISTRATOR
    can_be_edited: bool = False
    is_anonymous: bool = False
    can_manage_chat: Literal[True] = True
    can_change_info: Literal[True] = True
    can_delete_messages: Literal[True] = True
    can_invite_users: Literal[True] = True
    can_restrict_members: Literal[True] = True
    can_pin_messages: Literal[True] = True
    can_manage_topics: Literal[True] = True
    can_promote_members: bool = False
    can_manage_video_chats: Literal[True] = True
    can_post_stories: bool = False
    can_edit_stories: bool = False
    can_delete_stories: bool = False


class Banned(ChatMember):
    """Somebody thrown out; in a private chat, the bot that was blocked."""

    status: MemberStatus = MemberStatus.KICKED
    until_date: int = 0
    """0 is for ever."""


AnyMember = Administrator | Banned | ChatMember


def member_of(user: User, status: MemberStatus) -> AnyMember:
    """A member in the shape of their standing."""
    if status is MemberStatus.ADMINISTRATOR:
        return Administrator(user=user)
    if status is MemberStatus.KICKED:
        return Banned(user=user)
    return ChatMember(user=user, status=status)


class ChatMemberUpdated(Wire):
    """A change of the bot's own standing: blocked and unblocked arrive so."""

    chat: Chat
    from_: User = Field(alias="from")
    date: int
    old_chat_member: AnyMember
    new_chat_member: AnyMember
