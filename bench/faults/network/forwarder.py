"""Take the packets of a TUN device and give them back to it, later or not at all.

Connections do not end here, as they would in a proxy: acknowledgements, resets and
keep-alives come from the hosts. The forwarder is in Python: it serves for delays and
losses, and never for throughput.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time
from pathlib import Path
from typing import Any

from bench.faults.network.lines import say
from bench.hosts.host import die_with_parent

TUN = "/dev/net/tun"
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PR_SET_TIMERSLACK = 29
PACKET_BYTES_MAX = 1 << 16
AT_ONCE = 64
"""How many packets are taken before a packet that is due is given back."""
IPV4 = 4
ADDRESSES = slice(12, 20)
NS = 1_000_000_000


class Delay:
    """Decides which packets are lost and when the others are due; pure except for chance.

    ``delay_s`` is one way. ``loss`` is the share of packets that are lost. Each direction
    has its own limit of ``bytes_per_s``; 0 is no limit. Packets that would wait for it
    longer than ``queue_s`` are lost too.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._free_ns: dict[bytes, int] = {}
        self._waiting: list[tuple[int, int, bytes]] = []
        self.carried = self.lost = self.overflowed = 0
        self.become(0.0, 0.0, 0, 0.0)

    def become(self, delay_s: float, loss: float, bytes_per_s: int, queue_s: float) -> None:
        """Set delay, loss and rate of later packets; waiting packets keep their moment."""
        self.delay_ns = round(delay_s * NS)
        self.loss = loss
        self.bytes_per_s = bytes_per_s
        self.queue_ns = round(queue_s * NS)

    def take(self, packet: bytes, now_ns: int) -> None:
        if packet[0] >> 4 != IPV4:
            return  # an interface announces itself in IPv6
        if self._random.random() < self.loss:
            self.lost += 1
            return
        sent_ns = now_ns
        if self.bytes_per_s:
            direction = packet[ADDRESSES]
            free_ns = max(now_ns, self._free_ns.get(direction, 0))
            if free_ns - now_ns > self.queue_ns:
                self.overflowed += 1
                return
            sent_ns = free_ns + len(packet) * NS // self.bytes_per_s
            self._free_ns[direction] = sent_ns
        self.carried += 1
        heapq.heappush(self._waiting, (sent_ns + self.delay_ns, self.carried, packet))

    def due(self, now_ns: int) -> bytes | None:
        """Return a packet that is due, or None."""
        if self._waiting and self._waiting[0][0] <= now_ns:
            return heapq.heappop(self._waiting)[2]
        return None

    def wait_s(self, now_ns: int) -> float | None:
        """Return the seconds until a packet is due, or None if no packet waits."""
        if not self._waiting:
            return None
        return max(0, self._waiting[0][0] - now_ns) / NS

    def counts(self) -> dict[str, int]:
        return {
            "carried": self.carried,
            "lost": self.lost,
            "overflowed": self.overflowed,
            "waiting": len(self._waiting),
        }


def open_device(name: str) -> int:
    """Return the open file of a new TUN device, which exists until the file is closed."""
    file = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return file


def overrun(name: str) -> int:
    """Return how many packets the kernel dropped because this process was too slow."""
    for line in Path("/proc/self/net/dev").read_text(encoding="utf-8").splitlines():
        device, _, counts = line.partition(":")
        if device.strip() == name:
            return int(counts.split()[11])
    return 0


def forward(device: int, delay: Delay, commands: int, answer: Any) -> None:
    """Take and give back packets, and obey commands, until the end of commands."""
    told = b""
    while True:
        wait_s = delay.wait_s(time.perf_counter_ns())
        readable, _, _ = select.select([device, commands], [], [], wait_s)
        if commands in readable:
            data = os.read(commands, 1 << 16)
            if not data:
                return
            *lines, told = (told + data).split(b"\n")
            for line in lines:
                say(answer(json.loads(line)))
        if device in readable:
            for _ in range(AT_ONCE):
                try:
                    packet = os.read(device, PACKET_BYTES_MAX)
                except BlockingIOError:
                    break
                delay.take(packet, time.perf_counter_ns())
        while packet_due := delay.due(time.perf_counter_ns()):
            os.write(device, packet_due)


def main() -> None:
    spec = json.loads(sys.argv[1])
    die_with_parent(spec["parent"])
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1)
    name = spec["device"]
    try:
        device = open_device(name)
    except OSError as error:
        sys.exit(f"{TUN}: {error.strerror}")
    delay = Delay(spec["seed"])

    def answer(command: dict[str, Any]) -> dict[str, int]:
        if command:
            delay.become(**command)
        return {**delay.counts(), "overrun": overrun(name)}

    say({})
    forward(device, delay, 0, answer)


if __name__ == "__main__":
    main()
