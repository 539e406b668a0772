"""A link with a delay holds each packet for its time, in order, and counts its drops."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from helpers_bench import TIMEOUT_S
from helpers_network import (
    Harness,
    namespaces_in_use,
    permitted,
    processes_marked,
    wait_for,
)

from bench.errors import NotMeasurable, TrialError
from bench.faults.network import delayed
from bench.faults.network.delayed import DelayedNetwork
from bench.faults.network.hosts import INTERFACE

NEAR, FAR = "near", "far"
PORT = 9999
HEADERS_BYTES = 10 + 20 + 8
"""Headers before the payload of a datagram: those of virtio, IP and UDP."""
MS_NS = 1_000_000


@contextmanager
def two(delay_ms: float, **more: int) -> Iterator[DelayedNetwork]:
    with permitted(), DelayedNetwork(NEAR, FAR, delay_ms, **more) as network:
        yield network


def program(
    network: DelayedNetwork, host: str, text: str, *words: object
) -> subprocess.Popen[str]:
    """Start a program in a host, with the addresses of both hosts before its words."""
    addresses = [network.address(host), network.address(network.others(host)[0])]
    said = [sys.executable, "-S", "-c", text, *addresses, *map(str, words)]
    return subprocess.Popen(
        [*network.enter(host), *said],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def started(
    network: DelayedNetwork, host: str, text: str, *words: object
) -> subprocess.Popen[str]:
    """Start a program that prints a line when it is ready."""
    made = program(network, host, text, *words)
    assert made.stdout
    assert made.stdout.readline()
    return made


def output(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0
    return said


ECHO = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind((sys.argv[1], 9999))
print("bound", flush=True)
while True:
    data, sender = one.recvfrom(2048)
    one.sendto(data, sender)
    if data == b"end":
        break
"""
ASK = """
import socket, sys, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.connect((sys.argv[2], 9999))
for number in range(int(sys.argv[3])):
    began = time.monotonic_ns()
    one.send(b"ask")
    one.recv(9)
    print(time.monotonic_ns() - began)
one.send(b"end")
"""


@pytest.mark.parametrize("delay_ms", [0.0, 1.0, 20.0])
def test_the_shortest_round_trip_takes_twice_the_delay(delay_ms: float) -> None:
    """The bound above is wide: another delay in either direction would exceed it."""
    with two(delay_ms) as network:
        echo = started(network, FAR, ECHO)
        trips_ns = [int(ns) for ns in output(program(network, NEAR, ASK, 30)).split()]
        output(echo)
        counts = network.counts()
    least_ms = min(trips_ns) / MS_NS
    assert 2 * delay_ms <= least_ms < max(3 * delay_ms, 2 * delay_ms + 20)
    assert counts.passed >= 61
    assert counts.dropped == counts.dropped_before == 0
    assert counts.latest_us >= counts.late_us > 0


HEAR = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind((sys.argv[1], 9999))
one.settimeout(float(sys.argv[3]))
print("bound", flush=True)
try:
    while True:
        print(int.from_bytes(one.recv(2048)[:4], "big"))
except TimeoutError:
    pass
"""
SPEAK = """
import socket, sys, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.connect((sys.argv[2], 9999))
print("ready", flush=True)
sys.stdin.readline()
many, size_bytes, each_s = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
for number in range(many):
    one.send(number.to_bytes(4, "big").ljust(size_bytes))
    time.sleep(each_s)
"""


def speak(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def test_packets_of_both_directions_arrive_in_their_order() -> None:
    many = 1000
    with two(3.0) as network:
        hear = {host: started(network, host, HEAR, 5) for host in network.hosts}
        speakers = [
            started(network, host, SPEAK, many, 100, 0.0002) for host in network.hosts
        ]
        for each in speakers:
            speak(each)
        for each in speakers:
            output(each)
        heard = {host: list(map(int, output(hear[host]).split())) for host in hear}
    assert heard == {host: [*range(many)] for host in network.hosts}


def test_a_burst_beyond_the_queue_is_dropped_and_counted() -> None:
    many, room, size_bytes = 60, 20, 500
    queue_bytes = room * (size_bytes + HEADERS_BYTES)
    with two(1000.0, queue_bytes=queue_bytes) as network:
        hear = started(network, FAR, HEAR, 5)
        burst = started(network, NEAR, SPEAK, many, size_bytes, 0)
        speak(burst)
        output(burst)
        heard = list(map(int, output(hear).split()))
        counts = network.counts()
    assert heard[:room] == [*range(room)]
    assert heard == sorted(heard)
    assert len(heard) < many
    assert (counts.passed, counts.dropped) == (len(heard), many - len(heard))
    assert counts.most_queued_bytes == queue_bytes


SERVE = """
import hashlib, socket, sys
listening = socket.create_server((sys.argv[1], 9999))
print("listens", flush=True)
connection, _ = listening.accept()
digest = hashlib.sha256()
while data := connection.recv(1 << 20):
    digest.update(data)
