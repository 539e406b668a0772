"""A star over ZMTP: peers know a hub alone, which passes on whatever they send.

Who serves is known to the hub by its name. A call goes to that name, and the reply back.
"""

from asyncio import TaskGroup

import zmq
from zmq.asyncio import Context


def socket(kind, address, bind=False, **options):
    one = Context.instance().socket(kind)
    for name, value in options.items():
        setattr(one, name, value)
    one.bind(address) if bind else one.connect(address)
    return one


async def route(front, news_in, news_out, tasks_in, tasks_out, results_in, results_out):
    async with TaskGroup() as tasks:
        tasks.create_task(switch(socket(zmq.ROUTER, front, bind=True, router_handover=1)))
        readers = socket(zmq.XPUB, news_out, bind=True)
        publishers = socket(zmq.XSUB, news_in, bind=True)
        tasks.create_task(pass_on(publishers, readers))
        tasks.create_task(pass_on(readers, publishers))  # who subscribes
        for come, go in ((tasks_in, tasks_out), (results_in, results_out)):
            sources = socket(zmq.PULL, come, bind=True)
            tasks.create_task(pass_on(sources, socket(zmq.PUSH, go, bind=True)))


async def switch(everyone):
    while True:
        sender, receiver, message = await everyone.recv_multipart()
        await everyone.send_multipart([receiver, sender, message])


async def pass_on(source, sink):
    while True:
        await sink.send_multipart(await source.recv_multipart())


async def serve(front, me, handle):
    hub = socket(zmq.DEALER, front, routing_id=me.encode())
    while True:
        caller, request = await hub.recv_multipart()
        await hub.send_multipart([caller, handle(request)])


async def call(front, me, requests):
    # Not a number of the hub's: that would be another caller's once the hub has begun anew.
    hub = socket(zmq.DEALER, front, routing_id=f"{me} calls".encode())

    async def ask():
        async for name, request in requests:
            await hub.send_multipart([name.encode(), request])

    async with TaskGroup() as tasks:
        tasks.create_task(ask())
        while True:
            _, reply = await hub.recv_multipart()
            yield reply


async def publish(news_in, messages):
    hub = socket(zmq.PUB, news_in)
    async for message in messages:
        await hub.send(message)


async def subscribe(news_out):
    hub = socket(zmq.SUB, news_out)
    hub.subscribe(b"")
    while True:
        yield await hub.recv()


async def distribute(tasks_in, jobs):
    hub = socket(zmq.PUSH, tasks_in)
    async for job in jobs:
        await hub.send(job)


async def work(tasks_out, results_in, handle):
    tasks, results = socket(zmq.PULL, tasks_out), socket(zmq.PUSH, results_in)
    while True:
        await results.send(handle(await tasks.recv()))


async def collect(results_out):
    hub = socket(zmq.PULL, results_out)
    while True:
        yield await hub.recv()
