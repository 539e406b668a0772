"""Request/reply over HTTP/1.1 with nginx in the middle, which is all that clients know."""

import asyncio
from urllib.parse import urlsplit

import nginx
import requests as http
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


def proxy(front, back):
    nginx.run(front, back)


def call(address, requests):
    url = address.replace("tcp:", "http:")
    session = http.Session()  # keeps the connection open between requests
    session.trust_env = False  # no look-up of proxies and .netrc for each request
    for request in requests:
        response = session.post(url, data=request)
        response.raise_for_status()
        yield response.content
