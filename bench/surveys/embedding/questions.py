"""The twelve questions: each is a function that makes an experiment and answers in words.

Answers are rounded to seconds or to powers of two, so that a second survey gives the same.
No experiment waits longer than ``PATIENCE_S`` for anything.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from urllib.parse import urlsplit

from bench.surveys.embedding.asking import (
    MESSAGE,
    PATIENCE_S,
    SHORT_S,
    Asked,
    ServerAnswer,
    ending,
    first_word,
    not_applicable,
    waited,
    wrong,
)
from bench.surveys.embedding.limits import max_body, max_header
from bench.surveys.embedding.running import NotServing, Running
from bench.surveys.embedding.speech import Gone, Http, Speech, ask

SOON_S = 5.0
"""A program that stops within so many seconds did not wait for its clients."""
CLIENTS = 8
IPV6 = "tcp://[::1]:0"
YES, NO = "yes", "no"


def keep_alive(asked: Asked, server: Running) -> ServerAnswer:
    with asked.client(server) as sock:
        for _ in range(2):
            try:
                if said := wrong(ask(asked.speech, sock, MESSAGE), MESSAGE):
                    return ServerAnswer(said)
            except Gone:
                return ServerAnswer("closed at once")
        return ServerAnswer(waited(ending(sock, PATIENCE_S)[0]))


def header_timeout(asked: Asked, server: Running) -> ServerAnswer:
    with server.connected() as sock:
        sock.sendall(asked.speech.half)
        after_s, said = ending(sock, PATIENCE_S)
        status = first_word(said) if asked.speech.has_header else ""
        return ServerAnswer(waited(after_s) + (f", {status}" if status else ""))


def concurrency(asked: Asked, server: Running) -> ServerAnswer:
    """Eight clients have sent part of a request: is another served, and by new threads?"""
    part = asked.speech.request(MESSAGE)[:-1]
    if said := asked.asks(server):  # some servers start threads with the first client
        return ServerAnswer(said)
    with contextlib.ExitStack() as opened:
        before = server.threads()
        for _ in range(CLIENTS):
            opened.enter_context(asked.client(server)).sendall(part)
        held_up = asked.asks(server)
        more = server.threads() - before
    each = "a thread for each" if more >= CLIENTS / 2 else "no further thread"
    return ServerAnswer(
        each + (f", slow ones hold up others: {held_up}" if held_up else "")
    )


def disconnect(asked: Asked, server: Running) -> ServerAnswer:
    """Reset a client in the middle of its request, and a client before it reads its reply.

    The output of the program is a note: a log does not show which clients are served.
    """
    whole = asked.speech.request(MESSAGE)
    asked.asks(server)
    before = len(server.printed())
    for sent in (whole[:-1], whole):
        with asked.client(server) as sock:
            sock.sendall(sent)
            time.sleep(SHORT_S / 10)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(SHORT_S / 2)
    printed = server.last_word(before)
    if server.process.poll() is not None:
        return ServerAnswer("the program ends", printed)
    said = asked.asks(server)
    return ServerAnswer(f"serves nobody else: {said}" if said else "serves on", printed)


def bad_request(asked: Asked, server: Running) -> ServerAnswer:
    with server.connected() as sock:
        sock.sendall(asked.speech.nonsense)
        after_s, said = ending(sock, 2 * SHORT_S)
    closed = "closed" if after_s is not None else f"left open for {2 * SHORT_S:.0f} s"
    served = asked.asks(server)
    told = f"{came_back(asked.speech, said)}, {closed}"
    return ServerAnswer(told + (f"; serves nobody else: {served}" if served else ""))


def came_back(speech: Speech, said: bytes) -> str:
    """Return the reaction of the server to bytes that are no request, in words."""
    if not said:
        return "nothing"
    if speech.has_header:
        return first_word(said)
    if speech.greeting and said.startswith(speech.greeting):
        return "its greeting"
    return "echoed" if speech.nonsense in said else "other bytes"


def head(asked: Asked, server: Running) -> ServerAnswer:
    if not isinstance(asked.speech, Http):
        return not_applicable("it has no methods")
    with server.connected() as sock:
        sock.sendall(b"HEAD / HTTP/1.1\r\nHost: here\r\n\r\n")
        _, said = ending(sock, SHORT_S)
    _, _, body = said.partition(b"\r\n\r\n")
    return ServerAnswer(
        (first_word(said) or "no reply") + (", with a body" if body else "")
    )


def _serves_at(asked: Asked, address: str) -> ServerAnswer:
    try:
        with asked.running(address) as server:
            said = asked.asks(server)
            return ServerAnswer(said or YES)
    except NotServing as error:
        return ServerAnswer(NO, str(error))


def has_ipv6() -> bool:
    """Return whether this machine has the loopback address of IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def ipv6(asked: Asked) -> ServerAnswer:
    if not has_ipv6():
        return not_applicable("this machine has no IPv6")
    return _serves_at(asked, IPV6)


def unix_socket(asked: Asked) -> ServerAnswer:
    return _serves_at(asked, f"ipc://{asked.folder}/echo.sock")


def stop(asked: Asked) -> tuple[ServerAnswer, float | None]:
    """Stop the server while one client is idle and one is in the middle of a request.

    Returns the answer, and the milliseconds until the program ended.
    """
    with (
        asked.running() as server,
        asked.client(server) as idle,
        asked.client(server) as halfway,
    ):
        ask(asked.speech, idle, MESSAGE)
        halfway.sendall(asked.speech.request(MESSAGE)[:-1])
        time.sleep(SHORT_S / 10)
        took_s = server.stop(PATIENCE_S)
        if took_s is None:
            return ServerAnswer(f"not within {PATIENCE_S:.0f} s"), None
        status = server.process.returncode
        if status:
            return ServerAnswer(
                f"the program ends with status {status}", server.last_word()
            ), None
        said = YES if took_s < SOON_S else f"yes, after {took_s:.0f} s"
        return ServerAnswer(said), took_s * 1e3


def port_0(asked: Asked, server: Running) -> ServerAnswer:
    if not urlsplit(server.address).port:
        return ServerAnswer("it does not know", server.address)
    return ServerAnswer(asked.asks(server) or "it knows")


PATIENT = {"keep_alive": keep_alive, "header_timeout": header_timeout}
"""Questions whose experiments wait; they run at the same time."""
QUICK = {
    "max_body": max_body,
    "max_header": max_header,
    "concurrency": concurrency,
    "disconnect": disconnect,
    "bad_request": bad_request,
    "head": head,
    "port_0": port_0,
}
ELSEWHERE = {"ipv6": ipv6, "unix_socket": unix_socket}
"""Questions that need the server at another address."""
