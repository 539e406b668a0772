"""Pipeline over ZMTP: every task is done, whoever fails, and its result taken once.

A task and its result have the task's id in front; the id alone says that the result was
taken. An empty message from a worker tells the source of a new connection, one from the
source finds out whether the connection is still there.

The id is no frame of its own: where IMMEDIATE is set, libzmq 4.3.5 aborts the process if
a connection ends while it is between two frames of a message.
"""

import os
from collections import OrderedDict, deque
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from threading import Thread
from time import monotonic

import zmq

BACKOFF_MS = 100
HEARTBEAT_MS = 200
DEAD_AFTER_MS = 600
LEASE_S = 2.0
DRAIN_S = 4.5
TASKS_MAX = 1000
TAKEN_MAX = 100_000
MESSAGE_MAX_BYTES = 16 * 1024 * 1024
MEMORY_MAX_BYTES = 64 * 1024 * 1024
ID_BYTES = 16


def distribute(address, tasks):
    workers = listen(address)
    source = Source(workers)
    stream = workers.context.socket(zmq.PULL)
    stream.rcvhwm = 1
    stream.bind(source.inproc)
    fed = Future()
    Thread(target=feed, args=(tasks, source.inproc, fed), daemon=True).start()
    poller = zmq.Poller()
    poller.register(workers, zmq.POLLIN)
    ended = False
    with workers, stream:
        while source.tasks or not ended:
            poller.register(stream, zmq.POLLIN if source.has_room() else 0)
            for socket, _ in poller.poll(HEARTBEAT_MS):
                match socket.recv_multipart():
                    case [worker, task_id] if socket is workers:
                        source.hear(worker, task_id)
                    case [task] if len(task) > MESSAGE_MAX_BYTES:
                        yield task
                    case [task]:
                        source.add(task)
                    case [_, _]:
                        ended, source.quiet_since = True, monotonic()
            source.beat()
            source.hand_out()
            if ended and source.is_quiet_for(DRAIN_S):
                break
    yield from source.tasks.values()
    fed.result()  # or what the stream raised, once all that came before is settled


def feed(tasks, inproc, fed):
    """Pass tasks on from a thread of its own: the next one may be long in coming."""
    with zmq.Context.instance().socket(zmq.PUSH) as stream:
        stream.sndhwm = 1
        stream.connect(inproc)
        try:
            for task in tasks:
                stream.send(task)
        except BaseException as error:
            fed.set_exception(error)
            raise
        else:
            fed.set_result(None)
        finally:
            stream.send_multipart([b"", b""])  # two frames: there are no more tasks


