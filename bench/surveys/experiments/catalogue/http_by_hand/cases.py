"""The cases: what a client sends, and what RFC 9110 and RFC 9112 let a server do with it.

In a case that ends well, each request gets a reply with its body. A request that has to be
refused gets an error or the end of its connection, and no success.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

CALL_S, PIECE_S, SLOW_S = 2.0, 0.02, 3.0
BODY = b"hello"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
LENGTH = b"Content-Length: 5\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
LONG = b"x" * (1 << 20)
CLOSE = POST + LENGTH + b"Connection: close\r\n\r\n" + BODY
IN_CHUNKS = POST + CHUNKED + b"\r\n" + CHUNKS
WHOLE = POST + LENGTH + b"\r\n" + BODY
HEAD = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")


@dataclass
class Heard:
    """The bytes of a server on one connection, and whether the server has ended it."""

    text: bytes = b""
    closed: bool = False
    heads: int = 0
    """How many replies, from the first, are to HEAD: they have no body."""

    def replies(self) -> Iterator[tuple[int, bytes]]:
        """Yield the status and the body of each whole reply."""
        rest, number = self.text, 0
        while found := HEAD.match(rest):
            status = int(found[1])
            bodiless = status == 100 or number < self.heads
            whole = self._body(found[2].lower(), rest[found.end() :], bodiless)
            if whole is None:
                return
            body, rest = whole
            number += status != 100
            yield status, body

    def _body(
        self, fields: bytes, rest: bytes, bodiless: bool
    ) -> tuple[bytes, bytes] | None:
        """Return the body of a reply, and what follows it; None while it is not whole."""
        if bodiless:
            return b"", rest
        if b"transfer-encoding: chunked" in fields:
            return unchunked(rest)
        if length := re.search(rb"content-length: *(\d+)", fields):
            count = int(length[1])
            return (rest[:count], rest[count:]) if len(rest) >= count else None
        return (rest, b"") if self.closed else None

    @property
    def statuses(self) -> list[int]:
        return [status for status, _ in self.replies()]

    def words(self) -> str:
        """Return the statuses, and how the connection was left, for a table."""
        said = ", ".join(map(str, self.statuses)) or ("no HTTP" if self.text else "nothing")
        return f"{said}; {'closed' if self.closed else 'open'}"


def unchunked(text: bytes) -> tuple[bytes, bytes] | None:
    """Return a chunked body, and what follows it; None while it is not whole."""
    body = b""
    while found := re.match(rb"([0-9A-Fa-f]+)\r\n", text):
        count, text = int(found[1], 16), text[found.end() :]
        if len(text) < count + 2:
            return None
        body, text = body + text[:count], text[count + 2 :]
        if not count:
            return body, text
    return None


Judge = Callable[[Heard], bool]


def echoed(times: int = 1) -> Judge:
    """Return whether so many requests were answered with their body."""
    return lambda heard: [*heard.replies()] == [(200, BODY)] * times


def refused(heard: Heard) -> bool:
    """Return whether there is no success, and an error or the end of the connection."""
    final = [status for status in heard.statuses if status != 100]
    return all(status >= 400 for status in final) and bool(final or heard.closed)


@dataclass(frozen=True)
class Case:
    """``pieces`` are sent one after the other; ``expects`` is how many replies to wait for.

    ``closes``: the server has to end the connection. ``gone``: the client ends its side
    after the last piece. ``waits`` for 100 before the last piece.
    """

    name: str
    pieces: Sequence[bytes]
    right: Judge
    expects: int = 1
    closes: bool = False
    gone: bool = False
    waits: bool = False
    heads: int = 0
    limit_s: float = CALL_S

    def passed(self, heard: Heard) -> bool:
        return self.right(heard) and (heard.closed or not self.closes)


def bad(name: str, head: bytes, body: bytes = BODY) -> Case:
    """Return a case that has to be refused."""
    return Case(name, [head + b"\r\n" + body], refused)


def good(name: str, *pieces: bytes, times: int = 1, closes: bool = False) -> Case:
    """Return a case in which each request is answered."""
    return Case(name, pieces, echoed(times), expects=times, closes=closes)


def head_then_post(heard: Heard) -> bool:
    """HEAD may be refused, but has no body, so that the next reply is understood."""
    found = [*heard.replies()]
    if len(found) == 1 and heard.closed:
        return found[0][0] >= 400
    return len(found) == 2 and found[1] == (200, BODY)


def either(heard: Heard) -> bool:
    """Chunked wins and the connection ends, or the request is refused (RFC 9112, 6.3)."""
    return refused(heard) or (echoed()(heard) and heard.closed)


CASES = (
    good("one request", WHOLE),
    good("a request byte by byte", *(WHOLE[i : i + 1] for i in range(len(WHOLE)))),
    good("two requests in turn", WHOLE, WHOLE, times=2),
    good("two requests in one piece", WHOLE * 2, times=2),
    good("names of fields in lower case", WHOLE.replace(LENGTH, LENGTH.lower())),
    good("Connection: close", CLOSE, closes=True),
    good("HTTP/1.0", WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"), closes=True),
    good("an empty line before the request", b"\r\n" + WHOLE),
    good("a whole URL as target", WHOLE.replace(b" / ", b" http://x/ ")),
    good("an upgrade that is not known", POST + LENGTH + b"Connection: upgrade\r\n"
         b"Upgrade: unknown\r\n\r\n" + BODY),
    good("chunks", IN_CHUNKS),
    good("chunks, then another request", IN_CHUNKS + WHOLE, times=2),
    good("a chunk with an extension, and a trailer",
         POST + CHUNKED + b"\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n"),
    Case("Expect: 100-continue", [POST + LENGTH + b"Expect: 100-continue\r\n\r\n", BODY],
         lambda heard: [*heard.replies()] == [(100, b""), (200, BODY)], 2, waits=True),
    Case("HEAD, then another request", [b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", WHOLE],
         head_then_post, 2, heads=1),
    bad("nonsense", b"NONSENSE\r\n", b""),
    bad("HTTP/9.9", POST.replace(b"1.1", b"9.9") + LENGTH),
    bad("no Host", b"POST / HTTP/1.1\r\n" + LENGTH),
    bad("two Hosts", POST + b"Host: y\r\n" + LENGTH),
    bad("a length in letters", POST + b"Content-Length: five\r\n"),
    bad("a negative length", POST + b"Content-Length: -5\r\n"),
    bad("a length with a sign", POST + b"Content-Length: +5\r\n"),
    bad("a length of 20 digits", POST + b"Content-Length: 99999999999999999999\r\n"),
    bad("two lengths that differ", POST + LENGTH + b"Content-Length: 6\r\n"),
    bad("a space before the colon", POST + b"Content-Length : 5\r\n"),
    bad("a zero byte in a field", POST + LENGTH + b"X: a\x00b\r\n"),
    bad("a transfer coding that is not known", POST + b"Transfer-Encoding: unknown\r\n"),
    bad("chunked twice", POST + b"Transfer-Encoding: chunked, chunked\r\n", CHUNKS),
    bad("a chunk whose size is no number", POST + CHUNKED, b"five\r\nhello\r\n0\r\n\r\n"),
    bad("a chunk longer than its size", POST + CHUNKED, b"2\r\nhello\r\n0\r\n\r\n"),
    bad("a field of 1 MiB", POST + LENGTH + b"X: " + LONG + b"\r\n"),
    bad("a target of 1 MiB", POST.replace(b" / ", b" /" + LONG + b" ") + LENGTH),
    Case("length and chunked", [POST + LENGTH + CHUNKED + b"\r\n" + CHUNKS], either,
         closes=True),
    Case("a body that ends early", [POST + b"Content-Length: 50\r\n\r\n" + BODY], refused,
         gone=True),
    Case("a header that does not end in 3 s", [POST + b"X: "], refused, closes=True,
         limit_s=SLOW_S),
)  # fmt: skip


def tried(case: Case, port: int) -> Heard:
    """Send a case to a server, and return what it says within the time of the case."""
    heard = Heard(heads=case.heads)
    with socket.create_connection(("127.0.0.1", port), CALL_S) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        last = len(case.pieces) - 1
        try:
            for number, piece in enumerate(case.pieces):
                if number == last and case.waits:
                    _hear(sock, heard, 1, False, CALL_S)
                sock.sendall(piece)
                if number < last:
                    _hear(sock, heard, case.expects, False, PIECE_S)
            if case.gone:
                sock.shutdown(socket.SHUT_WR)
        except ConnectionError:  # it has answered before it had read all, and closed
            pass
        _hear(sock, heard, case.expects, case.closes, case.limit_s)
    return heard


def _hear(
    sock: socket.socket, heard: Heard, replies: int, closes: bool, limit_s: float
) -> None:
    """Take what comes until there are so many replies, or the end if it has to come."""
    until_s = time.monotonic() + limit_s
    while not heard.closed and (closes or len(heard.statuses) < replies):
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            return
        sock.settimeout(left_s)
        try:
            piece = sock.recv(65536)
        except TimeoutError:
            return
        except ConnectionError:
            piece = b""
        heard.text += piece
        heard.closed = not piece
