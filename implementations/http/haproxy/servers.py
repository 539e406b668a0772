"""Several servers over HTTP/1.1 behind HAProxy: a request waits until one is free.

A server that refuses is left out, since it would always be free.
"""

import asyncio
import os
import signal
import subprocess
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

from aiohttp import web
from limits import MAX_LENGTH
from requests import Session
from server import listen

CONFIGURATION = Path(__file__).with_name("haproxy.cfg")
SERVERS, PID = Path(gettempdir(), "servers.cfg"), Path(gettempdir(), "haproxy.pid")


async def serve(server, handle):
    async def reply(request):
        body = await request.read()
        return web.Response(body=await asyncio.to_thread(handle, body))

    await listen(server, web.post("/", reply), client_max_size=MAX_LENGTH)
    await asyncio.Event().wait()


def balance(front, servers):
    configure(servers)
    haproxy = ["haproxy", "-W", "-db", "-p", PID, "-f", CONFIGURATION, "-f", SERVERS]
    # It must not outlive the program that started it.
    command = ["setpriv", "--pdeathsig", "KILL", *haproxy]
    front = {"FRONT": urlsplit(front).netloc}
    subprocess.run(command, check=True, env={**os.environ, **front})


def configure(servers):
    lines = [f"server {n} {urlsplit(url).netloc}" for n, url in enumerate(servers)]
    SERVERS.write_text("\n".join(["backend servers", *lines, ""]))


def reconfigure(front, servers):
    configure(servers)
    os.kill(int(PID.read_text()), signal.SIGUSR2)


def call(front, requests):
    session = Session()  # keeps its connection open
    session.trust_env = False  # no look-up of proxies and .netrc for each request
    for request in requests:
        response = session.post(front.replace("tcp:", "http:"), data=request)
        response.raise_for_status()
        yield response.content
