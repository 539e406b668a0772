"""Drops packets of some ports where they arrive at a host.

The table belongs to this process: the kernel removes it when the process ends in any way.
"""

from __future__ import annotations

from collections.abc import Collection

from bench.errors import NotMeasurable

TABLE = """
table inet nomiddle {
  flags owner
  set cut { type inet_service; }
  chain arriving {
    type filter hook input priority -10;
    tcp dport @cut drop
    tcp sport @cut drop
  }
}
"""


class Filters:
    """The packet filters of one host: which ports are cut off."""

    def __init__(self) -> None:
        self._cut: set[int] = set()
        self._is_there = False

    def drop(self, ports: Collection[int], packets: bool) -> None:
        """Drop the packets to and from some ports, or let them pass again.

        Raises NotMeasurable where this is not permitted.
        """
        changed = {*ports} - self._cut if packets else {*ports} & self._cut
        verb = "add" if packets else "delete"
        listed = ", ".join(map(str, sorted(changed)))
        script = "" if self._is_there else TABLE
        if changed:
            script += f"{verb} element inet nomiddle cut {{ {listed} }}\n"
        if not script:
            return
        from bench.faults.network.holder import filter_packets  # few sites need it

        try:
            filter_packets(script)
        except (OSError, ValueError) as error:
            raise NotMeasurable(
                f"packets cannot be filtered there ({error}): install the package "
                "nftables, and give the worker the capability NET_ADMIN"
            ) from error
        self._is_there = True
        self._cut ^= changed
