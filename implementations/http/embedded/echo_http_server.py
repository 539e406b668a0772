"""The same, with the server of the standard library: a thread for each connection."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


class Echo(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_):
        """Print no line for each request: the terminal is the program's."""


def start(address):
    url = urlsplit(address)
    server = ThreadingHTTPServer((url.hostname, url.port), Echo)
    Thread(target=server.serve_forever).start()

    def stop():
        server.shutdown()  # which waits for the thread
        server.server_close()

    return address.removesuffix(f":{url.port}") + f":{server.server_port}", stop
