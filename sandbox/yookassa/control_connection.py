"""The connection that the control client speaks over."""

from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import BaseModel

from sandbox.yookassa.controls import LONGEST_WAIT

_TIMEOUT = httpx.Timeout(15, read=LONGEST_WAIT.total_seconds() + 15)

ModelT = TypeVar("ModelT", bound=BaseModel)


class SandboxRefused(Exception):
    """The sandbox did not do what it was asked; the message holds its answer."""


class ControlConnection:
    """Calls below `/control` of a running sandbox."""

    def __init__(self, base_url: str) -> None:
        """Prepare to talk to the sandbox at `base_url`, such as `http://127.0.0.1:8081`."""
        self._http = httpx.AsyncClient(base_url=base_url, timeout=_TIMEOUT, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def _ask(
        self, model: type[ModelT], method: str, path: str, body: BaseModel | None = None
    ) -> ModelT:
        return model.model_validate_json(await self._call(method, path, body))

    async def _call(self, method: str, path: str, body: BaseModel | None = None) -> bytes:
        content = None if body is None else body.model_dump_json()
        answer = await self._http.request(
            method,
            f"/control{path}",
            content=content,
            headers={"Content-Type": "application/json"} if content else None,
        )
        return checked(answer).content


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer unless it is an error; raises SandboxRefused with its text."""
    if answer.is_error:
        raise SandboxRefused(f"{answer.request.method} {answer.url}: {answer.text}")
    return answer
