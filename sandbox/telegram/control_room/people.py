"""Who there is, in which groups, and whether they blocked the bot."""

from fastapi import APIRouter

from sandbox.telegram.control_room.requests import RunningSandbox
from sandbox.telegram.objects import Bot, Chat, ChatType, User
from sandbox.telegram.showing import show_chat, show_person
from sandbox.telegram.views import ChatView, Introduction, NewGroup, PersonView

router = APIRouter()


@router.get("/bot")
async def who_is_the_bot(sandbox: RunningSandbox) -> Bot:
    """Tell who the bot is."""
    return sandbox.world.me


@router.get("/people")
async def all_people(sandbox: RunningSandbox) -> list[PersonView]:
    """List everybody with a phone."""
    return [show_person(sandbox.world, user_id) for user_id in sandbox.world.people]


@router.post("/people")
async def introduce(sandbox: RunningSandbox, person: Introduction) -> PersonView:
    """Give somebody a phone."""
    sandbox.phones.introduce(User(id=person.user_id, **person.model_dump(exclude={"user_id"})))
    return show_person(sandbox.world, person.user_id)


@router.post("/people/{user_id}/block")
async def block(sandbox: RunningSandbox, user_id: int) -> PersonView:
    """Let somebody block the bot."""
    sandbox.phones.block(user_id)
    return show_person(sandbox.world, user_id)


@router.post("/people/{user_id}/unblock")
async def unblock(sandbox: RunningSandbox, user_id: int) -> PersonView:
    """Let somebody take the block back."""
    sandbox.phones.unblock(user_id)
    return show_person(sandbox.world, user_id)


@router.post("/groups")
async def found_group(sandbox: RunningSandbox, group: NewGroup) -> ChatView:
    """Open a supergroup."""
    chat = Chat(
        id=group.chat_id,
        type=ChatType.SUPERGROUP,
        title=group.title,
        is_forum=True if group.has_topics else None,
    )
    room = sandbox.phones.found_group(chat, group.admins, group.members)
    return show_chat(sandbox.world, room)
