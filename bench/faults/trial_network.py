"""The network of a trial with a fault: on which host each participant is, and its URLs.

With a link there are two hosts, one of them for the peers, or for one participant. Else all
are on one host, or on this machine where it permits no namespace. A trial that is placed
apart has the hosts of its run instead.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from bench.contract.model import PLURAL
from bench.faults.across import HostsLink
from bench.faults.fault import Setup
from bench.faults.network.helper import Helper
from bench.faults.network.hosts import Network
from bench.faults.network.link import Link
from bench.faults.participants import FRONT, Participant, Participants
from bench.trial import addresses
from bench.trial.site import Here, Site, Sites

RELAYS = "bench.faults.catalogue.halfway"
NEAR, FAR = "near", "far"


class TrialNetwork:
    """Hosts and addresses of one trial, and the helper processes of its fault.

    ``addresses`` has the URL of each address of the workload, as who binds it is told. Each
    of several participants in one role has its own. ``listed`` are the participants whose
    addresses are told with those of their kind.
    """

    def __init__(
        self,
        network: Network | None,
        participants: Participants,
        setup: Setup,
        transport: str,
        folder: Path,
        rng: random.Random,
        sites: Sites | None = None,
    ) -> None:
        self._network, self._setup, self._participants = network, setup, participants
        self._sites = sites
        self._link: Link | HostsLink | None = None
        self.listed = {name for name, each in participants.items() if not each.extra}
        bound = {
            self._key(each, name): self.site(each)
            for each in participants.values()
            for name in each.role.binds
        }
        self.addresses = addresses.assign(sorted(bound), transport, folder, rng, bound)
        if sites and setup.link:
            self._link = HostsLink(sites, self.addresses.values())
        elif network and setup.link:
            self._link = Link(network)
        self._relayed: dict[str, str] = {}
        self._helpers: list[Helper] = []

    def _ip(self, participant: Participant) -> str:
        if self._network is None or not self._setup.link:
            return addresses.LOOPBACK
        return self._network.address(FAR if participant.far else NEAR)

    @property
    def link(self) -> Link:
        """The link between the two hosts, if the fault needs one.

        Between hosts elsewhere it has what the faults of ``across`` ask of it.
        """
        assert self._link
        return cast(Link, self._link)

    def enter(self, participant: Participant | None = None) -> Sequence[str]:
        """Return the command that starts something on the host where a role lives, or who
        is none.
        """
        if self._network is None:
            return ()
        far = participant and participant.far and self._setup.link
        return self._network.enter(FAR if far else NEAR)

    def site(self, participant: Participant) -> Site:
        """Return where the process of a role runs."""
        if self._sites:
            workload, number = self._participants.workload, participant.number
            return self._sites.of(workload, participant.role, number)
        return Here(self.enter(participant), self._ip(participant))

    def urls(self, participant: Participant) -> list[str | tuple[str, ...]]:
        """Return the URLs that a role binds, and those at which it looks for others: for an
        address in the plural, a tuple of them.
        """
        sought = participant.role.connects
        return [*self.bound(participant), *(self._sought(participant, n) for n in sought)]

    def bound(self, participant: Participant) -> list[str]:
        """Return the URLs that a role binds."""
        return [
            self.addresses[self._key(participant, name)] for name in participant.role.binds
        ]

    def _key(self, participant: Participant, name: str) -> str:
        several = participant.role.name in self._setup.counts
        return f"{name}.{participant.number}" if several else name

    def _sought(self, participant: Participant, name: str) -> str | tuple[str, ...]:
        if name in self.addresses:
            return self._seen_from(participant, self.addresses[name])
        return tuple(
            self.addresses[self._key(each, single)]
            for other, each in self._participants.items()
            for single in each.role.binds
            if other in self.listed and name == single + PLURAL
        )

    def _seen_from(self, participant: Participant, url: str) -> str:
        """Return the URL by which a role looks for one that another binds."""
        if self._setup.middle and FRONT not in participant.role.binds:
            return self.addresses[FRONT]
        if participant.extra and self._setup.relayed:
            return self._relayed[url]
        if self._setup.look_up:
            return f"tcp://{self._setup.look_up}:{urlsplit(url).port}"
        return url

    def port(self, address: str = "") -> tuple[str, int]:
        """Return where a process listens for an address of the workload, or else the
        binder's address.
        """
        binder = self._participants[self._participants.binder]
        url = urlsplit(self.addresses[address or binder.role.binds[0]])
        assert url.hostname
        assert url.port
        return url.hostname, url.port

    def helper(self, module: str, **spec: Any) -> Helper:
        """Return a process of the fault's own, on the host of the peers."""
        peer = self._participants[self._participants.repeated[0]]
        made = Helper(module, spec, self.enter(peer))
        self._helpers.append(made)
        return made

    def start_relays(self, seed: int) -> None:
        """Start the relays through which extra participants reach the others."""
        self.relays = self.helper(RELAYS, urls=list(self.addresses.values()), seed=seed)
        self._relayed = self.relays.ready

    def close(self) -> None:
        """End the helpers. The namespaces belong to who made them."""
        if isinstance(self._link, HostsLink):
            self._link.close()
        for helper in self._helpers:
            helper.close()
