"""The customers: those with a phone who are not staff, and one who waits for each visitor."""

from datetime import UTC, datetime

from sandbox.control_room.views import CustomerView, Guest
from sandbox.telegram.client import TelegramSandbox

GUESTS = {"en": "Anna", "ru": "Анна"}
"""Who is introduced for a visitor of each language."""


class People:
    """Who there is in the Telegram sandbox."""

    def __init__(self, telegram: TelegramSandbox, staff_chat: int) -> None:
        self._telegram = telegram
        self._staff_chat = staff_chat
        self._last_guest = 0

    async def customers(self) -> tuple[CustomerView, ...]:
        """Everybody but the staff, in the order in which they came."""
        staff = {member.id for member in (await self._telegram.chat(self._staff_chat)).members}
        return tuple(
            CustomerView(
                user_id=person.user.id,
                name=person.user.first_name,
                language=person.user.language_code,
                has_started=person.has_started,
                has_blocked=person.has_blocked,
            )
            for person in await self._telegram.people()
            if person.user.id not in staff
        )

    async def invite_guests(self) -> tuple[Guest, ...]:
        """Give a phone to a customer for each language; the shop does not know them yet.

        Their ids come from the clock, because the shop remembers the customers of earlier starts.
        """
        guests = []
        for language, name in GUESTS.items():
            now = int(datetime.now(UTC).timestamp())
            self._last_guest = max(self._last_guest + 1, now)
            guest = Guest(language=language, user_id=self._last_guest)
            await self._telegram.introduce(guest.user_id, name, language_code=language)
            guests.append(guest)
        return tuple(guests)
