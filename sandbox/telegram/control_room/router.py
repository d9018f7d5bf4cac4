"""All of the control room's routes."""

from fastapi import APIRouter

from sandbox.telegram.control_room import delivery, outages, people, reading, writing

router = APIRouter(prefix="/control", tags=["control"])
for part in (people, writing, reading, outages, delivery):
    router.include_router(part.router)
