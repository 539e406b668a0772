"""Faults across hosts: which are made there, and the link between hosts of any kind.

Processes are killed, frozen, hung and restarted by the site on which they are. A link is
cut by each host where packets arrive: if the host of a sender dropped them, its TCP would
notice. Only packets of the trial's own ports are dropped. All other traffic goes on, and so
does the engine that holds the hosts together.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from bench.errors import TrialError
from bench.faults.network.link import Change
from bench.trial.site import Site, Sites

ACROSS = (
    "nothing",
    "link_cut_0s",
    "server_killed",
    "server_killed_busy",
    "worker_killed",
    "server_frozen",
    "application_hung",
    "link_cut_1s",
    "link_cut_2s",
    "link_cut_4s",
    "link_cut_8s",
    "power_lost",
)
"""The faults that are made across hosts. Others need a middle, or helpers beside a role."""


class HostsLink:
    """The link between the hosts of a trial, for its own ports.

    Raises NotMeasurable where a host may not filter packets.
    """

    def __init__(self, sites: Sites, urls: Iterable[str]) -> None:
        self._sites: list[Site] = sites.distinct()
        self._ports = sorted({port for url in urls if (port := urlsplit(url).port)})
        self.heal()

    def cut(self) -> Change:
        """Lose every packet of the trial in both directions, silently, until ``heal``."""
        return self._drop(True)

    def heal(self) -> Change:
        """Let all packets pass again."""
        return self._drop(False)

    def blink(self) -> Change:
        """Cut the link and heal it at once."""
        return Change(self.cut().from_ns, self.heal().until_ns)

    def close(self) -> None:
        """Let all packets pass. A host that was lost has forgotten its filters."""
        for site in self._sites:
            with suppress(TrialError):
                site.drop(self._ports, False)

    def _drop(self, packets: bool) -> Change:
        moments_ns = [site.drop(self._ports, packets) for site in self._sites]
        began_ns, ended_ns = zip(*moments_ns, strict=True)
        return Change(min(began_ns), max(ended_ns))
