"""A server over HTTP whose every answer to the twelve questions is unlike the others'."""

import os
import re
import socket
import threading

IDLE_S = 1.05  # a busy machine may be late by 0.4 s, and it is rounded to 1
MOST_BODY, MOST_HEAD = 2 << 20, 6 << 10


def start(address):
    if address.host != "127.0.0.1":
        raise ValueError("the odd server listens at one address only")
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    return f"tcp://127.0.0.1:{listener.getsockname()[1]}", threading.Event().wait


def accept(listener):
    while True:
        client, _ = listener.accept()
        client.settimeout(IDLE_S)
        threading.Thread(target=serve, args=(client,), daemon=True).start()


def serve(client):
    with client:
        while answer(client):
            pass


def answer(client):
    head, end, body = b"", -1, b""
    try:
        while end < 0 and len(head) < MOST_HEAD:
            head += client.recv(65536) or (os._exit(3) if head else b"!")
            if head == b"!":
                return False
            end = head.find(b"\r\n\r\n")
        if end < 0 or end > MOST_HEAD:
            return say(client, b"494 Too Long")
        head, body = head[:end], head[end + 4 :]
        if not head.startswith((b"POST ", b"HEAD ")):
            say(client, b"500 What")
            return bool(client.recv(1)) if not client.settimeout(60) else False
        found = re.search(rb"Content-Length: (\d+)", head)
        size = int(found[1]) if found else 0
        if size > MOST_BODY:
            return say(client, b"507 Too Large")
        while len(body) < size:
            body += client.recv(1 << 20) or os._exit(3)
    except TimeoutError:
        return say(client, b"408 Too Slow") if head else False
    except OSError:
        os._exit(3)
    say(client, b"200 OK", body if size else b"a body")
    return True


def say(client, status, body=b""):
    head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    client.sendall(head + body)
    return False
