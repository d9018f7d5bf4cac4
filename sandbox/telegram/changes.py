"""A version that counts up at every change, and waiting for the next one."""

import asyncio


class Changes:
    """What long polls and event streams wait on; nobody sleeps and looks again."""

    def __init__(self, wider: "Changes | None" = None) -> None:
        """Args: `wider` is told of every change too, as the world is of a chat's."""
        self.version = 0
        self.is_closed = False
        self._wider = wider
        self._next = asyncio.Event()

    def bump(self) -> int:
        """Note a change, wake everyone who waits, answer the new version."""
        self.version += 1
        self._next.set()
        self._next = asyncio.Event()
        if self._wider is not None:
            self._wider.bump()
        return self.version

    def close(self) -> None:
        """End all waiting: the server stops."""
        self.is_closed = True
        self.bump()

    async def after(self, version: int, wait: float) -> bool:
        """Wait until the version is past `version`, at most `wait` seconds.

        Returns:
            Whether it is; at once, and False, when the server stops.
        """
        try:
            async with asyncio.timeout(wait):
                while self.version <= version and not self.is_closed:
                    await self._next.wait()
        except TimeoutError:
            return False
        return self.version > version
