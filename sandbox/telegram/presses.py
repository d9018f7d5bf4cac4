"""Presses from the page: each is over at once, and the bot's answer is told when it comes.

A browser opens six connections to a server; presses that held one each until a silent bot answered
would leave none for the page itself.
"""

import asyncio
from collections import deque

from sandbox.telegram.people import Impossible, Phones
from sandbox.telegram.views import Press, PressOutcome
from sandbox.telegram.world import World

_REMEMBERED = 256
"""Answers that a page may be behind."""


class Presses:
    """The presses that wait for an answer, and the latest answers."""

    def __init__(self, world: World, phones: Phones) -> None:
        self.count = 0
        """How many answers there have been."""
        self._world = world
        self._phones = phones
        self._answers: deque[PressOutcome] = deque(maxlen=_REMEMBERED)
        self._waiting: set[asyncio.Task[None]] = set()

    def press(self, chat_id: int, message_id: int, press: Press) -> str:
        """Press a button that calls back.

        Returns:
            The callback query's id.

        Raises:
            Impossible: There is no such button, or it leads elsewhere.
        """
        button = self._phones.find_button(chat_id, message_id, press.text, press.data)
        if button.callback_data is None:
            raise Impossible("this button does not call back", 400)
        query_id = self._phones.press(chat_id, message_id, press.user_id, button.callback_data)
        task = asyncio.create_task(self._await_answer(query_id))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        return query_id

    def answers_after(self, count: int) -> list[PressOutcome]:
        """The answers since there were so many."""
        news = min(self.count - count, len(self._answers))
        return list(self._answers)[len(self._answers) - news :]

    async def _await_answer(self, query_id: str) -> None:
        callbacks = self._world.callbacks
        answer = await callbacks.wait(query_id, callbacks.lifetime.total_seconds())
        self._answers.append(PressOutcome(callback_query_id=query_id, answer=answer))
        self.count += 1
        self._world.changes.bump()
