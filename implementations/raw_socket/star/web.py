"""A star on BSD sockets, by asyncio's streams: a hub passes on whatever peers send.

The first message on a connection tells what the connection is for. A server tells its name
there, too. A call begins with a name. The hub reads the server's name there. It puts the
caller's name in its place.
"""

from asyncio import Event, Queue, TaskGroup, create_task
from functools import partial
from itertools import count

from framing import frame
from lasting import has_room, messages_from, stay_connected, welcome

QUEUE_MAX = 1000


async def route(hub):
    servers, callers, readers, names = {}, {}, set(), count()
    queues = {"jobs": Queue(QUEUE_MAX), "results": Queue(QUEUE_MAX)}

    async def meet(reader, writer):
        messages = messages_from(reader)
        purpose, _, name = (await anext(messages)).decode().partition(" ")
        match purpose:
            case "serve":
                await switch(messages, writer, name, servers, callers)
            case "call":
                await switch(messages, writer, str(next(names)), callers, servers)
            case "subscribe":
                readers.add(writer)
                try:
                    await reader.read()  # ends when it leaves
                finally:
                    readers.discard(writer)
            case "publish":
                async for message in messages:
                    for other in filter(has_room, readers):
                        other.write(frame(message))
            case "give":
                async for message in messages:
                    await queues[name].put(message)
            case "take":
                handing = create_task(hand_out(queues[name], writer))
                try:
                    await reader.read()
                finally:
                    handing.cancel()

    await welcome(hub, meet)
    await Event().wait()


async def switch(messages, writer, name, mine, others):
    mine[name] = writer
    try:
        async for message in messages:
            to, _, content = message.partition(b" ")
            if (other := others.get(to.decode())) and has_room(other):
                other.write(frame(name.encode() + b" " + content))
    finally:
        if mine[name] is writer:
            del mine[name]


async def hand_out(queue, writer):
    while True:
        writer.write(frame(await queue.get()))
        await writer.drain()


async def take(queue, reader, _):
    async for message in messages_from(reader):
        await queue.put(message)


async def at(hub, purpose, use):
    """Stay connected to the hub for some purpose."""

    async def begin(reader, writer):
        writer.write(frame(purpose.encode()))
        await use(reader, writer)

    await stay_connected(hub, begin)


async def serve(hub, me, handle):
    async def answer(reader, writer):
        async for message in messages_from(reader):
            caller, _, request = message.partition(b" ")
            writer.write(frame(caller + b" " + handle(request)))

    await at(hub, f"serve {me}", answer)


async def call(hub, requests):
    replies, waiting = Queue(), Queue(maxsize=1)

    async def ask():
        async for name, request in requests:
            await waiting.put(name.encode() + b" " + request)

    async with TaskGroup() as tasks:
        tasks.create_task(ask())
        tasks.create_task(at(hub, "call", partial(exchange, waiting, replies)))
        while True:
            _, _, reply = (await replies.get()).partition(b" ")
            yield reply


async def exchange(waiting, replies, reader, writer):
    sending = create_task(hand_out(waiting, writer))
    try:
        await take(replies, reader, writer)
    finally:
        sending.cancel()


async def give(hub, purpose, messages):
    waiting = Queue(maxsize=1)
    async with TaskGroup() as tasks:
        tasks.create_task(at(hub, purpose, partial(exchange, waiting, Queue())))
        async for message in messages:
            await waiting.put(message)


async def receive(hub, purpose):
    taken = Queue()
    async with TaskGroup() as tasks:
        tasks.create_task(at(hub, purpose, partial(take, taken)))
        while True:
            yield await taken.get()


async def publish(hub, messages):
    await give(hub, "publish", messages)


async def subscribe(hub):
    async for message in receive(hub, "subscribe"):
        yield message


async def distribute(hub, jobs):
    await give(hub, "give jobs", jobs)


async def work(hub, handle):
    results = (handle(job) async for job in receive(hub, "take jobs"))
    await give(hub, "give results", results)


async def collect(hub):
    async for result in receive(hub, "take results"):
        yield result
