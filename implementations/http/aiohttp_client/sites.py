"""A server with one route, on a TCP port or a Unix socket."""

from urllib.parse import urlsplit

from aiohttp import web


async def listen(address, route, **options):
    app = web.Application(**options)
    app.add_routes([route])
    # handlers end when their client leaves: nobody else gets what it was to be given
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    url = urlsplit(address)
    if url.path:
        await web.UnixSite(runner, url.path).start()
    else:
        await web.TCPSite(runner, url.hostname, url.port).start()
