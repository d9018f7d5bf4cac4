"""An HTTP connection that can be cut, as a network does it: no status, no bytes."""

import asyncio

from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "sandbox.transport"


class CuttableProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, with its transport within a request's reach."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"transport": self.transport}}


async def cut(request: Request) -> None:
    """Drop the connection of a request; the answer that follows goes nowhere."""
    transport = request.scope["extensions"][_EXTENSION]["transport"]
    transport.abort()
    await asyncio.sleep(0)
