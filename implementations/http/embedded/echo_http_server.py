"""The same, with the server of the standard library: a thread for each connection."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from threading import Thread


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # by default each reply closes its connection
    wbufsize = -1  # header and body in one piece: by default the body waits for an ACK

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_):
        """Print no line for each request: the terminal is the program's."""


class IPv6Server(ThreadingHTTPServer):
    address_family = AF_INET6


def start(address):
    kind = IPv6Server if ":" in address.host else ThreadingHTTPServer
    server = kind((address.host, address.port), Echo)
    Thread(target=server.serve_forever).start()

    def stop():
        server.shutdown()  # which waits for the thread
        server.server_close()

    return server.server_address, stop
