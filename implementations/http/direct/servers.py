"""Several servers over HTTP/1.1, without a middle: clients go round, past who is gone."""

import asyncio
from itertools import cycle, islice

from aiohttp import web
from limits import MAX_LENGTH
from requests import ConnectionError as Failed
from requests import Session
from server import listen
from urllib3.exceptions import NewConnectionError


async def serve(server, handle):
    async def reply(request):
        body = await request.read()
        return web.Response(body=await asyncio.to_thread(handle, body))

    await listen(server, web.post("/", reply), client_max_size=MAX_LENGTH)
    await asyncio.Event().wait()


def call(servers, requests):
    session = Session()  # keeps a connection to each open
    session.trust_env = False  # no look-up of proxies and .netrc for each request
    turn = cycle([server.replace("tcp:", "http:") for server in servers])
    for request in requests:
        response = ask(session, islice(turn, len(servers)), request)
        response.raise_for_status()  # an error is an answer, too: no other server is asked
        yield response.content


def ask(session, servers, request):
    for server in servers:
        try:
            return session.post(server, data=request)
        except Failed as error:
            if not isinstance(getattr(error.args[0], "reason", None), NewConnectionError):
                raise  # it may have come: asked again it could be handled twice
    raise ConnectionError("no server answers")
