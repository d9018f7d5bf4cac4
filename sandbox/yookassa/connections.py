"""Breaking a connection under a request, which no HTTP framework offers to do."""

import asyncio
from contextlib import suppress
from typing import cast

from fastapi import Request, Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BreakableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that hands its transport to the requests it carries."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport where `request.state` finds it."""
        # uvicorn narrows the parameter's type the same way.
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def drop(request: Request) -> Response:
    """Break the connection at once; the returned answer can reach nobody."""
    transport = cast(asyncio.Transport, request.state.transport)
    transport.abort()
    await asyncio.sleep(0)  # lets uvicorn notice, so that it writes nothing
    return Response(status_code=500)


async def hang(request: Request, seconds: float) -> Response:
    """Say nothing until the caller hangs up or the time is over, then break the connection."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_hung_up(request), seconds)
    return await drop(request)


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