class Source:
    """Keeps tasks until they are acknowledged; meanwhile they wait or are with workers."""

    def __init__(self, socket):
        self.socket = socket
        self.instance = os.urandom(ID_BYTES // 2)  # no predecessor's ids again
        self.inproc = f"inproc://{self.instance.hex()}"
        self.numbers = count()
        self.tasks = {}
        self.size_bytes = 0
        self.waiting = deque()
        self.idle = OrderedDict()  # workers, who has been so for longest first
        self.leases = {}
        self.beat_at = 0
        self.quiet_since = monotonic()

    def add(self, task):
        task_id = self.instance + next(self.numbers).to_bytes(ID_BYTES // 2)
        self.tasks[task_id] = task
        self.size_bytes += len(task)
        self.waiting.append(task_id)

    def has_room(self):
        """Say whether to take one more task: when those before it are with workers, or when
        no worker gets anything done. Then the stream may end, and they are to be reported.
        """
        room_bytes = MEMORY_MAX_BYTES - self.size_bytes
        if len(self.tasks) == TASKS_MAX or room_bytes < MESSAGE_MAX_BYTES:
            return False
        return not self.waiting or self.is_quiet_for(DEAD_AFTER_MS / 1000)

    def is_quiet_for(self, seconds):
        return monotonic() > self.quiet_since + seconds

    def hear(self, name, task_id):
        self.idle[name] = True  # it has connected, or has done what it had to do
        if task_id:
            self.leases.pop(task_id, None)
            self.size_bytes -= len(self.tasks.pop(task_id, b""))
            self.quiet_since = monotonic()

    def hand_out(self):
        while self.waiting and self.idle:
            task_id = self.waiting.popleft()
            if task_id in self.tasks:  # else it was acknowledged after its lease
                name, _ = self.idle.popitem(last=False)
                self.leases[task_id] = name, monotonic() + LEASE_S
                self.send(name, task_id, task_id + self.tasks[task_id])

    def send(self, name, task_id, message):
        try:
            self.socket.send_multipart([name, message], zmq.DONTWAIT)
        except zmq.ZMQError:  # its connection has ended
            self.take_back(task_id)

    def take_back(self, task_id):
        del self.leases[task_id]
        self.waiting.appendleft(task_id)

    def beat(self):
        if monotonic() < self.beat_at:
            return
        self.beat_at = monotonic() + HEARTBEAT_MS / 1000
        for task_id, (name, ends_at) in list(self.leases.items()):
            if monotonic() > ends_at:
                self.take_back(task_id)
            else:
                self.send(name, task_id, b"")


def work(source, sink, handle):
    with connect(source) as tasks, connect(sink) as results:
        while True:
            if message := tasks.recv():
                task_id, task = message[:ID_BYTES], message[ID_BYTES:]
                deliver(results, task_id, handle(task))
                # Not before: the tasks of a dead worker are done anew.
                tasks.send(task_id)  # waits while there is no connection


def deliver(results, task_id, result):
    """Send a result until the sink has confirmed it."""
    if len(result) > MESSAGE_MAX_BYTES:
        raise ValueError(f"{len(result)} bytes: at most {MESSAGE_MAX_BYTES} are allowed")
    while True:
        results.send(task_id + result)  # waits while there is no connection
        while results.poll(DEAD_AFTER_MS):
            if results.recv() == task_id:
                return


def collect(address):
    taken = OrderedDict()
    with listen(address) as workers:
        while True:
            match workers.recv_multipart():
                case [worker, message] if message:
                    task_id, result = message[:ID_BYTES], message[ID_BYTES:]
                    if task_id not in taken:
                        yield result
                        taken[task_id] = None  # it may come again: see deliver()
                        if len(taken) > TAKEN_MAX:
                            taken.popitem(last=False)
                    with suppress(zmq.ZMQError):  # it has left: another will ask
                        workers.send_multipart([worker, task_id], zmq.DONTWAIT)


def listen(address):
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    socket.zap_domain = b"pipeline"  # else ZMTP 1.0 lets garbage in as messages
    socket.maxmsgsize = ID_BYTES + MESSAGE_MAX_BYTES  # who sends more is disconnected
    socket.router_mandatory = 1  # to send where there is no connection is an error
    socket.rcvhwm = MEMORY_MAX_BYTES // MESSAGE_MAX_BYTES  # from each worker
    keep_alive(socket)
    socket.bind(address)
    return socket


def connect(address):
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.probe_router = 1  # an empty message goes ahead on each connection
    socket.immediate = 1  # no message waits for a connection that is not there
    socket.reconnect_ivl = BACKOFF_MS
    socket.connect_timeout = DEAD_AFTER_MS
    socket.sndhwm = 1  # what is sent again does not pile up
    keep_alive(socket)  # but no maxmsgsize: too large a message would end reconnecting
    socket.connect(address)
    return socket


def keep_alive(socket):
    socket.ipv6 = 1
    # ZeroMQ's own thread sends heartbeats, also while ours is busy.
    socket.heartbeat_ivl = HEARTBEAT_MS
    socket.heartbeat_timeout = DEAD_AFTER_MS
    socket.handshake_ivl = DEAD_AFTER_MS
    socket.linger = 0
