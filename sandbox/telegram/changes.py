"""A version that counts up at every change, and waiting for the next one."""

import asyncio


class Changes:
    """What long polls and event streams wait on; nobody sleeps and looks again."""

    def __init__(self, wider: "Changes | None" = None) -> None:
        """Args: `wider` is told of every change too, as the world is of a chat's."""
        self.version = 0
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

    async def after(self, version: int, wait: float) -> bool:
        """Wait until the version is past `version`, at most `wait` seconds.

        Returns:
            Whether it is.
        """
        try:
            async with asyncio.timeout(wait):
                while self.version <= version:
                    await self._next.wait()
        except TimeoutError:
            return False
        return True
