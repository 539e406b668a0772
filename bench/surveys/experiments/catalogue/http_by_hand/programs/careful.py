"""An HTTP/1.1 server on sockets, by hand, that follows RFC 9112 where strangers test it.

It answers each request with its body. A request that two servers could understand in two
ways is refused, since a proxy in front may have understood it in the other way.
"""

import re
import socket
import threading

HEAD_BYTES, BODY_BYTES, SECONDS = 16384, 1 << 20, 2.0
REQUEST = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP/(\d)\.(\d)")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
LENGTH = re.compile(rb"[0-9]{1,18}")
REASONS = {
    200: b"OK",
    400: b"Bad Request",
    408: b"Request Timeout",
    413: b"Content Too Large",
    417: b"Expectation Failed",
    431: b"Request Header Fields Too Large",
    501: b"Not Implemented",
    505: b"HTTP Version Not Supported",
}


class Refused(Exception):
    """A request that gets an error; its connection ends."""


class Request:
    """The head of a request."""

    def __init__(self, line, fields):
        version = REQUEST.fullmatch(line)
        if not version:
            raise Refused(400)
        if version[1] != b"1":
            raise Refused(505)
        self.is_head = line.startswith(b"HEAD ")
        self.is_old = version[2] == b"0"
        self.fields = fields
        hosts = fields.get(b"host", [])
        if len(hosts) > 1 or not (hosts or self.is_old):
            raise Refused(400)

    def values(self, name):
        joined = b",".join(self.fields.get(name, []))
        return [value.strip().lower() for value in joined.split(b",") if value.strip()]

    @property
    def closes(self):
        options = self.values(b"connection")
        return b"close" in options or (self.is_old and b"keep-alive" not in options)


class Connection:
    """One client: requests are read and answered in order."""

    def __init__(self, client):
        self.client = client
        self.received = b""

    def more(self):
        piece = self.client.recv(65536)
        if not piece:
            raise EOFError
        self.received += piece

    def line(self, left):
        while b"\r\n" not in self.received[: left + 2]:
            if len(self.received) > left:
                raise Refused(431)
            self.more()
        found, self.received = self.received.split(b"\r\n", 1)
        return found

    def exactly(self, count):
        while len(self.received) < count:
            self.more()
        found, self.received = self.received[:count], self.received[count:]
        return found

    def fields(self, left):
        found = {}
        while line := self.line(left):
            left -= len(line) + 2
            field = FIELD.fullmatch(line)
            if not field:
                raise Refused(400)
            found.setdefault(field[1].lower(), []).append(field[2].strip())
        return found

    def request(self):
        line = self.line(HEAD_BYTES)
        if not line:  # an empty line before a request is ignored
            line = self.line(HEAD_BYTES)
        return Request(line, self.fields(HEAD_BYTES - len(line)))

    def chunks(self):
        body = b""
        while True:
            size = CHUNK.fullmatch(self.line(HEAD_BYTES))
            if not size:
                raise Refused(400)
            count = int(size[1], 16)
            if len(body) + count > BODY_BYTES:
                raise Refused(413)
            if not count:
                self.fields(HEAD_BYTES)  # trailers, which nobody here asks for
                return body
            body += self.exactly(count)
            if self.exactly(2) != b"\r\n":
                raise Refused(400)

    def body(self, request):
        codings, lengths = (
            request.values(b"transfer-encoding"),
            request.values(b"content-length"),
        )
        if codings and (lengths or request.is_old):
            raise Refused(400)
        if codings and codings != [b"chunked"]:
            raise Refused(501)
        if len(set(lengths)) > 1 or not all(map(LENGTH.fullmatch, lengths)):
            raise Refused(400)
        length = int(lengths[0]) if lengths else 0
        if length > BODY_BYTES:
            raise Refused(413)
        expected = request.values(b"expect")
        if expected and expected != [b"100-continue"]:
            raise Refused(417)
        if expected and not self.received and not request.is_old:
            self.client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return self.chunks() if codings else self.exactly(length)

    def answer(self, status, body=b"", without_body=False, closes=True):
        head = b"HTTP/1.1 %d %s\r\nContent-Length: %d\r\n" % (
            status,
            REASONS[status],
            len(body),
        )
        option = b"Connection: close\r\n" if closes else b""
        self.client.sendall(head + option + b"\r\n" + (b"" if without_body else body))

    def serve(self):
        self.client.settimeout(SECONDS)
        try:
            while True:
                request = self.request()
                body = self.body(request)
                self.answer(200, body, request.is_head, request.closes)
                if request.closes:
                    return
        except Refused as refused:
            self.answer(*refused.args)
        except TimeoutError:
            self.answer(408)
        except (EOFError, ConnectionError):
            return


def served(client):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with client:
        Connection(client).serve()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=served, args=(client,), daemon=True).start()


main()
