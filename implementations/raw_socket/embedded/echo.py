"""An echo server inside a program that does something else, on BSD sockets.

Length-prefixed messages; an event loop in a thread of its own.
"""

import asyncio
import sys
from threading import Thread

from framing import MESSAGE_MAX_BYTES


async def echo(reader, writer):
    try:
        while header := await reader.read(1):
            header += await reader.readexactly(3)
            length = int.from_bytes(header)
            if length > MESSAGE_MAX_BYTES:
                raise ConnectionError(
                    f"{length} bytes: at most {MESSAGE_MAX_BYTES} allowed"
                )
            writer.write(header + await reader.readexactly(length))
            await writer.drain()
    except asyncio.CancelledError:
        return  # as close() wants it; passed on, it would be logged as a failure
    except (OSError, EOFError) as error:
        sys.stderr.write(f"{error}\n")  # this client is gone; the others stay
    finally:
        writer.close()


async def listen(address):
    if address.path:
        return await asyncio.start_unix_server(echo, address.path)
    return await asyncio.start_server(echo, address.host, address.port)


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
    server = asyncio.run_coroutine_threadsafe(listen(address), loop).result()
    bound = server.sockets[0].getsockname()

    def stop():
        asyncio.run_coroutine_threadsafe(close(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    return bound, stop
