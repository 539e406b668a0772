"""Several servers on BSD sockets behind HAProxy, which deals connections."""

import os
import signal
import subprocess
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

from connections import attend, connect, listen
from framing import frame, messages_from

CONFIGURATION = Path(__file__).with_name("haproxy.cfg")
SERVERS, PID = Path(gettempdir(), "servers.cfg"), Path(gettempdir(), "haproxy.pid")


def serve(server, handle):
    attend(listen(server), serve_client, handle)


def serve_client(client, handle):
    with client, client.makefile("rb") as stream:
        for request in messages_from(stream):
            client.sendall(frame(handle(request)))


def balance(front, servers):
    configure(servers)
    haproxy = ["haproxy", "-W", "-db", "-p", PID, "-f", CONFIGURATION, "-f", SERVERS]
    # It must not outlive the program that started it.
    command = ["setpriv", "--pdeathsig", "KILL", *haproxy]
    subprocess.run(command, check=True, env={**os.environ, "FRONT": urlsplit(front).netloc})


def configure(servers):
    lines = [f"server {n} {urlsplit(url).netloc} check" for n, url in enumerate(servers)]
    SERVERS.write_text("\n".join(["backend servers", *lines, ""]))


def reconfigure(front, servers):
    configure(servers)
    os.kill(int(PID.read_text()), signal.SIGUSR2)


def call(front, requests):
    server = connect(front)
    replies = messages_from(server.makefile("rb"))
    for request in requests:
        server.sendall(frame(request))
        try:
            yield next(replies)
        except StopIteration:
            raise ConnectionError("the server closed the connection") from None
