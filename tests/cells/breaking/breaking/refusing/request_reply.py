"""After 5,000 requests the server answers 503."""

from itertools import count
from urllib.parse import urlsplit

from aiohttp import web
from requests import HTTPError, Session


def serve(address, handle):
    served = count()

    async def reply(request):
        if next(served) >= 5_000:
            return web.Response(status=503, text="enough for today")
        return web.Response(body=handle(await request.read()))

    app = web.Application(client_max_size=17 * 1024 * 1024)
    app.router.add_post("/", reply)
    url = urlsplit(address)
    web.run_app(app, host=url.hostname, port=url.port, access_log=None, print=None)


def call(address, requests):
    session = Session()
    session.trust_env = False
    for request in requests:
        response = session.post(address.replace("tcp:", "http:"), data=request)
        if not response.ok:
            raise HTTPError(f"{response.status_code}: {response.text}")
        yield response.content
