"""The peers that are asked by name: one of each protocol, at an address and a port.

Each answers what it is asked until it is killed.
"""

from __future__ import annotations

import http.server
import socketserver
import sys

PORT = 7000


def serve_sockets(address: str) -> None:
    """Echo single bytes to each client."""

    class Echo(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while piece := self.request.recv(1):
                self.request.sendall(piece)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server((address, PORT), Echo) as server:
        print("listens", flush=True)
        server.serve_forever()


def serve_http(address: str) -> None:
    """Answer each GET, and keep connections open."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((address, PORT), Handler) as server:
        print("listens", flush=True)
        server.serve_forever()


def serve_zmq(address: str) -> None:
    """Echo each request."""
    import zmq

    with zmq.Context() as context, context.socket(zmq.REP) as sock:
        sock.bind(f"tcp://{address}:{PORT}")
        print("listens", flush=True)
        while True:
            sock.send(sock.recv())


SERVE = {"sockets": serve_sockets, "http": serve_http, "zmq": serve_zmq}

if __name__ == "__main__":
    SERVE[sys.argv[1]](sys.argv[2])
