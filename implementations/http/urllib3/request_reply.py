"""Request/reply over HTTP/1.1: urllib3 asks, aiohttp serves."""

from urllib.parse import urlsplit

from aiohttp import web
from limits import MAX_LENGTH, allowed
from urllib3 import HTTPConnectionPool


def serve(address, handle):
    async def reply(request):
        return web.Response(body=handle(await request.read()))

    app = web.Application(client_max_size=MAX_LENGTH)
    app.router.add_post("/", reply)
    url = urlsplit(address)
    web.run_app(app, host=url.hostname, port=url.port, access_log=None, print=None)


def call(address, requests):
    url = urlsplit(address)
    server = HTTPConnectionPool(url.hostname, url.port, retries=False)
    for request in requests:
        allowed(len(request))
        reply = server.urlopen("POST", "/", body=request)
        if reply.status != 200:
            raise ConnectionError(f"{reply.status} {reply.reason}")
        yield reply.data
