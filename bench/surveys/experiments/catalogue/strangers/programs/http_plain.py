"""Messages over HTTP: each is the body of a POST."""

import asyncio
from urllib.parse import urlsplit

import requests
from aiohttp import web


async def collect(address, _keys):
    inbox = asyncio.Queue(maxsize=100)

    async def take(request):
        await inbox.put(await request.read())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()
    while True:
        yield await inbox.get()


def send(address, _keys, message):
    response = requests.post(address.replace("tcp:", "http:"), data=message, timeout=5)
    response.raise_for_status()
