"""An echo server inside a program that does something else, on BSD sockets.

Length-prefixed messages; an event loop in a thread of its own.
"""

import asyncio
from threading import Thread
from urllib.parse import urlsplit

from framing import HEADER, check_length


async def echo(reader, writer):
    try:
        while header := await reader.read(1):
            header += await reader.readexactly(HEADER.size - 1)
            (length,) = HEADER.unpack(header)
            check_length(length)
            writer.write(header + await reader.readexactly(length))
            await writer.drain()
    except asyncio.CancelledError:
        return  # as close() wants it; passed on, it would be logged as a failure
    finally:
        writer.close()


async def listen(url):
    if url.scheme == "ipc":
        return await asyncio.start_unix_server(echo, url.path)
    return await asyncio.start_server(echo, url.hostname, url.port)


async def close(server):
    server.close()
    clients = asyncio.all_tasks() - {asyncio.current_task()}
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)


def start(address):
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    url = urlsplit(address)
    server = asyncio.run_coroutine_threadsafe(listen(url), loop).result()
    if url.scheme == "tcp":
        port = server.sockets[0].getsockname()[1]
        address = address.removesuffix(f":{url.port}") + f":{port}"

    def stop():
        asyncio.run_coroutine_threadsafe(close(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    return address, stop
