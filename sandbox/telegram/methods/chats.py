"""Looking at chats and their members."""

from sandbox.telegram.errors import bad_request
from sandbox.telegram.members import AnyMember, MemberStatus, member_of
from sandbox.telegram.methods.registry import ChatReference, Params, method
from sandbox.telegram.objects import ChatFullInfo
from sandbox.telegram.rooms import Room
from sandbox.telegram.world import World


class GetChat(Params):
    """Parameters of getChat."""

    chat_id: ChatReference


class GetChatMember(GetChat):
    """Parameters of getChatMember."""

    user_id: int


@method("getChat")
def get_chat(world: World, params: GetChat) -> ChatFullInfo:
    """A chat and its latest pinned message."""
    room = world.visible_room(params.chat_id)
    pinned = room.find(room.pinned[-1]) if room.pinned else None
    return ChatFullInfo(**room.chat.model_dump(), pinned_message=pinned.message if pinned else None)


@method("getChatMember")
def get_chat_member(world: World, params: GetChatMember) -> AnyMember:
    """How somebody stands in a chat."""
    room = world.visible_room(params.chat_id)
    if params.user_id == world.me.id:
        return member_of(world.bot_user, room.bot_status)
    person = world.people.get(params.user_id)
    if person is None:
        raise bad_request("user not found")
    return member_of(person.user, _status(room, params.user_id))


def _status(room: Room, user_id: int) -> MemberStatus:
    if room.is_private:
        return MemberStatus.MEMBER if room.chat.id == user_id else MemberStatus.LEFT
    return room.members.get(user_id, MemberStatus.LEFT)
