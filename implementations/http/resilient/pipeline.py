"""Pipeline over HTTP/1.1: every task is done, whoever fails, and its result taken once.

Workers GET a task, which is then leased to them, PUT its result to the sink, which answers
when the result was taken, and DELETE the task. The last two have the task's id in their
URL: to do them again changes nothing.
"""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from itertools import count
from secrets import token_hex
from time import monotonic
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from limits import MAX_LENGTH, allowed

BACKOFF_S = 0.1
HEARTBEAT_S = 0.2
DEAD_AFTER_S = 0.6
DEADLINE_S = 3.0
LEASE_S = 2.0
DRAIN_S = 4.5
KEEP_ALIVE_S = 30.0
TASKS_MAX = 1000
TAKEN_MAX = 100_000
MEMORY_MAX_BYTES = 64 * 1024 * 1024


async def distribute(address, tasks):
    source = Source()
    routes = [
        web.get("/task", source.lease),
        web.delete("/task/{id}", source.acknowledge),
    ]
    runner = await listen(address, routes)
    watch = asyncio.create_task(source.watch_leases())
    try:
        async for task in tasks:
            if len(task) > MAX_LENGTH:
                yield task
                continue
            source.add(task)
            while not source.has_room():
                await source.next_change()
        source.quiet_since = monotonic()
        while source.tasks and not source.is_quiet_for(DRAIN_S):
            await source.next_change()
    finally:
        watch.cancel()
        await runner.cleanup()
    for task in source.tasks.values():
        yield task


class Source:
    """Keeps tasks until they are acknowledged; meanwhile they wait or are leased."""

    def __init__(self):
        self.instance = token_hex(8)  # no id of a predecessor comes again
        self.numbers = count()
        self.tasks = {}
        self.size_bytes = 0
        self.waiting = asyncio.PriorityQueue()  # what was taken back goes first
        self.leases = {}
        self.changed = asyncio.Event()
        self.quiet_since = monotonic()

    def add(self, task):
        task_id = f"{self.instance}-{next(self.numbers):016x}"
        self.tasks[task_id] = task
        self.size_bytes += len(task)
        self.waiting.put_nowait(task_id)

    def has_room(self):
        """Say whether to take one more task: when those before it are with workers, or when
        no worker gets anything done. Then the stream may end, and they are to be reported.
        """
        room_bytes = MEMORY_MAX_BYTES - self.size_bytes
        if len(self.tasks) == TASKS_MAX or room_bytes < MAX_LENGTH:
            return False
        return self.waiting.empty() or self.is_quiet_for(DEAD_AFTER_S)

    def is_quiet_for(self, seconds):
        return monotonic() > self.quiet_since + seconds

    async def next_change(self):
        self.changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_S):
                await self.changed.wait()

    async def lease(self, request):
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                task_id = await self.next_waiting()
        except TimeoutError:  # the worker is told that we live, and asks again
            return web.Response(status=204)
        self.leases[task_id] = monotonic() + LEASE_S, request.transport
        self.changed.set()
        return web.Response(body=self.tasks[task_id], headers={"Task-Id": task_id})

    async def next_waiting(self):
        while (task_id := await self.waiting.get()) not in self.tasks:
            continue  # it was acknowledged after its lease
        return task_id

    async def acknowledge(self, request):
        task_id = request.match_info["id"]
        self.leases.pop(task_id, None)
        self.size_bytes -= len(self.tasks.pop(task_id, b""))
        self.quiet_since = monotonic()
        self.changed.set()
        return web.Response(status=204)

    async def watch_leases(self):
        """Take back the tasks of workers that have left, or are silent."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            for task_id, (ends_at, connection) in list(self.leases.items()):
                left = connection is None or connection.is_closing()
                if left or monotonic() > ends_at:
                    del self.leases[task_id]
                    self.waiting.put_nowait(task_id)


async def work(source, sink, handle):
    source, sink = (url.replace("tcp:", "http:") for url in (source, sink))
    timeout = ClientTimeout(DEADLINE_S, sock_connect=DEAD_AFTER_S, sock_read=DEAD_AFTER_S)
    async with ClientSession(timeout=timeout) as session:
        while True:
            response, task = await insist(session, "GET", f"{source}/task")
            if response.status == web.HTTPNoContent.status_code:
                continue
            task_id, result = response.headers["Task-Id"], handle(task)
            allowed(len(result))
            await insist(session, "PUT", f"{sink}/result/{task_id}", result)
            # Not before: the tasks of a dead worker are done anew.
            await insist(session, "DELETE", f"{source}/task/{task_id}")


async def insist(session, method, url, body=None):
    """Send a request, however often that takes, until it was answered."""
    while True:
        with suppress(ClientError, OSError):
            async with session.request(method, url, data=body) as response:
                allowed(response.content_length or 0)
                answer = await response.read()
                if response.status < web.HTTPInternalServerError.status_code:
                    break
        await asyncio.sleep(BACKOFF_S)
    response.raise_for_status()  # what is refused will never be anything else
    return response, answer


async def collect(address):
    arrived = asyncio.Queue(MEMORY_MAX_BYTES // MAX_LENGTH)

    async def take(request):
        try:
            async with asyncio.timeout(DEADLINE_S):
                result = await request.read()
        except TimeoutError:  # the worker has long since tried again
            raise web.HTTPRequestTimeout from None
        confirmed = asyncio.Event()
        await arrived.put((request.match_info["id"], result, confirmed))
        await confirmed.wait()
        return web.Response(status=204)

    await listen(address, [web.put("/result/{id}", take)])
    taken = OrderedDict()
    while True:
        task_id, result, confirmed = await arrived.get()
        if task_id not in taken:
            yield result
            taken[task_id] = None  # it may come again: its worker was not told yet
            if len(taken) > TAKEN_MAX:
                taken.popitem(last=False)
        confirmed.set()


async def listen(address, routes):
    app = web.Application(client_max_size=MAX_LENGTH)
    app.add_routes(routes)
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,  # who leaves while it waits must not be given a task
        keepalive_timeout=KEEP_ALIVE_S,
        shutdown_timeout=DEAD_AFTER_S,
    )
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()
    return runner
