"""A site far away: `python -IS site.py ADDRESS`, until it is killed. Standard library only.

It answers DNS questions, and tells callers their own address over HTTP.
"""

import http.server
import socketserver
import sys
import threading

ADDRESS = sys.argv[1]


class Resolver(socketserver.BaseRequestHandler):
    """Repeats the question as an answer without records."""

    def handle(self) -> None:
        data, sock = self.request
        sock.sendto(data[:2] + b"\x80\x00" + data[4:], self.client_address)


class Mirror(http.server.BaseHTTPRequestHandler):
    """Says who called."""

    def do_GET(self) -> None:
        body = self.client_address[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quietly."""


if __name__ == "__main__":
    resolver = socketserver.ThreadingUDPServer((ADDRESS, 53), Resolver)
    threading.Thread(target=resolver.serve_forever, daemon=True).start()
    mirror = http.server.ThreadingHTTPServer((ADDRESS, 80), Mirror)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    mirror.serve_forever()
