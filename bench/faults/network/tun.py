"""A link with its own delay, loss and rate: the middle sends packets by a longer route.

Packets of a host are routed into a TUN device, and from there to their host. A kernel with
``tc netem`` could do the same, but many lack it. Faults of ``bench.faults.network.link``
work as before, also on packets that are under way.
"""

from __future__ import annotations

from typing import NamedTuple, Self

from bench.errors import NotMeasurable, TrialError
from bench.faults.network.forwarder import TUN
from bench.faults.network.helper import Helper
from bench.faults.network.hosts import MIDDLE, Network
from bench.faults.network.link import DELAYED, QUEUE_S

ROUTES = 100
"""The number of the table of routes for packets from hosts."""
PACKETS_WAITING_MAX = 10_000


class Carried(NamedTuple):
    """The fates of packets on the longer route."""

    carried: int
    lost: int
    """Lost by chance."""
    overflowed: int
    """Lost because they would have waited too long for the rate."""
    waiting: int
    """Under way now; ``carried`` includes them."""
    overrun: int
    """Dropped because the forwarder was too slow; more than 0 spoils an experiment."""


class DelayedLink:
    """A link that delays and loses packets as ``become`` sets it; a context manager.

    The direct route is open again after ``close``. If the forwarder dies before, no packet
    passes any more. Raises NotMeasurable without TUN devices.
    """

    def __init__(self, network: Network, seed: int = 0) -> None:
        self._network = network
        spec = {"device": DELAYED, "seed": seed}
        try:
            self._forwarder = Helper(
                "bench.faults.network.forwarder", spec, network.enter(MIDDLE)
            )
        except TrialError as error:
            if not str(error).startswith(TUN):
                raise
            raise NotMeasurable(
                f"links cannot be delayed here ({error}): allow TUN devices "
                "(sudo modprobe tun; sudo chmod 666 /dev/net/tun; in a container, with "
                "docker run --device /dev/net/tun)"
            ) from error
        try:
            for scope in ("all", DELAYED):
                path = f"/proc/sys/net/ipv4/conf/{scope}/rp_filter"
                network.set_in_middle(path, "0")  # else the kernel drops returning packets
            self._ip(
                f"link set {DELAYED} up txqueuelen {PACKETS_WAITING_MAX}",
                f"route add default dev {DELAYED} table {ROUTES}",
                f"route add blackhole default metric 1 table {ROUTES}",
                *self._rules("add"),
            )
        except BaseException:
            self._forwarder.close()
            raise

    def _ip(self, *lines: str) -> None:
        self._network.run(MIDDLE, "ip", "-batch", "-", said="\n".join(lines) + "\n")

    def _rules(self, do: str) -> list[str]:
        interfaces = map(self._network.interface, self._network.hosts)
        return [f"rule {do} iif {each} lookup {ROUTES}" for each in interfaces]

    def become(
        self,
        delay_s: float = 0.0,
        loss: float = 0.0,
        bytes_per_s: int = 0,
        queue_s: float = QUEUE_S,
    ) -> Carried:
        """Set the delay of each direction, the share of lost packets, and the rate.

        ``bytes_per_s`` 0 is no limit. Packets that would wait for it longer than
        ``queue_s`` are lost.
        """
        answer = self._forwarder.ask(
            delay_s=delay_s, loss=loss, bytes_per_s=bytes_per_s, queue_s=queue_s
        )
        return Carried(**answer)

    def carried(self) -> Carried:
        return Carried(**self._forwarder.ask())

    def close(self) -> None:
        """Open the direct route again; packets under way are lost. Harmless if done."""
        try:
            if self._forwarder.process.returncode is None:
                self._ip(*self._rules("del"), f"route flush table {ROUTES}")
        finally:
            self._forwarder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
