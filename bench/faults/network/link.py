"""Faults of the link between the hosts of a network.

All faults are in the middle, where packets have left their senders. If the sender's own
machine drops a packet, its TCP notices and does not back off. Then a cut heals in a
twentieth of the time of a real one (``selftest partition`` shows this).
"""

from __future__ import annotations

import re
import time
from itertools import chain
from typing import NamedTuple

from bench.errors import NotMeasurable, TrialError
from bench.faults.network.hosts import Network

TABLE = """
table inet link {
  counter passed { }
  counter dropped { }
  counter rejected { }
  counter resets { }
  chain watch {
    type filter hook forward priority -10;
  }
  chain fault {
    type filter hook forward priority 0;
  }
  chain pass {
    type filter hook forward priority 10;
  }
}
flush chain inet link watch
flush chain inet link pass
add rule inet link watch tcp flags & rst == rst counter name resets
add rule inet link pass counter name passed
"""
DROP = "counter name dropped drop"
RESET = "meta l4proto tcp counter name rejected reject with tcp reset"
REFUSE = (
    "meta nfproto ipv4 meta l4proto tcp counter name rejected "
    "reject with icmp type prot-unreachable"
)
COUNTER = re.compile(r"counter (\w+) \{\s*packets (\d+)")
RESET_S = 5.0
CHALLENGE_EACH_S = 0.6
"""The seconds between challenges: an end answers one in half a second.

The kernel's setting is net.ipv4.tcp_invalid_ratelimit.
"""
LOOK_EACH_S = 0.02


class Change(NamedTuple):
    """When a change took effect: between these moments of ``time.perf_counter_ns``."""

    from_ns: int
    until_ns: int


class Packets(NamedTuple):
    """The counts of the middle since the link was made."""

    passed: int
    dropped: int
    rejected: int
    resets: int
    """Packets with TCP's RST that hosts sent, with the dropped ones."""


class Connection(NamedTuple):
    """One host's end of a TCP connection."""

    address: str
    port: int
    other_address: str
    other_port: int


class Link:
    """The link of a network with several hosts. It has one fault at a time, or none.

    All its state is in the middle, so that several objects can be the same link.
    Raises NotMeasurable without nftables.
    """

    def __init__(self, network: Network) -> None:
        if not network.is_joined:
            raise ValueError(f"{network.hosts[0]} has no link: it is the only host")
        self.network = network
        try:
            self._filter(TABLE)
        except TrialError as error:
            raise NotMeasurable(
                f"packets cannot be filtered here ({error}): install the package "
                "nftables, on a kernel that has nf_tables"
            ) from error

    def _filter(self, script: str) -> Change:
        answer = self.network.ask_middle("filter", script=script)
        return Change(answer["from_ns"], answer["until_ns"])

    def _fail(self, *rules: str) -> Change:
        add = [f"add rule inet link fault {rule}" for rule in rules]
        return self._filter("\n".join(["flush chain inet link fault", *add]))

    def cut(self) -> Change:
        """Lose every packet of both directions, silently, until ``heal``."""
        return self._fail(DROP)

    def cut_off(self, *hosts: str) -> Change:
        """Lose every packet to and from some hosts, silently, and heal all others."""
        cables = map(self.network.interface, hosts)
        return self._fail(
            *(f'{end} "{at}" {DROP}' for at in cables for end in ("iifname", "oifname"))
        )

    def blink(self) -> Change:
        """Cut the link and heal it in one step: no packet meets the cut."""
        flush = "flush chain inet link fault"
        return self._filter(f"{flush}\nadd rule inet link fault {DROP}\n{flush}")

    def refuse(self) -> Change:
        """Reset all connections, then answer "protocol unreachable" by ICMP until ``heal``.

        A firewall may answer so if no process listens any more. The kernel reports it as
        ENOPROTOOPT to a process that connects. Raises the errors of ``reset``.
        """
        from_ns = self.reset().from_ns
        return Change(from_ns, self._fail(REFUSE).until_ns)

    def heal(self) -> Change:
        """Let all packets pass again."""
        return self._fail()

    def reset(self) -> Change:
        """Answer packets with TCP's RST until ``heal``; return when all ends are reset.

        Both ends of every connection are reset. An end that has nothing to send gets a
        challenge, and acknowledges. Attempts to connect are refused meanwhile. Raises
        TrialError if a connection survives.
        """
        from_ns = self._fail(RESET).from_ns
        deadline = time.monotonic() + RESET_S
        challenge_at = 0.0
        while left := list(chain.from_iterable(map(self.connections, self.network.hosts))):
            now = time.monotonic()
            if now > deadline:
                raise TrialError(f"{len(left)} connections were not reset: {left[0]}")
            if now >= challenge_at:
                self.network.ask_middle("challenge", connections=left)
                challenge_at = now + CHALLENGE_EACH_S
            time.sleep(LOOK_EACH_S)
        return Change(from_ns, time.perf_counter_ns())

    def abort(self, host: str) -> int:
        """Have a host's kernel forget its connections to other hosts; return their number.

        A process there gets ECONNABORTED, and the other end gets ECONNRESET. After a cut,
        and after its processes were killed, this is a loss of power. Otherwise the kernel
        would close the connections of killed processes when the link is healed. Raises
        NotMeasurable if the kernel cannot do this.
        """
        before = self.connections(host, "connected")
        for other in self.network.others(host):
            to_other = ("dst", self.network.address(other))
            self.network.run(host, "ss", "-KHtn", "state", "connected", *to_other)
        if not {*before}.isdisjoint(self.connections(host, "connected")):
            raise NotMeasurable(
                "`ss -K` kills no connection here: use a kernel built with "
                "CONFIG_INET_DIAG_DESTROY"
            )
        return len(before)

    def packets(self) -> Packets:
        """Return the counts of the middle since the link was made."""
        answer = self.network.ask_middle("filter", script="list counters table inet link")
        counted = {name: int(count) for name, count in COUNTER.findall(answer["output"])}
        return Packets(**{name: counted[name] for name in Packets._fields})

    def connections(self, host: str, state: str = "established") -> list[Connection]:
        """Return a host's TCP connections with other hosts in a state of ``ss``."""
        printed = self.network.run(host, "ss", "-Htn", "state", state)
        others = {self.network.address(other) for other in self.network.others(host)}
        return [
            c for c in map(_connection, printed.splitlines()) if c.other_address in others
        ]


def _connection(line: str) -> Connection:
    own, other = line.split()[-2:]
    return Connection(*_address(own), *_address(other))


def _address(printed: str) -> tuple[str, int]:
    """Return host and port of an address printed by ``ss``; IPv4 within IPv6 is IPv4."""
    host, port = printed.rsplit(":", 1)
    return host.strip("[]").removeprefix("::ffff:"), int(port)


def tcp_counts(network: Network, host: str) -> dict[str, int]:
    """Return the counters of a host's TCP (of RFC 1213, and of Linux), by name."""
    printed = network.run(host, "cat", "/proc/net/snmp", "/proc/net/netstat").splitlines()
    counts: dict[str, int] = {}
    for names, values in zip(printed[::2], printed[1::2], strict=True):
        if names.startswith(("Tcp:", "TcpExt:")):
            counts |= zip(names.split()[1:], map(int, values.split()[1:]), strict=True)
    return counts
