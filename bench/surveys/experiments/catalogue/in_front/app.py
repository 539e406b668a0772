"""The server in question: aiohttp echoes what it gets at a port of loopback."""

from __future__ import annotations

import sys

from aiohttp import web


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


def say(_: str) -> None:
    """Print a line when it listens."""
    sys.stdout.write("listens\n")
    sys.stdout.flush()


def main(port: int, reuse_port: bool) -> None:
    app = web.Application()
    app.router.add_post("/", echo)
    web.run_app(
        app,
        host="127.0.0.1",
        port=port,
        reuse_port=reuse_port,
        access_log=None,
        print=say,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] == ["reuse_port"])
