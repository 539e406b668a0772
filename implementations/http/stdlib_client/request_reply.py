"""Request/reply over HTTP/1.1: one POST per request, the standard library's client."""

import asyncio
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from aiohttp import web


async def serve(address, handle):
    async def reply(request):
        return web.Response(body=handle(await request.read()))

    app = web.Application()
    app.router.add_post("/", reply)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()
    await asyncio.Event().wait()


def call(address, requests):
    connection = HTTPConnection(urlsplit(address).netloc)  # sets TCP_NODELAY itself
    for request in requests:
        connection.request("POST", "/", body=request)
        response = connection.getresponse()
        reply = response.read()
        if response.status != 200:
            raise HTTPException(f"{response.status} {response.reason}")
        yield reply
