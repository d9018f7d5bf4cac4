"""What every route of the control room starts from."""

from typing import Annotated

from fastapi import Depends, Request

from sandbox.telegram.sandbox import Sandbox


async def _running(request: Request) -> Sandbox:
    sandbox = request.app.state.sandbox
    if not isinstance(sandbox, Sandbox):
        raise TypeError("the application was built without a sandbox")
    return sandbox


RunningSandbox = Annotated[Sandbox, Depends(_running)]
"""The sandbox this server runs."""
