"""The processes of a web of peers: their names, addresses and lives, and blows to them.

Every peer has a host of its own on one network, and one process that plays all its roles.
A peer that starts again has a new name: libzmq ends a process that gives two connections of
a ROUTER the same one.
"""

from __future__ import annotations

import json
import random
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.contract.model import Cell, Role
from bench.contract.topology import Box, Topology
from bench.faults.network.hosts import Network
from bench.faults.network.link import Link
from bench.hosts.spec import HostSpec, RoleSpec
from bench.trial import addresses
from bench.trial.fork_servers import ForkServer, Inside
from bench.trial.process_group import ProcessGroup
from bench.trial.site import Here, Host, Site
from bench.trial.specs import host_spec

PEER_HOST = "bench.hosts.peer"
SIZE_BYTES = 64
KNOWN = ("calls", "news", "tasks", "results")
"""The addresses that peers have of each other."""


@dataclass
class Member:
    """A peer, or the hub; ``number`` is its place among all, the hub's the last one."""

    box: Box
    number: int
    roles: tuple[Role, ...]
    urls: dict[str, str] = field(default_factory=dict)
    lives: list[Host] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Its host on the network."""
        return f"p{self.number}" if self.box.kind == "peer" else self.box.name

    @property
    def process(self) -> Host:
        return self.lives[-1]

    @property
    def name(self) -> str:
        """By what others ask it: another name in each life."""
        return f"{self.host}.{len(self.lives) - 1}"

    def role_id(self, role: str) -> str:
        return f"{role}.{self.number}"

    def plays(self, role: str) -> bool:
        return any(each.name == role for each in self.roles)


def members(topology: Topology, cell: Cell) -> list[Member]:
    """Return all peers in the order of their boxes, and the hub if the program has one."""
    roles = {role.name: role for role in cell.workload.roles}
    boxes = [box for box in topology.boxes if box in topology.peers] + [
        box for box in topology.boxes if box not in topology.peers
    ]
    found: list[Member] = []
    for box in boxes:
        played = tuple(roles[name] for name in box.roles if name in roles)
        for _ in range(box.count if played else 0):
            found.append(Member(box, len(found), played))
    return found


class Members:
    """All members of one trial, in the processes of a group."""

    def __init__(
        self,
        cell: Cell,
        topology: Topology,
        folder: Path,
        rng: random.Random,
        network: Network | None,
        group: ProcessGroup,
        messages: int,
        beacon: str = "",
        server: ForkServer | None = None,
    ) -> None:
        self._beacon, self._server = beacon, server
        self.all = members(topology, cell)
        self.peers = [each for each in self.all if each.box.kind == "peer"]
        self._cell, self._folder, self._network = cell, folder, network
        self._group, self._messages = group, messages
        self._link = Link(network) if network and network.is_joined else None
        self._cut: set[str] = set()
        self._rng = rng
        self._assign(self.all)

    def _assign(self, some: Sequence[Member]) -> None:
        """Give members a URL for every address that their roles bind."""
        sites = {
            f"{name}.{each.number}": self._site(each)
            for each in some
            for role in each.roles
            for name in role.binds
        }
        urls = addresses.assign(sorted(sites), "tcp", self._folder, self._rng, sites)
        for each in some:
            for role in each.roles:
                for name in role.binds:
                    each.urls[name] = urls[f"{name}.{each.number}"]

    def move(self, member: Member) -> None:
        """Give a peer that comes back other addresses. All know those of a hub."""
        if member in self.peers:
            self._assign([member])

    def _site(self, member: Member) -> Site:
        if self._network is None:
            return Here()
        return Here(self._network.enter(member.host), self._network.address(member.host))

    def addresses_given(self) -> int:
        """Return how many addresses a peer has to be given to find all others."""
        (sought,) = (role.connects for role in self.peers[0].roles)
        return sum(name in ("registry", "seed") for name in sought)

    def of(self, box: str) -> list[Member]:
        return [each for each in self.all if each.box.name == box]

    # -- lives -----------------------------------------------------------------------------

    def spawn(self, member: Member) -> None:
        """Start a further process of a member, which loads its program and waits."""
        life = len(member.lives)
        spec = self._spec(member, life)
        name = f"{member.host}.{life}"
        site, forks = self._site(member), None
        if self._server:  # a copy enters namespaces by itself
            inside = self._network.namespaces(member.host) if self._network else ()
            site, forks = Here(address=site.address), Inside(self._server, inside)
        program = (sys.executable, "-m", PEER_HOST)
        member.lives.append(self._group.spawn(name, spec, program, site, forks))

    def _spec(self, member: Member, life: int) -> HostSpec:
        roles = [
            RoleSpec(
                member.role_id(role.name),
                role.name,
                (),
                role.drives,
                role.handles,
                role.consumes,
                sender=member.number,
                incarnation=life,
            )
            for role in member.roles
        ]
        return host_spec(
            self._cell,
            roles,
            self._folder,
            "tcp",
            messages=self._messages,
            warm_up=0,
            size_bytes=SIZE_BYTES,
            senders=len(self.peers),
        )

    def enter(self, member: Member) -> None:
        """Have a member begin, with the addresses of its own and of the hub."""
        given = dict(member.urls)
        for each in self.all:
            if each not in self.peers:
                given |= each.urls
        given["about"] = json.dumps(as_known(member))
        given["seed"] = self.peers[0].urls.get("inbox", "")
        given["beacon"] = self._beacon
        member.process.tell("enter", name=member.name, addresses=given)

    def introduce(self, member: Member, others: Sequence[Member]) -> None:
        """Let a member know some others, as a list in a file would."""
        peers = [as_known(each) for each in others if each is not member]
        member.process.tell("know", peers=peers)

    # -- blows -----------------------------------------------------------------------------

    def kill(self, member: Member) -> None:
        self._group.kill(member.process)

    def freeze(self, member: Member) -> None:
        """Stop a member. Its kernel still accepts connections."""
        member.process.signal_group(signal.SIGSTOP)

    def thaw(self, member: Member) -> None:
        member.process.signal_group(signal.SIGCONT)

    def cut(self, member: Member) -> None:
        """Lose every packet to and from a member, silently."""
        assert self._link
        self._cut.add(member.host)
        self._link.cut_off(*sorted(self._cut))

    def heal(self, member: Member) -> None:
        assert self._link
        self._cut.discard(member.host)
        self._link.cut_off(*sorted(self._cut))

    def living(self) -> Iterator[Member]:
        """Yield those whose process was not killed and has not ended."""
        for each in self.all:
            if each.lives and each.process not in self._group.gone_ns:
                yield each


def as_known(member: Member) -> list[str | int]:
    """Return what others know of a peer: the fields of ``bench.hosts.peer.Peer``."""
    return [member.name, member.number, *(member.urls.get(name, "") for name in KNOWN)]
