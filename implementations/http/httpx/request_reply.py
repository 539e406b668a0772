"""Request/reply over HTTP/1.1: httpx asks, aiohttp serves."""

from urllib.parse import urlsplit

from aiohttp import web
from httpx import Client
from limits import MAX_LENGTH, allowed


def serve(address, handle):
    async def reply(request):
        return web.Response(body=handle(await request.read()))

    app = web.Application(client_max_size=MAX_LENGTH)
    app.router.add_post("/", reply)
    url = urlsplit(address)
    web.run_app(app, host=url.hostname, port=url.port, access_log=None, print=None)


def call(address, requests):
    url = address.replace("tcp:", "http:")
    with Client(trust_env=False, timeout=None) as client:  # no proxies, no deadline
        for request in requests:
            allowed(len(request))
            yield client.post(url, content=request).raise_for_status().content
