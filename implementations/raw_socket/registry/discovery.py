"""Peers that find each other on BSD sockets: each tells a registry, and hears of all.

On the wire: length-prefixed frames. The registry passes on whatever it is told of a peer to
all that are connected, and tells a new one of everybody before.
"""

from asyncio import Event, Queue, TaskGroup

from framing import frame
from lasting import messages_from, stay_connected, welcome


async def register(registry):
    known, connected = {}, set()

    async def meet(reader, writer):
        connected.add(writer)
        writer.write(b"".join(map(frame, known)))
        try:
            async for about in messages_from(reader):
                known[about] = None
                for each in connected:
                    each.write(frame(about))
        finally:
            connected.discard(writer)

    await welcome(registry, meet)
    await Event().wait()


async def discover(registry, about):
    known, heard = {about}, Queue()

    async def tell(reader, writer):
        writer.write(frame(about))
        async for other in messages_from(reader):
            await heard.put(other)

    async with TaskGroup() as tasks:
        tasks.create_task(stay_connected(registry, tell))
        while True:
            other = await heard.get()
            if other not in known:
                known.add(other)
                yield other