print(digest.hexdigest())
"""
STREAM = """
import random, socket, sys
with socket.create_connection((sys.argv[2], 9999)) as connection:
    connection.sendall(random.Random(1).randbytes(int(sys.argv[3])))
"""


def test_a_stream_arrives_whole_and_in_uncut_segments() -> None:
    size_bytes, segment_bytes = 16 << 20, 1448
    with two(0.5) as network:
        serve = started(network, FAR, SERVE)
        output(program(network, NEAR, STREAM, size_bytes))
        found = output(serve).strip()
        counts = network.counts()
    assert found == hashlib.sha256(random.Random(1).randbytes(size_bytes)).hexdigest()
    assert counts.passed < size_bytes / segment_bytes
    assert counts.passed_bytes > size_bytes


def test_a_link_at_rest_takes_no_cpu_time() -> None:
    with two(1.0) as network:
        before = network.counts()
        time.sleep(1)
        after = network.counts()
    assert after.cpu_s - before.cpu_s < 0.1
    assert before._replace(cpu_s=0) == after._replace(cpu_s=0)


def test_packets_that_the_link_does_not_read_are_counted() -> None:
    many = delayed.QUEUE_PACKETS + 500
    with two(1.0) as network:
        speaker = started(network, NEAR, SPEAK, many, 10, 0)
        assert network._link
        network._link.process.send_signal(signal.SIGSTOP)
        speak(speaker)
        output(speaker)
        network._link.process.send_signal(signal.SIGCONT)
        wait_for(lambda: network.counts().passed >= delayed.QUEUE_PACKETS)
        counts = network.counts()
    assert counts.dropped_before == many - delayed.QUEUE_PACKETS


def test_a_link_that_is_gone_is_an_error() -> None:
    with two(1.0) as network:
        assert network._link
        network._link.process.kill()
        with pytest.raises(TrialError):
            network.counts()


def test_a_delay_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="before it was sent"):
        DelayedNetwork(NEAR, FAR, -1.0)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [("DEVICE", "/dev/net/none", "module tun"), ("COMPILER", "no-gcc", "apt-get install")],
)
def test_a_machine_without_a_device_or_a_compiler_gets_an_error_with_the_remedy(
    name: str, value: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with two(1.0):
        pass
    monkeypatch.setattr(delayed, name, value)
    with pytest.raises(NotMeasurable, match=remedy), DelayedNetwork(NEAR, FAR, 1.0):
        pass


# -- what stays behind ---------------------------------------------------------------------

HARNESS = """
import os, sys
from bench.faults.network.delayed import DelayedNetwork

print("begun", flush=True)
while True:
    with DelayedNetwork(*sys.argv[1:], 5.0) as network:
        for file in network._holder.ready.values():
            print(os.readlink(file), flush=True)
        network.counts()
        print("made", flush=True)
        if sys.stdin.readline():
            continue
"""


def killed(stopped: bool, after_s: float = 0.0) -> None:
    """Kill a harness that has a link, and assert that nothing stays behind.

    ``stopped`` is whether its processes cannot see the end of their input.
    """
    with two(1.0):
        pass
    harness = Harness(HARNESS)
    try:
        wait_for(lambda: ("made" if stopped else "begun") in harness.said)
        time.sleep(after_s)
        assert harness.namespaces <= namespaces_in_use()
        for pid in processes_marked(harness.mark) if stopped else ():
            os.kill(pid, signal.SIGSTOP)
    finally:
        harness.kill()
    harness.leaves_nothing()
    assert INTERFACE not in os.listdir("/sys/class/net") or INTERFACE in harness.before[0]


def test_nothing_stays_behind_when_the_harness_is_killed() -> None:
    killed(stopped=True)


@pytest.mark.thorough
@pytest.mark.parametrize("kill", range(5))
def test_nothing_stays_behind_when_the_harness_is_killed_at_any_moment(kill: int) -> None:
    del kill  # each at another moment
    killed(stopped=False, after_s=random.uniform(0, 0.4))


def test_the_link_ends_at_the_end_of_its_input() -> None:
    with two(1.0) as network:
        assert network._link
        process = network._link.process
        assert process.stdin
        process.stdin.close()
        assert process.wait(TIMEOUT_S) == 0
