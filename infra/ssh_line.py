"""Everything that the shop holds towards one server: a few threads and a few connections."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import paramiko

from domain.errors import ServerUnavailable
from infra.admission import Admission, LineLimits
from infra.ssh import (
    CommandOutput,
    ConnectionLost,
    Deadline,
    SshConnection,
    SshEndpoint,
    SshTimeouts,
)


class _Call:
    """One call's grip on its connection, so that whoever waits for it can let go."""

    def __init__(self) -> None:
        self._connection: SshConnection | None = None
        self._is_abandoned = False

    def holds(self, connection: SshConnection) -> None:
        """From the thread. The order of the two steps, here and below, leaves no gap."""
        self._connection = connection
        if self._is_abandoned:
            connection.abort()

    def abandon(self) -> None:
        """From the event loop: end whatever the thread waits for."""
        self._is_abandoned = True
        if self._connection is not None:
            self._connection.abort()


class ServerLine:
    """Runs one command on one server, again and again, for as many callers as it has room for.

    The threads are the server's own, so a server that hangs delays only itself. A connection
    serves one call at a time and is kept for the next only when all went well.
    """

    def __init__(
        self,
        command: str,
        endpoint: SshEndpoint,
        private_key: paramiko.PKey,
        timeouts: SshTimeouts,
        limits: LineLimits,
    ) -> None:
        self.endpoint = endpoint
        self._command = command
        self._private_key = private_key
        self._timeouts = timeouts
        self._threads = ThreadPoolExecutor(limits.calls, f"ssh-{endpoint.name}")
        self._admission = Admission(endpoint.name, limits)
        self._lock = threading.Lock()
        self._idle: list[SshConnection] = []
        self._calls: set[_Call] = set()
        self._is_closed = False

    async def run(self, stdin: bytes) -> CommandOutput:
        """Send an input and wait for the output; the command may run twice.

        Raises:
            ServerUnavailable: no output within `SshTimeouts.call`; it may have run all the same.
                Or it was not let in, as `Admission.call` says.
            ServerRefused: another machine answered, or our key is not let in.
        """
        if self._is_closed:
            raise self._unavailable("the shop is stopping")
        with self._admission.call():
            return await self._answer(stdin)

    async def _answer(self, stdin: bytes) -> CommandOutput:
        call = _Call()
        self._calls.add(call)
        deadline = Deadline(self._timeouts.call)
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, self._run, stdin, deadline, call)
        try:
            async with asyncio.timeout(self._timeouts.call):
                return await running
        except TimeoutError as error:
            raise self._unavailable(f"no answer in {self._timeouts.call:g} s") from error
        finally:
            self._calls.discard(call)
            if running.cancelled():
                call.abandon()

    def close(self) -> None:
        """Drop the connections and take no more calls; those under way end with an error."""
        with self._lock:
            self._is_closed = True
            for connection in self._idle:
                connection.abort()
            self._idle.clear()
        for call in self._calls:
            call.abandon()
        self._threads.shutdown(wait=False)

    def _run(self, stdin: bytes, deadline: Deadline, call: _Call) -> CommandOutput:
        """Use a held connection if one stands; when it turns out dead, a new one, once."""
        held = self._take_held()
        if held is not None:
            try:
                return self._run_on(held, stdin, deadline, call)
            except ConnectionLost:
                pass  # It had died while nobody looked; a repeat is harmless.
        fresh = SshConnection.open(self.endpoint, self._private_key, self._timeouts, deadline)
        return self._run_on(fresh, stdin, deadline, call)

    def _take_held(self) -> SshConnection | None:
        """The connection used last, past those known to be dead."""
        with self._lock:
            if self._is_closed:
                raise self._unavailable("the shop is stopping")
            while self._idle:
                connection = self._idle.pop()
                if connection.is_alive:
                    return connection
                connection.close()
        return None

    def _run_on(
        self, connection: SshConnection, stdin: bytes, deadline: Deadline, call: _Call
    ) -> CommandOutput:
        call.holds(connection)
        try:
            output = connection.run(self._command, stdin, self._timeouts, deadline)
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if self._is_closed:
                connection.abort()
            else:
                self._idle.append(connection)
        return output

    def _unavailable(self, reason: str) -> ServerUnavailable:
        return ServerUnavailable(f"{self.endpoint.name} is not available: {reason}")
