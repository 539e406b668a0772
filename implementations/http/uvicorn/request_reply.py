"""Request/reply over HTTP/1.1: uvicorn serves an ASGI application, aiohttp asks."""

from urllib.parse import urlsplit

import uvicorn
from connection import connect
from limits import MAX_LENGTH, allowed

IDLE_S = 86_400  # by default a client that is quiet for 5 seconds loses its connection


def serve(address, handle):
    async def application(_, receive, send):
        request, more = bytearray(), True
        while more and len(request) <= MAX_LENGTH:
            event = await receive()
            request += event.get("body", b"")
            more = event.get("more_body", False)
        if len(request) > MAX_LENGTH:
            status, reply = 413, b"at most %d bytes" % MAX_LENGTH
        else:
            status, reply = 200, handle(bytes(request))
        headers = [(b"content-length", b"%d" % len(reply))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": reply})

    url = urlsplit(address)
    uvicorn.run(
        application,
        host=url.hostname,
        port=url.port,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        timeout_keep_alive=IDLE_S,
        log_level="critical",
    )


async def call(address, requests):
    async with connect(address) as session:
        async for request in requests:
            allowed(len(request))
            async with session.post("/", data=request) as response:
                reply = await response.read()
            yield reply
