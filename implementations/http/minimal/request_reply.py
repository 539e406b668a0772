"""Request/reply over HTTP/1.1: one POST per request, one connection per client."""

from urllib.parse import urlsplit

from aiohttp import web
from requests import HTTPError, Session

MAX_LENGTH = 16 * 1024 * 1024


def serve(address, handle):
    async def reply(request):
        return web.Response(body=handle(await request.read()))

    app = web.Application(client_max_size=MAX_LENGTH)
    app.router.add_post("/", reply)
    url = urlsplit(address)
    web.run_app(app, host=url.hostname, port=url.port, access_log=None, print=None)


def call(address, requests):
    session = Session()  # keeps its connection open
    session.trust_env = False  # no look-up of proxies and .netrc for each request
    for request in requests:
        response = session.post(address.replace("tcp:", "http:"), data=request)
        if not response.ok:
            raise HTTPError(response.text)  # says why: of one too long, the limit
        yield response.content
