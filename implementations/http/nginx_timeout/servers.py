"""Several servers over HTTP/1.1 behind nginx, which drops one that is a second late.

The request that found out gets an error: sent again it could be handled twice.
"""

import asyncio
from pathlib import Path

import upstream
from aiohttp import web
from limits import MAX_LENGTH
from requests import Session
from server import listen

CONFIGURATION = Path(__file__).with_name("nginx.conf")


async def serve(server, handle):
    async def reply(request):
        body = await request.read()
        return web.Response(body=await asyncio.to_thread(handle, body))

    await listen(server, web.post("/", reply), client_max_size=MAX_LENGTH)
    await asyncio.Event().wait()


def balance(front, servers):
    upstream.run(CONFIGURATION, front, servers)


def reconfigure(front, servers):
    upstream.reload(servers)


def call(front, requests):
    session = Session()  # keeps its connection open
    session.trust_env = False  # no look-up of proxies and .netrc for each request
    for request in requests:
        response = session.post(front.replace("tcp:", "http:"), data=request)
        response.raise_for_status()
        yield response.content
