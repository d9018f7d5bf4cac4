"""The control room from Python: for tests, the scripted customer and the demo.

async with TelegramSandbox("http://127.0.0.1:8081") as telegram:
    await telegram.introduce(7, "Anna", language_code="ru")
    await telegram.press_start(7)
    greeting = await telegram.wait_for_message(7, lambda m: "Hello" in m.body)
    outcome = await telegram.press(greeting, text="Buy")
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from sandbox.telegram.delivery import Pace
from sandbox.telegram.faults import Fault, FaultKind
from sandbox.telegram.objects import Bot
from sandbox.telegram.views import (
    ChatLog,
    ChatView,
    Correction,
    Introduction,
    Limits,
    MessageView,
    NewGroup,
    Payment,
    PaymentOutcome,
    PersonView,
    Press,
    PressOutcome,
    Start,
    Stats,
    Turn,
    Writing,
)

__all__ = ["Fault", "FaultKind", "Pace", "Refused", "TelegramSandbox"]

ViewT = TypeVar("ViewT", bound=BaseModel)
_FAULTS = TypeAdapter(list[Fault])
_PEOPLE = TypeAdapter(list[PersonView])
_LONGEST_POLL = 30.0
_CHECKOUT = 10.0
_MARGIN = 5.0
"""Seconds a request may take beyond the waiting it asks for."""


class Refused(Exception):
    """The sandbox said no: nobody there, no such button, a malformed request."""


class TelegramSandbox:
    """One sandbox's control room."""

    def __init__(self, base_url: str, *, timeout: float = 10.0) -> None:
        self._timeout = timeout
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout, trust_env=False)

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
        """Close the connections."""
        await self._http.aclose()

    # People and chats

    async def bot(self) -> Bot:
        """Who the bot is."""
        return await self._get(Bot, "/control/bot")

    async def introduce(
        self,
        user_id: int,
        first_name: str,
        *,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
    ) -> PersonView:
        """Give somebody a phone; the bot does not know of them yet."""
        person = Introduction(
            user_id=user_id,
            first_name=first_name,
            last_name=last_name,
            username=username,
            language_code=language_code,
        )
        return await self._post(PersonView, "/control/people", person)

    async def found_group(
        self,
        chat_id: int,
        title: str,
        *,
        admins: tuple[int, ...] = (),
        members: tuple[int, ...] = (),
        has_topics: bool = False,
    ) -> ChatView:
        """Open a supergroup of introduced people, with the bot as an administrator."""
        group = NewGroup(
            chat_id=chat_id, title=title, admins=admins, members=members, has_topics=has_topics
        )
        return await self._post(ChatView, "/control/groups", group)

    async def block(self, user_id: int) -> PersonView:
        """Let somebody block the bot."""
        return await self._post(PersonView, f"/control/people/{user_id}/block")

    async def unblock(self, user_id: int) -> PersonView:
        """Let somebody take the block back."""
        return await self._post(PersonView, f"/control/people/{user_id}/unblock")

    # Writing and pressing

    async def press_start(self, user_id: int, payload: str = "") -> MessageView:
        """Press START, perhaps from a deep link."""
        start = Start(user_id=user_id, payload=payload)
        return await self._post(MessageView, "/control/start", start)

    async def send_text(
        self,
        chat_id: int,
        text: str,
        *,
        user_id: int | None = None,
        reply_to: int | None = None,
        thread_id: int | None = None,
    ) -> MessageView:
        """Write; in a private chat the writer is its owner."""
        writing = Writing(
            user_id=user_id or chat_id, text=text, reply_to=reply_to, thread_id=thread_id
        )
        return await self._post(MessageView, f"/control/chats/{chat_id}/messages", writing)

    async def send_photo(
        self, chat_id: int, content: bytes, *, user_id: int | None = None, caption: str = ""
    ) -> MessageView:
        """Send a picture (PNG or JPEG)."""
        form = {"user_id": user_id or chat_id, "caption": caption, "as_photo": True}
        return await self._upload(chat_id, "photo.jpg", content, form)

    async def send_document(
        self,
        chat_id: int,
        name: str,
        content: bytes,
        *,
        user_id: int | None = None,
        caption: str = "",
    ) -> MessageView:
        """Send a file."""
        form = {"user_id": user_id or chat_id, "caption": caption}
        return await self._upload(chat_id, name, content, form)

    async def edit_text(self, chat_id: int, message_id: int, text: str) -> MessageView:
        """Correct an own message."""
        path = f"/control/chats/{chat_id}/messages/{message_id}"
        return await self._ask(MessageView, "PUT", path, Correction(text=text))

    async def press(
        self,
        message: MessageView,
        *,
        text: str | None = None,
        data: str | None = None,
        user_id: int | None = None,
        wait: float = 15.0,
    ) -> PressOutcome:
        """Press a button, found by its words or its data, and wait for the bot's answer."""
        press = Press(user_id=user_id or message.chat_id, text=text, data=data, wait=wait)
        path = f"/control/chats/{message.chat_id}/messages/{message.message_id}/press"
        return await self._post(PressOutcome, path, press, wait=wait)

    async def pay(self, invoice: MessageView, *, user_id: int | None = None) -> PaymentOutcome:
        """Pay an invoice message; the bot has ten seconds to allow it."""
        payment = Payment(user_id=user_id or invoice.chat_id)
        path = f"/control/chats/{invoice.chat_id}/messages/{invoice.message_id}/pay"
        return await self._post(PaymentOutcome, path, payment, wait=_CHECKOUT)

    async def pay_link(self, link: str, user_id: int) -> PaymentOutcome:
        """Pay behind a link made by createInvoiceLink."""
        path = f"/control/invoices/{link.rpartition('$')[2]}/pay"
        return await self._post(PaymentOutcome, path, Payment(user_id=user_id), wait=_CHECKOUT)

    # Reading and waiting

    async def chat(self, chat_id: int) -> ChatView:
        """A chat beside its messages."""
        return await self._get(ChatView, f"/control/chats/{chat_id}")

    async def messages(self, chat_id: int, *, after: int = 0, wait: float = 0) -> ChatLog:
        """What changed in a chat after a version, waiting for a change if asked to."""
        path = f"/control/chats/{chat_id}/messages"
        return await self._get(ChatLog, path, {"after": after, "wait": wait}, wait=wait)

    async def wait_for(
        self,
        chat_id: int,
        condition: Callable[[ChatLog], bool],
        timeout: float = 10.0,  # noqa: ASYNC109 - the server's long poll spends it
    ) -> ChatLog:
        """Wait until the whole chat looks as wanted.

        Raises:
            TimeoutError: It does not in time; the chat's last look is in the message.
        """
        log = await self.messages(chat_id)
        deadline = asyncio.get_running_loop().time() + timeout
        while not condition(log):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise TimeoutError(f"chat {chat_id} shows {[m.body for m in log.present]}")
            news = await self.messages(chat_id, after=log.version, wait=min(left, _LONGEST_POLL))
            log = _merged(log, news)
        return log

    async def wait_for_message(
        self,
        chat_id: int,
        predicate: Callable[[MessageView], bool],
        timeout: float = 10.0,  # noqa: ASYNC109 - the server's long poll spends it
        *,
        after: int = 0,
    ) -> MessageView:
        """Wait until the bot shows such a message, new or edited; the latest one is given.

        Args:
            chat_id: The chat.
            predicate: Whether a present message of the bot is meant.
            timeout: Seconds.
            after: Only messages with a larger id.

        Raises:
            TimeoutError: None comes in time.
        """

        def matching(log: ChatLog) -> list[MessageView]:
            bots = (each for each in log.present if each.from_bot and each.message_id > after)
            return [each for each in bots if predicate(each)]

        return matching(await self.wait_for(chat_id, lambda log: bool(matching(log)), timeout))[-1]

    async def download(self, file_id: str) -> bytes:
        """A file's bytes."""
        answer = await self._request("GET", f"/control/files/{file_id}")
        return answer.content

    async def stats(self) -> Stats:
        """Counts since the start or the last reset."""
        return await self._get(Stats, "/control/stats")

    # Outages, delivery, the clock

    async def order_fault(self, kind: FaultKind, **details: Any) -> None:
        """Let the next calls fail; the details are `Fault`'s fields."""
        await self._request("POST", "/control/faults", Fault(kind=kind, **details))

    async def faults(self) -> list[Fault]:
        """What is on order, each with the times that are left."""
        return _FAULTS.validate_json((await self._request("GET", "/control/faults")).content)

    async def people(self) -> list[PersonView]:
        """Everybody with a phone."""
        return _PEOPLE.validate_json((await self._request("GET", "/control/people")).content)

    async def clear_faults(self) -> None:
        """Call off all outages on order."""
        await self._request("DELETE", "/control/faults")

    async def redeliver(self, update_id: int) -> None:
        """Deliver a past update again under its old id."""
        await self._request("POST", f"/control/updates/{update_id}/redeliver")

    async def pause_delivery(self) -> None:
        """Hold updates back."""
        await self._request("POST", "/control/delivery/pause")

    async def resume_delivery(self) -> None:
        """Let updates through again."""
        await self._request("POST", "/control/delivery/resume")

    async def set_pace(self, pace: Pace) -> None:
        """Change the webhook's timeout and the delays of repeats."""
        await self._request("PUT", "/control/delivery/pace", pace)

    async def set_limits(self, *, enabled: bool) -> None:
        """Let Telegram's flood limits hold, or not; they do not by default."""
        await self._request("PUT", "/control/limits", Limits(enabled=enabled))

    async def advance_clock(self, seconds: float) -> None:
        """Turn the sandbox's clock forward: message dates and the age of questions."""
        await self._request("POST", "/control/clock", Turn(seconds=seconds))

    async def reset(self) -> None:
        """Forget people, chats, faults and counts; webhook and bot profile stay."""
        await self._request("POST", "/control/reset")

    # Speaking HTTP

    async def _get(
        self, view: type[ViewT], path: str, query: dict[str, Any] | None = None, wait: float = 0
    ) -> ViewT:
        answer = await self._request("GET", path, query=query, wait=wait)
        return view.model_validate_json(answer.content)

    async def _post(
        self, view: type[ViewT], path: str, body: BaseModel | None = None, wait: float = 0
    ) -> ViewT:
        return await self._ask(view, "POST", path, body, wait)

    async def _ask(
        self,
        view: type[ViewT],
        method: str,
        path: str,
        body: BaseModel | None = None,
        wait: float = 0,
    ) -> ViewT:
        answer = await self._request(method, path, body, wait=wait)
        return view.model_validate_json(answer.content)

    async def _request(
        self,
        method: str,
        path: str,
        body: BaseModel | None = None,
        *,
        query: dict[str, Any] | None = None,
        wait: float = 0,
    ) -> httpx.Response:
        answer = await self._http.request(
            method,
            path,
            params=query,
            content=body.model_dump_json() if body else None,
            headers={"Content-Type": "application/json"} if body else None,
            timeout=max(self._timeout, wait + _MARGIN),
        )
        return _accepted(answer)

    async def _upload(
        self, chat_id: int, name: str, content: bytes, form: dict[str, Any]
    ) -> MessageView:
        path = f"/control/chats/{chat_id}/files"
        answer = await self._http.post(path, data=form, files={"file": (name, content)})
        return MessageView.model_validate_json(_accepted(answer).content)


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise Refused(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
    return answer


def _merged(log: ChatLog, news: ChatLog) -> ChatLog:
    messages = {message.message_id: message for message in (*log.messages, *news.messages)}
    ordered = tuple(messages[message_id] for message_id in sorted(messages))
    return news.model_copy(update={"messages": ordered})
