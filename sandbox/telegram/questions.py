"""Questions the bot must answer in time: a pressed button, a checkout."""

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sandbox.telegram.clock import Clock

AnswerT = TypeVar("AnswerT")


@dataclass
class _Question(Generic[AnswerT]):
    asked_at: datetime
    answered: "asyncio.Future[AnswerT]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Questions(Generic[AnswerT]):
    """Open questions of one kind; each takes one answer, and only while it is fresh."""

    def __init__(self, clock: Clock, lifetime: timedelta) -> None:
        self.lifetime = lifetime
        self._clock = clock
        self._open: dict[str, _Question[AnswerT]] = {}

    def ask(self) -> str:
        """Open a question and answer its id."""
        question_id = str(secrets.randbits(62))
        self._open[question_id] = _Question(self._clock.now())
        return question_id

    def answer(self, question_id: str, answer: AnswerT) -> bool:
        """Answer it; False where it is unknown, already answered or too old."""
        question = self._open.get(question_id)
        if question is None or question.answered.done():
            return False
        if self._is_too_old(question):
            return False
        question.answered.set_result(answer)
        return True

    async def wait(self, question_id: str, seconds: float) -> AnswerT | None:
        """The answer, or None where none comes in time."""
        question = self._open[question_id]
        try:
            # Shielded: somebody who stops waiting does not take the answer from the bot.
            return await asyncio.wait_for(asyncio.shield(question.answered), seconds)
        except TimeoutError:
            return None
        except asyncio.CancelledError:
            if question.answered.cancelled():  # given up, and not the waiting cancelled
                return None
            raise

    def _is_too_old(self, question: _Question[AnswerT]) -> bool:
        return self._clock.now() - question.asked_at > self.lifetime

    def give_up_old(self) -> None:
        """The clock was turned: whoever waits for an answer that is overdue now gets none."""
        for question in self._open.values():
            if self._is_too_old(question):
                question.answered.cancel()

    def clear(self) -> None:
        """Forget all questions; whoever waits for an answer gets none."""
        for question in self._open.values():
            question.answered.cancel()
        self._open.clear()
