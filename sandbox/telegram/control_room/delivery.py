"""The way of updates to the webhook: held back, hurried, repeated."""

from fastapi import APIRouter

from sandbox.telegram.control_room.requests import RunningSandbox
from sandbox.telegram.delivery import Pace
from sandbox.telegram.people import Impossible
from sandbox.telegram.views import Done

router = APIRouter()


@router.post("/delivery/pause")
async def pause(sandbox: RunningSandbox) -> Done:
    """Hold updates back."""
    sandbox.courier.pause()
    return Done()


@router.post("/delivery/resume")
async def resume(sandbox: RunningSandbox) -> Done:
    """Let them through again."""
    sandbox.courier.resume()
    return Done()


@router.put("/delivery/pace")
async def set_pace(sandbox: RunningSandbox, pace: Pace) -> Done:
    """Change the timeout and the delays of repeats."""
    sandbox.courier.pace = pace
    sandbox.world.mailbox.has_separate_queues = pace.separate_queues
    return Done()


@router.post("/updates/{update_id}/redeliver")
async def redeliver(sandbox: RunningSandbox, update_id: int) -> Done:
    """Deliver a past update again under its old id."""
    if not sandbox.world.mailbox.post_again(update_id):
        raise Impossible(f"update {update_id} is not remembered")
    return Done()
