"""Several servers over HTTP/1.1 behind Apache, whose mod_proxy_balancer goes round them."""

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

CONFIGURATION = Path(__file__).with_name("httpd.conf")
FOLDER = Path(gettempdir())


async def serve(server, handle):
    async def reply(request):
        body = await request.read()
        return web.Response(body=await asyncio.to_thread(handle, body))

    await listen(server, web.post("/", reply), client_max_size=MAX_LENGTH)
    await asyncio.Event().wait()


def balance(front, servers):
    configure(servers)
    apache = ["apache2", "-D", "FOREGROUND", "-f", CONFIGURATION]
    # It refuses to serve as root, and must not outlive the program that started it.
    user = ["unshare", "--user", "--map-user=1000", "setpriv", "--pdeathsig", "KILL"]
    places = {"FRONT": urlsplit(front).netloc, "FOLDER": FOLDER}
    subprocess.run([*user, *apache], check=True, env={**os.environ, **places})


def configure(servers):
    lines = [f"BalancerMember {url.replace('tcp:', 'http:')}\n" for url in servers]
    Path(FOLDER, "members.conf").write_text("".join(lines))


def reconfigure(front, servers):
    configure(servers)
    os.kill(int(Path(FOLDER, "apache.pid").read_text()), signal.SIGUSR1)


def call(front, requests):
    session = Session()  # keeps its connection open
    session.trust_env = False  # no look-up of proxies and .netrc for each request
    for request in requests:
        response = session.post(front.replace("tcp:", "http:"), data=request)
        response.raise_for_status()
        yield response.content
