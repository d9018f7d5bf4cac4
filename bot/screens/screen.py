"""A message as it is shown: a text and the buttons under it."""

from aiogram.types import InlineKeyboardMarkup

from bot.buttons import Row
from domain.model import Value


class Screen(Value):
    """A text in Telegram's HTML, at most 4096 characters, and rows of buttons."""

    text: str
    rows: tuple[Row, ...] = ()

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        """The rows as Telegram takes them."""
        if not self.rows:
            return None
        return InlineKeyboardMarkup(inline_keyboard=[list(row) for row in self.rows])

    def under(self, line: str) -> "Screen":
        """The same screen with a line above it."""
        return self.model_copy(update={"text": f"{line}\n\n{self.text}"})
