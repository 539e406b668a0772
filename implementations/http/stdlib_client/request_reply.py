"""Request/reply over HTTP/1.1: one POST per request, the standard library's client."""

import asyncio
from http.client import HTTPConnection
from urllib.parse import urlsplit

from aiohttp import web
from answers import answer
from limits import MAX_LENGTH, allowed
from server import listen


async def serve(address, handle):
    async def reply(request):
        return web.Response(body=handle(await request.read()))

    await listen(address, web.post("/", reply), client_max_size=MAX_LENGTH)
    await asyncio.Event().wait()


def call(address, requests):
    connection = HTTPConnection(urlsplit(address).netloc)  # sets TCP_NODELAY itself
    for request in requests:
        allowed(len(request))
        connection.request("POST", "/", body=request)
        yield answer(connection).read()
