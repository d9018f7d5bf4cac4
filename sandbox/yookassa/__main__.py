"""Start the sandbox: `python -m sandbox.yookassa --port 0 --shop-id ID --secret-key KEY`."""

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from sandbox.ports import IDLE_SECONDS
from sandbox.yookassa.app import build_app
from sandbox.yookassa.checkout import AfterDecline
from sandbox.yookassa.connections import BreakableProtocol
from sandbox.yookassa.shop import ShopSettings

HOST = "127.0.0.1"
"""Loopback only: the sandbox has no business anywhere else."""


class Server(uvicorn.Server):
    """Says where it listens, and leaves signals to `serve`."""

    address: str = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell whoever started the process."""
        await super().startup(sockets)
        sys.stdout.write(f"listening on {self.address}\n")
        sys.stdout.flush()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: uvicorn would raise the signal again and so spoil the exit code."""
        yield


async def serve(listener: socket.socket, settings: ShopSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        build_app(settings),
        http=BreakableProtocol,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=IDLE_SECONDS,
    )
    server = Server(config)
    server.address = settings.base_url
    for stop in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stop, setattr, server, "should_exit", True)
    await server.serve(sockets=[listener])


def main() -> None:
    """Read the command line and serve."""
    arguments = _arguments()
    with _listener(arguments.port) as listener:
        settings = ShopSettings(
            shop_id=arguments.shop_id,
            secret_key=arguments.secret_key,
            base_url=f"http://{HOST}:{listener.getsockname()[1]}",
            notify_url=arguments.notify_url,
            after_decline=AfterDecline(arguments.after_decline),
            shop_name=arguments.shop_name,
        )
        asyncio.run(serve(listener, settings))


def _listener(port: int) -> socket.socket:
    # IPPROTO_TCP by name: asyncio turns Nagle's algorithm off only for sockets that say it, and
    # with it on each answer waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        sys.exit(f"Cannot listen on {HOST}:{port}: {error.strerror}. Choose another --port, or 0.")
    listener.listen(512)
    return listener


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox.yookassa", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any free port")
    parser.add_argument("--shop-id", required=True)
    parser.add_argument("--secret-key", required=True)
    parser.add_argument("--shop-name", help="what the payment page calls the shop")
    parser.add_argument("--notify-url", help="where notifications go")
    parser.add_argument(
        "--after-decline",
        choices=[choice.value for choice in AfterDecline],
        default=AfterDecline.CANCEL.value,
        help="what a declined card does to its payment",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
