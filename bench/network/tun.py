"""A link with delay, loss and a rate of its own: the middle sends packets a longer way.

What comes from a host is routed into a TUN device, and what comes out of that goes on to
its host. Where the kernel has ``tc netem`` that would do the same; many have not. Faults of
``bench.network.link`` work as before, also on packets that are under way.
"""

from __future__ import annotations

from typing import NamedTuple, Self

from bench.errors import NotMeasurable, TrialError
from bench.network.forwarder import TUN
from bench.network.helper import Helper
from bench.network.hosts import MIDDLE, Network
from bench.network.link import DELAYED, QUEUE_S

ROUTES = 100
"""The number of the table of routes for what comes from a host."""
PACKETS_WAITING_MAX = 10_000


class Carried(NamedTuple):
    """What became of the packets that took the longer way."""

    carried: int
    lost: int
    """By chance, as asked for."""
    overflowed: int
    """They would have waited too long for the rate."""
    waiting: int
    """Under way now; they are among ``carried``."""
    overrun: int
    """The forwarder was too slow: more than 0 spoils an experiment."""


class DelayedLink:
    """Packets between the hosts of a network are delayed and lost as ``become`` says.

    A context manager; the direct way is open again after ``close``. Should the forwarder
    die before, nothing passes any more. Raises NotMeasurable without TUN devices.
    """

    def __init__(self, network: Network, seed: int = 0) -> None:
        self._network = network
        spec = {"device": DELAYED, "seed": seed}
        try:
            self._forwarder = Helper("bench.network.forwarder", spec, network.enter(MIDDLE))
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
                network.set_in_middle(path, "0")  # else what comes back is not believed
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
        """Delay packets by so much each way, lose this share, carry so much a second.

        ``bytes_per_s`` 0 sets no limit; what would wait for it longer than ``queue_s`` is
        lost.
        """
        answer = self._forwarder.ask(
            delay_s=delay_s, loss=loss, bytes_per_s=bytes_per_s, queue_s=queue_s
        )
        return Carried(**answer)

    def carried(self) -> Carried:
        return Carried(**self._forwarder.ask())

    def close(self) -> None:
        """Open the direct way again; what is under way is lost. Harmless when done."""
        try:
            if self._forwarder.process.returncode is None:
                self._ip(*self._rules("del"), f"route flush table {ROUTES}")
        finally:
            self._forwarder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
