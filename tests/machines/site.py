"""A site far away: `python -IS site.py ADDRESS...`, until it is killed. Standard library only.

It answers DNS questions, tells callers their own address over HTTP, and takes and gives as many
bytes as they like.
"""

import http.server
import socket
import socketserver
import sys
import threading


class Resolver(socketserver.BaseRequestHandler):
    """Repeats the question as an answer without records."""

    def handle(self) -> None:
        data, sock = self.request
        sock.sendto(data[:2] + b"\x80\x00" + data[4:], self.client_address)


class Mirror(http.server.BaseHTTPRequestHandler):
    """Says who called."""

    def do_GET(self) -> None:
        """`/bytes/1000` are a thousand of them."""
        _, _, size = self.path.partition("/bytes/")
        self._answer(bytes(int(size)) if size else self.client_address[0].encode())

    def do_POST(self) -> None:
        taken = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(str(len(taken)).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quietly."""


def family_of(address: str) -> socket.AddressFamily:
    """IPv4's or IPv6's."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def open_site(address: str) -> None:
    """Answer at this address, in threads of its own."""
    family = family_of(address)
    names = type("Names", (socketserver.ThreadingUDPServer,), {"address_family": family})
    pages = type("Pages", (http.server.ThreadingHTTPServer,), {"address_family": family})
    for server in (names((address, 53), Resolver), pages((address, 80), Mirror)):
        threading.Thread(target=server.serve_forever).start()


if __name__ == "__main__":
    for each in sys.argv[1:]:
        open_site(each)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
