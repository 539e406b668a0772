"""Messages over HTTPS: each is the body of a POST."""

import asyncio
import ssl
from urllib.parse import urlsplit

import requests
from aiohttp import web


async def collect(address, keys):
    inbox = asyncio.Queue(maxsize=100)

    async def take(request):
        await inbox.put(await request.read())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    url = urlsplit(address)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(keys / "server.pem", keys / "server.key.pem")
    await web.TCPSite(runner, url.hostname, url.port, ssl_context=tls).start()
    while True:
        yield await inbox.get()


def send(address, keys, message):
    response = requests.post(
        address.replace("tcp:", "https:"),
        data=message,
        timeout=5,
        verify=keys / "server.pem",
    )
    response.raise_for_status()
