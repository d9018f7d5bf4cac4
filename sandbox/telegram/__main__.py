"""`python -m sandbox.telegram --port 8081 --token 1:abc`: the sandbox as a process."""

import argparse
import asyncio
import re
import signal
import socket
import tempfile
from pathlib import Path

from sandbox.telegram.server import SandboxServer, build_server, listen

_TOKEN = re.compile(r"[1-9]\d*:[A-Za-z0-9_-]+")


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise argparse.ArgumentTypeError("a token looks like 123456:ABC-def")
    return text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.telegram", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="leave it on loopback")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token", type=_token, required=True, help="the bot's token")
    parser.add_argument(
        "--data", type=Path, help="where files are kept; a temporary place if left out"
    )
    return parser.parse_args()


def _serve(arguments: argparse.Namespace, data: Path) -> None:
    listening = listen(arguments.host, arguments.port)
    server = build_server(arguments.token, data)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(_announced(server, listening))


async def _announced(server: SandboxServer, listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, setattr, server, "should_exit", True)
    serving = asyncio.create_task(server.serve([listening]))
    await server.ready.wait()
    if server.started:
        host, port = listening.getsockname()[:2]
        print(f"listening on http://{host}:{port}", flush=True)  # noqa: T201 - the promised line
    await serving


def main() -> None:
    """Serve until a signal ends it."""
    arguments = _arguments()
    if arguments.data is not None:
        arguments.data.mkdir(parents=True, exist_ok=True)
        _serve(arguments, arguments.data)
        return
    with tempfile.TemporaryDirectory(prefix="telegram-sandbox-") as place:
        _serve(arguments, Path(place))


if __name__ == "__main__":
    main()
