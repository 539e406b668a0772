"""The server in question: aiohttp echoes what it gets, over TLS if it has a certificate.

Words: the port, then the certificate and its key, or nothing.
"""

from __future__ import annotations

import os
import ssl
import sys

from aiohttp import web

PROCESS = "X-Process"
"""The field of a reply that names the process that answers."""


async def echo(request: web.Request) -> web.Response:
    headers = {PROCESS: str(os.getpid())}
    return web.Response(body=await request.read(), headers=headers)


def say(_: str) -> None:
    """Print a line when it listens."""
    sys.stdout.write("listens\n")
    sys.stdout.flush()


def main(port: int, *certificate: str) -> None:
    app = web.Application()
    app.router.add_post("/", echo)
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*certificate)
    web.run_app(
        app,
        host="127.0.0.1",
        port=port,
        reuse_port=True,
        ssl_context=tls,
        access_log=None,
        print=say,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
