"""Two hosts with a delay between them: one process holds every packet for a fixed time.

The kernel's own means for this, netem, is a module that many kernels lack. Here each host
has a TUN device, and ``delay.c`` passes packets from one to the other. It makes segments of
TCP no smaller, drops none that its queue can hold, and keeps their order.
"""

from __future__ import annotations

from pathlib import Path
from shutil import which

from bench.errors import NotMeasurable, TrialError
from bench.faults.network.helper import Helper
from bench.faults.network.hosts import INTERFACE, MIDDLE, Network
from bench.faults.network.tun import DEVICE
from bench.trial.build import COMPILER, build_alone, not_built
from bench.trial.site import LinkCounts

LINK = "bench.faults.network.tun"
SOURCE = Path(__file__).with_name("delay.c")
QUEUE_BYTES = 64 << 20
"""Each direction holds so much at most: 10 ms of 50 Gbit/s."""
QUEUE_PACKETS = 10_000
"""How many packets each device keeps until the link reads them; the kernel's default, 500,
is little where the link has to wait for a CPU."""
DROPPED_FIELD = 11
"""Where a line of /proc/net/dev has the packets that were not sent, after the name."""


class DelayedNetwork(Network):
    """Two hosts, ``delay_ms`` away from each other in each direction.

    A round trip takes twice the delay, and the time that it takes without one. The hosts
    have the addresses that they have with cables. The middle has the link in it, and no
    interface: faults of ``network.link`` do not exist here. ``queue_bytes`` bounds what
    each direction holds.

    Raises NotMeasurable where TUN devices are refused or no compiler is installed, and as
    ``Network`` does.
    """

    def __init__(
        self, first: str, second: str, delay_ms: float, queue_bytes: int = QUEUE_BYTES
    ) -> None:
        if delay_ms < 0:
            raise ValueError(f"no packet arrives before it was sent: {delay_ms:g} ms")
        self.delay_ms, self._queue_bytes = delay_ms, queue_bytes
        self._link: Helper | None = None
        super().__init__(first, second)

    def _join(self) -> None:
        if not which(COMPILER):
            raise NotMeasurable(f"the link with a delay is {not_built([COMPILER])}")
        spec = {
            "namespaces": [self.namespaces(host)[-1] for host in self.hosts],
            "interface": INTERFACE,
            "device": DEVICE,
            "program": str(build_alone(SOURCE)),
            "delay_ms": self.delay_ms,
            "queue_bytes": self._queue_bytes,
        }
        try:
            self._link = Helper(LINK, spec, self.enter(MIDDLE))
        except TrialError as error:
            if DEVICE not in str(error):
                raise
            raise NotMeasurable(
                f"a link with a delay needs a TUN device ({error}): load the module tun, "
                f"and let this user open {DEVICE} (docker run --device {DEVICE})"
            ) from error
        for host in self.hosts:
            self._ip(
                host,
                "link set lo up",
                f"link set {INTERFACE} txqueuelen {QUEUE_PACKETS} addrgenmode none",
                f"addr add {self.address(host)}/24 dev {INTERFACE}",
                f"link set {INTERFACE} up",
                f"route add default dev {INTERFACE}",
            )

    def counts(self) -> LinkCounts:
        """Return what the link has done so far. Raises TrialError if it is gone."""
        assert self._link
        told = self._link.ask()
        passed = told["passed"]
        return LinkCounts(
            delay_ms=self.delay_ms,
            passed=passed,
            passed_bytes=told["passed_bytes"],
            dropped=told["dropped"],
            dropped_before=sum(map(self._unsent, self.hosts)),
            most_queued_bytes=told["most_queued_bytes"],
            late_us=told["late_ns"] / 1e3 / passed if passed else 0.0,
            latest_us=told["latest_ns"] / 1e3,
            cpu_s=told["cpu_s"],
        )

    def _unsent(self, host: str) -> int:
        """Return how many packets of a host the kernel has dropped before the link."""
        for line in self.run(host, "cat", "/proc/net/dev").splitlines():
            name, _, fields = line.partition(":")
            if name.strip() == INTERFACE:
                return int(fields.split()[DROPPED_FIELD])
        return 0

    def close(self) -> None:
        """End the link, and forget the namespaces; harmless if done before."""
        if self._link:
            self._link.close()
        super().close()
