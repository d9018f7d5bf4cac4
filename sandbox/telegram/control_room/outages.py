"""Outages on order, flood limits, the clock, and starting over."""

from datetime import timedelta

from fastapi import APIRouter

from sandbox.telegram.control_room.requests import RunningSandbox
from sandbox.telegram.faults import Fault
from sandbox.telegram.views import Done, Limits, Turn

router = APIRouter()


@router.post("/faults")
async def order(sandbox: RunningSandbox, fault: Fault) -> Done:
    """Let the next calls fail."""
    sandbox.faults.order(fault)
    return Done()


@router.get("/faults")
async def waiting(sandbox: RunningSandbox) -> tuple[Fault, ...]:
    """Tell what is on order."""
    return sandbox.faults.waiting()


@router.delete("/faults")
async def clear(sandbox: RunningSandbox) -> Done:
    """Call all outages off."""
    sandbox.faults.clear()
    return Done()


@router.put("/limits")
async def limit(sandbox: RunningSandbox, limits: Limits) -> Done:
    """Let flood limits hold, or not."""
    sandbox.limits.enabled = limits.enabled
    return Done()


@router.post("/clock")
async def turn(sandbox: RunningSandbox, turn: Turn) -> Done:
    """Turn the clock forward."""
    sandbox.world.turn_clock(timedelta(seconds=turn.seconds))
    return Done()


@router.post("/reset")
async def reset(sandbox: RunningSandbox) -> Done:
    """Forget people, chats, faults and counts."""
    sandbox.reset()
    return Done()
