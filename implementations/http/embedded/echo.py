"""An echo server inside a program that does something else, over HTTP.

aiohttp, whose event loop has a thread of its own.
"""

import asyncio
from threading import Thread

from aiohttp import web


async def echo(request):
    return web.Response(body=await request.read())


async def listen(address):
    # Requests that are not complete when it is to stop have a second; by default 60.
    runner = web.ServerRunner(web.Server(echo, access_log=None), shutdown_timeout=1)
    await runner.setup()
    if address.path:
        await web.UnixSite(runner, address.path).start()
    else:
        await web.TCPSite(runner, address.host, address.port).start()
    return runner


def start(address):
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(listen(address), loop).result()

    def stop():
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    return runner.addresses[0], stop
