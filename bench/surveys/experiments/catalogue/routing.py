"""Routes of messages over ZeroMQ: topics, many of them, unknown peers, and workers in turn.

All sockets are in one process and talk over loopback. A relay between a subscriber and its
publisher counts the messages for it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from bench.errors import TrialError
from bench.surveys.experiments.contexts import context
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq

SUBJECTS = {
    "other_topic": "a subscriber that wants another topic",
    "every_topic": "a subscriber that wants every topic (the control)",
    "prefix": "a subscriber to topic a",
    "topics": "a subscriber to 10,000 topics",
    "topics_unlimited": "such a subscriber without high-water marks (the control)",
    "router": "a ROUTER",
    "router_mandatory": "a ROUTER with ROUTER_MANDATORY (the control)",
    "in_turn": "a PUSH socket that deals in turn",
    "on_request": "a ROUTER whose workers ask for tasks (the control)",
}
QUANTITIES = {
    "bytes": Quantity("bytes", "{subject} is sent {value} bytes for a message of 100 B"),
    "longer_topics": Quantity(
        "messages", "{subject} gets {value} of 100 messages with topic abc", most=100.0
    ),
    "in_effect": Quantity(
        "topics", "{subject} receives {value} of its topics", most=10_000.0
    ),
    "reported": Quantity(
        "yes",
        "{subject} reports a message to an unknown peer: {value} (1 is yes)",
        most=1.0,
    ),
    "makespan_ms": Quantity(
        "ms", "{subject} takes {value} ms for 60 tasks and workers of 1, 1 and 20 ms"
    ),
}
BODY = b"x" * 99
MESSAGES = 200
TOPICS, CHUNK = 10_000, 250
TASKS, PACES_S = 60, (0.001, 0.001, 0.02)
WAIT_MS, STEP_MS = 10_000, 50
LOCAL = "tcp://127.0.0.1"


class CountingRelay:
    """A relay to one port of loopback for one client; ``sent`` counts bytes to it."""

    def __init__(self, port: int) -> None:
        self.sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = [self._listener]
        threading.Thread(target=self._serve, args=(port,), daemon=True).start()

    def _serve(self, port: int) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return  # closed before a client came
        server = socket.create_connection(("127.0.0.1", port))
        self._open += [client, server]
        back = threading.Thread(
            target=self._carry, args=(client, server, False), daemon=True
        )
        back.start()
        self._carry(server, client, True)

    def _carry(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                self.sent += len(data) if counts else 0
                target.sendall(data)
        except OSError:
            pass  # an end was closed

    def close(self) -> None:
        for one in self._open:
            one.close()


def sent_until_heard(publisher: Any, subscriber: Any, message: bytes) -> None:
    """Publish a message until the subscriber has it. Raises TrialError if it never has."""
    for _ in range(WAIT_MS // STEP_MS):
        publisher.send(message)
        if subscriber.poll(STEP_MS):
            while subscriber.poll(STEP_MS):  # those that were sent before it was heard
                subscriber.recv()
            return
    raise TrialError(f"a subscriber heard nothing for {WAIT_MS} ms")


def bytes_sent(prefix: bytes) -> float:
    """Return the bytes that a subscriber to a prefix is sent for a message of topic b."""
    import zmq

    with context() as ctx:
        publisher, subscriber = ctx.socket(zmq.PUB), ctx.socket(zmq.SUB)
        relay = CountingRelay(publisher.bind_to_random_port(LOCAL))
        try:
            subscriber.subscribe(prefix)
            subscriber.connect(f"{LOCAL}:{relay.port}")
            sent_until_heard(publisher, subscriber, b"a first")
            before = relay.sent
            for _ in range(MESSAGES):
                publisher.send(b"b" + BODY)
            last = b"a last"
            publisher.send(last)
            while subscriber.recv() != last:
                pass
            return max(0, relay.sent - before - len(last) - 2) / MESSAGES
        finally:
            relay.close()


def longer_topics() -> float:
    """Return how many of 100 messages with topic abc reach a subscriber to a."""
    import zmq

    with context() as ctx:
        publisher, subscriber = ctx.socket(zmq.PUB), ctx.socket(zmq.SUB)
        subscriber.subscribe(b"a")
        subscriber.connect(f"{LOCAL}:{publisher.bind_to_random_port(LOCAL)}")
        sent_until_heard(publisher, subscriber, b"a")
        for _ in range(100):
            publisher.send(b"abc")
        publisher.send(b"a last")
        heard = 0
        while subscriber.recv() == b"abc":
            heard += 1
        return float(heard)


def topics_in_effect(limited: bool) -> float:
    """Return how many subscriptions work that were made while the publisher idled."""
    import zmq

    with context() as ctx:
        publisher, subscriber = ctx.socket(zmq.PUB), ctx.socket(zmq.SUB)
        if not limited:
            publisher.rcvhwm = subscriber.sndhwm = 0
        subscriber.subscribe(b"first")
        subscriber.connect(f"{LOCAL}:{publisher.bind_to_random_port(LOCAL)}")
        sent_until_heard(publisher, subscriber, b"first")
        topics = [b"%06d" % number for number in range(TOPICS)]
        for topic in topics:
            subscriber.subscribe(topic)
        subscriber.subscribe(b"last")
        time.sleep(STEP_MS / 1000)  # the publisher idles: it reads nothing meanwhile
        heard: set[bytes] = set()
        for start in range(0, TOPICS, CHUNK):
            for topic in topics[start : start + CHUNK]:
                publisher.send(topic)
            while subscriber.poll(STEP_MS // 2):
                heard.add(subscriber.recv())
        return float(len(heard & {*topics}))


def reported(mandatory: bool) -> float:
    """Return 1 if sending to an unknown routing id raises, 0 if it says nothing."""
    import zmq

    with context() as ctx:
        router = ctx.socket(zmq.ROUTER)
        router.router_mandatory = mandatory
        router.bind_to_random_port(LOCAL)
        try:
            router.send_multipart([b"nobody", b"message"])
        except zmq.ZMQError:
            return 1.0
        return 0.0


def makespan_ms(asks: bool) -> float:
    """Return how long workers of unlike pace take for all tasks, dealt out or asked for."""
    with context() as ctx:
        return _asked_for(ctx) if asks else _in_turn(ctx)


def _workers(work: Callable[[float], None]) -> list[threading.Thread]:
    made = [
        threading.Thread(target=work, args=(pace_s,), daemon=True) for pace_s in PACES_S
    ]
    for thread in made:
        thread.start()
    return made


def _in_turn(ctx: Any) -> float:
    import zmq

    tasks, results = ctx.socket(zmq.PUSH), ctx.socket(zmq.PULL)
    task_port = tasks.bind_to_random_port(LOCAL)
    result_port = results.bind_to_random_port(LOCAL)

    def work(pace_s: float) -> None:
        with ctx.socket(zmq.PULL) as source, ctx.socket(zmq.PUSH) as sink:
            source.connect(f"{LOCAL}:{task_port}")
            sink.connect(f"{LOCAL}:{result_port}")
            sink.send(b"here")
            while task := source.recv():
                time.sleep(pace_s)
                sink.send(task)

    threads = _workers(work)
    for _ in threads:
        results.recv()
    took_ms = _timed(lambda: tasks.send(b"task"), results)
    for _ in threads:
        tasks.send(b"")
    _join(threads)
    return took_ms


def _asked_for(ctx: Any) -> float:
    import zmq

    tasks, results = ctx.socket(zmq.ROUTER), ctx.socket(zmq.PULL)
    task_port = tasks.bind_to_random_port(LOCAL)
    result_port = results.bind_to_random_port(LOCAL)

    def work(pace_s: float) -> None:
        with ctx.socket(zmq.REQ) as source, ctx.socket(zmq.PUSH) as sink:
            source.connect(f"{LOCAL}:{task_port}")
            sink.connect(f"{LOCAL}:{result_port}")
            sink.send(b"here")
            source.send(b"ready")
            while task := source.recv():
                time.sleep(pace_s)
                sink.send(task)
                source.send(b"ready")

    def give(task: bytes) -> None:
        worker, empty, _ = tasks.recv_multipart()
        tasks.send_multipart([worker, empty, task])

    threads = _workers(work)
    for _ in threads:
        results.recv()
    took_ms = _timed(lambda: give(b"task"), results)
    for _ in threads:
        give(b"")
    _join(threads)
    return took_ms


def _timed(give: Callable[[], Any], results: Any) -> float:
    """Give all tasks, and return the milliseconds until the last result is in."""
    began_s = time.monotonic()
    for _ in range(TASKS):
        give()
    for _ in range(TASKS):
        if not results.poll(WAIT_MS):
            raise TrialError(f"a result was missing after {WAIT_MS} ms")
        results.recv()
    return 1000 * (time.monotonic() - began_s)


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(WAIT_MS / 1000)


LOOKS: Mapping[tuple[str, str], Callable[[], float]] = {
    ("bytes", "other_topic"): partial(bytes_sent, b"a"),
    ("bytes", "every_topic"): partial(bytes_sent, b""),
    ("longer_topics", "prefix"): longer_topics,
    ("in_effect", "topics"): partial(topics_in_effect, limited=True),
    ("in_effect", "topics_unlimited"): partial(topics_in_effect, limited=False),
    ("reported", "router"): partial(reported, mandatory=False),
    ("reported", "router_mandatory"): partial(reported, mandatory=True),
    ("makespan_ms", "in_turn"): partial(makespan_ms, asks=False),
    ("makespan_ms", "on_request"): partial(makespan_ms, asks=True),
}
"""How to look at each quantity of each subject."""


def measure(_: Block) -> Found:
    """Look at every subject once, side by side: most of a look is waiting."""
    values: dict[str, dict[str, float]] = {quantity: {} for quantity, _ in LOOKS}
    with ThreadPoolExecutor(len(LOOKS)) as pool:
        made = {place: pool.submit(look) for place, look in LOOKS.items()}
        for (quantity, subject), one in made.items():
            values[quantity][subject] = one.result()
    return Found(values)


EXPERIMENT = Experiment(
    name="routing",
    asks="Who gets a message: by topic, among 10,000 topics, by routing id, and by load?",
    control="No filter, no high-water marks, ROUTER_MANDATORY, and workers that ask.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    versions=libzmq,
)
