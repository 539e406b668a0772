"""Request/reply over HTTP/1.1: libcurl asks, aiohttp serves."""

from urllib.parse import urlsplit

import pycurl
from aiohttp import web
from limits import MAX_LENGTH, allowed


def serve(address, handle):
    async def reply(request):
        return web.Response(body=handle(await request.read()))

    app = web.Application(client_max_size=MAX_LENGTH)
    app.router.add_post("/", reply)
    url = urlsplit(address)
    web.run_app(app, host=url.hostname, port=url.port, access_log=None, print=None)


def call(address, requests):
    curl = pycurl.Curl()  # keeps the connection open between requests
    curl.setopt(pycurl.URL, address.replace("tcp:", "http:"))
    curl.setopt(pycurl.NOPROXY, "*")
    curl.setopt(pycurl.FAILONERROR, True)
    curl.setopt(pycurl.MAXFILESIZE, MAX_LENGTH)
    # no "Expect: 100-continue", which would cost a long request a round trip
    curl.setopt(pycurl.HTTPHEADER, ["Content-Type: application/octet-stream", "Expect:"])
    for request in requests:
        allowed(len(request))
        curl.setopt(pycurl.POSTFIELDS, request)
        try:
            reply = curl.perform_rb()
        except pycurl.error as error:
            if error.args[0] == pycurl.E_FILESIZE_EXCEEDED:  # libcurl names no number
                raise ValueError(f"a reply of more than {MAX_LENGTH} bytes") from error
            raise
        yield reply
