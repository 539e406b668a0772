"""Request/reply over HTTP/1.1 that survives its server: a lost reply yields None."""

import asyncio

from aiohttp import web
from limits import MAX_LENGTH, allowed
from requests import RequestException, Session
from requests.adapters import HTTPAdapter
from server import listen
from urllib3 import Retry

TIMEOUT_S = 0.6
BACKOFF_S = 0.1
CONNECT_RETRIES = 7  # the first without back-off


async def serve(address, handle):
    async def reply(request):
        return web.Response(body=handle(await request.read()))

    await listen(address, web.post("/", reply), client_max_size=MAX_LENGTH)
    await asyncio.Event().wait()


def call(address, requests):
    url = address.replace("tcp:", "http:")
    session = Session()  # connects anew when its connection is gone
    session.trust_env = False  # no look-up of proxies and .netrc for each request
    patience = Retry(
        connect=CONNECT_RETRIES, backoff_factor=BACKOFF_S, backoff_max=BACKOFF_S
    )
    session.mount("http://", HTTPAdapter(max_retries=patience))
    for request in requests:
        allowed(len(request))
        try:
            response = session.post(url, data=request, timeout=(BACKOFF_S, TIMEOUT_S))
            response.raise_for_status()
            reply = response.content
        except RequestException:
            reply = None
        yield reply
