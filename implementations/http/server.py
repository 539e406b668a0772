"""A server with one route at a tcp:// address."""

from urllib.parse import urlsplit

from aiohttp import web


async def listen(address, route, **options):
    app = web.Application(**options)
    app.add_routes([route])
    # handlers end when their client leaves: nobody else gets what it was to be given
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()
