"""One trial of a web of peers: all start in random order, and one of them is struck.

It uses the parts of any trial with a fault: process groups, networks, ledgers. A peer plays
several roles in one process, so that there are members here instead of participants.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bench.contract.model import Cell
from bench.contract.topology import Topology
from bench.errors import NotMeasurable, TrialError
from bench.faults.boxes import (
    BUSY_S,
    CALM,
    CALM_S,
    CUT,
    FROZEN,
    KILLED,
    KILLED_BUSY,
    TIMELY_S,
    WATCH_S,
)
from bench.faults.chaos import plan, unleash
from bench.faults.network.hosts import Network
from bench.faults.processes import JOIN_S, LOOK_S, READY_S
from bench.faults.schedule import LEAD_NS
from bench.faults.trial import PHASE_S
from bench.faults.usage import Usage, usage
from bench.faults.web_members import PEER_HOST, Member, Members, members
from bench.faults.web_record import ANSWERED, FOUND, Times, WebLedgers, WebRecord
from bench.hosts.offers import Schedule
from bench.trial.ceilings import blames_ceilings
from bench.trial.fork_servers import ForkServer, fork_server
from bench.trial.process_group import ProcessGroup
from bench.trial.processes import PADDING_BYTES_MAX
from bench.trial.scratch import scratch_folder

START_WITHIN_S = 2.0
"""Peers begin at random moments within this time, in random order."""
SETTLE_S = 1.0
"""How long messages flow before they count."""
STEADY_S = 1.0
"""How long messages count before a blow."""
MESSAGES_S = 60.0
"""How many seconds of messages a ledger has room for."""
BLOWS = (KILLED, KILLED_BUSY, FROZEN, CUT)
CHAOS = "chaos"
BEACON, BEACON_PORT = "beacon", 9999
"""The port is free: it is on a network of the trial's own."""


@dataclass(frozen=True)
class Strike:
    """A blow to one box: who is drawn when it comes. Chaos strikes them all, by a seed."""

    box: str
    how: str
    seed: str = ""

    @property
    def name(self) -> str:
        return f"box_{self.how}_{self.box}"


def situations(topology: Topology, cell: Cell) -> dict[str, Strike | None]:
    """Return what a program of a web can meet, by name; calm, which is nothing, first.

    Another number of peers than usual is calm only, and so are peers that find each other.
    """
    found: dict[str, Strike | None] = {CALM: None}
    if topology.asking not in topology.clients and not topology.finds:
        there = {each.box.name: each for each in members(topology, cell)}
        for box, member in there.items():
            serves = member.plays("serve")
            strikes = [Strike(box, how) for how in BLOWS if serves or how != KILLED_BUSY]
            found |= {strike.name: strike for strike in strikes}
        found[CHAOS] = Strike("", CHAOS)
    return found


@blames_ceilings
def run_web(
    cell: Cell, topology: Topology, strike: Strike | None, logs: Path, rng: random.Random
) -> WebRecord:
    """Run one trial in fresh processes, in a network of its own.

    Where a peer is struck, all of them are copies of a process that has loaded their
    program: to load it takes longer than all that they do. Raises TrialError if not all
    peers could reach each other, NotMeasurable where the machine does not permit what the
    blow needs. Nothing of it lives on either way.
    """
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder())
        network = _network(cell, topology, strike, stack)
        server = None
        if strike:  # what a process holds is told of trials in which all is calm
            log, padding_bytes = logs / "copied.log", rng.randrange(PADDING_BYTES_MAX)
            made = fork_server(cell, log, padding_bytes, PEER_HOST)
            server = stack.enter_context(made)
        trial = WebTrial(cell, topology, folder, logs, rng, network, server)
        stack.callback(trial.close)
        return trial.run(strike)


def _network(
    cell: Cell, topology: Topology, strike: Strike | None, stack: ExitStack
) -> Network | None:
    """Return a network with a host for each, or None where a machine permits none.

    Peers that find each other are on one segment, so that broadcasts reach them.
    """
    hosts = [each.host for each in members(topology, cell)]
    try:
        return stack.enter_context(Network(*hosts, segment=topology.finds))
    except NotMeasurable:
        shouts = any(BEACON in role.connects for role in cell.workload.roles)
        if shouts or (strike and strike.how in (CUT, CHAOS)):
            raise
        return None


class WebTrial:
    """A running web. ``struck`` are the numbers of the members that a blow has hit."""

    def __init__(
        self,
        cell: Cell,
        topology: Topology,
        folder: Path,
        logs: Path,
        rng: random.Random,
        network: Network | None,
        server: ForkServer | None,
    ) -> None:
        self.rng, self._folder = rng, folder
        self._topology = topology
        self.group = ProcessGroup(logs, forgives=self._forgive)
        self.schedule = self._draw(rng)
        most = max(self.schedule.asked_hz, self.schedule.sent_hz)
        self.messages = int(MESSAGES_S * most)
        beacon = ""
        if network and topology.finds:
            beacon = f"udp://{network.broadcast}:{BEACON_PORT}"
        self.members = Members(
            cell, topology, folder, rng, network, self.group, self.messages, beacon, server
        )
        self.struck: set[int] = set()
        self.crashes = 0
        self.fault_ns = 0

    def _draw(self, rng: random.Random) -> Schedule:
        peers = self._topology.peers
        sent_hz = max(box.rate_hz for box in peers)
        each_once_a_second = float(self._topology.asking - 1)
        return Schedule(0, rng.getrandbits(32), each_once_a_second, sent_hz)

    def close(self) -> None:
        self.group.close()

    def _forgive(self) -> bool:
        """Count the processes that ended by themselves since the blow."""
        if not self.fault_ns:
            return False
        crashed = self.group.crashed()
        self.crashes += len(crashed)
        return bool(crashed)

    # -- the order of a trial --------------------------------------------------------------

    def run(self, strike: Strike | None) -> WebRecord:
        last_ns = self.start()
        joined_s = (self.join() - last_ns) / 1e9
        if self._topology.finds:
            nobody = frozenset[int]()
            made = WebRecord(len(self.members.peers), 0, 0, 0, joined_s, nobody)
            return replace(made, addresses_given=self.members.addresses_given())
        self.begin()
        calm_ns = time.perf_counter_ns()
        self.wait(STEADY_S + self.rng.uniform(0, PHASE_S))
        used = self._usage()
        self.fault_ns = time.perf_counter_ns()
        if strike and strike.how == CHAOS:
            blows = plan(strike.seed, len(self.members.peers) + 1)
            unleash(self, blows)
            return replace(self._end(calm_ns, joined_s, used), blows=tuple(blows))
        if strike:
            self.strike(strike)
        self.wait(WATCH_S if strike else CALM_S)
        return self._end(calm_ns, joined_s, used)

    def start(self) -> int:
        """Start all in random order; return when the last one was told to begin."""
        for each in self.members.all:
            self.members.spawn(each)
        self.expect("not every peer was ready", READY_S, self.group.all_ready)
        self.group.mark_ready()
        for each in self.members.all:
            if each not in self.members.peers:
                self.enter(each)
        order = self.rng.sample(self.members.peers, len(self.members.peers))
        moments = sorted(self.rng.uniform(0, START_WITHIN_S) for _ in order)
        began = time.monotonic()
        for each, moment in zip(order, moments, strict=True):
            self.wait(began + moment - time.monotonic())
            self.enter(each)
        return time.perf_counter_ns()

    def enter(self, member: Member) -> None:
        """Have a member begin. It is given a list of all others, unless it finds them."""
        self.members.enter(member)
        if not self._topology.finds:
            self.members.introduce(member, self.members.peers)

    def join(self) -> int:
        """Wait until each peer has had an answer of each other, or has found it; return
        when it had.
        """
        peers = self.members.peers
        pairs = len(peers) * (len(peers) - 1)
        self.expect(
            f"not all of {pairs} pairs of peers have met",
            JOIN_S,
            lambda: sum(int((met > 0).sum()) for met in self._met()) >= pairs,
        )
        return max(int(met.max()) for met in self._met())

    def _met(self) -> Iterator[Times]:
        return self.ledgers.met(*(FOUND if self._topology.finds else ANSWERED))

    def begin(self) -> None:
        """Have messages be due, and wait until they flow."""
        start_ns = time.perf_counter_ns() + LEAD_NS
        self.schedule = self.schedule._replace(start_ns=start_ns)
        for each in self.members.all:
            self.have_begin(each)
        self.wait(SETTLE_S)

    def have_begin(self, member: Member) -> None:
        """Have a member's messages be due by the schedule of all."""
        member.process.tell("begin", schedule=self.schedule._asdict())

    def strike(self, strike: Strike) -> None:
        """Strike one copy of a box, and note who."""
        victim = self.rng.choice(self.members.of(strike.box))
        self.struck.add(victim.number)
        match strike.how:
            case "killed_busy":
                victim.process.tell("hold", for_s=BUSY_S)
                self.wait(BUSY_S / 2)
                self.members.kill(victim)
            case "killed":
                self.members.kill(victim)
            case "frozen":
                self.members.freeze(victim)
            case _:
                self.members.cut(victim)

    def _end(
        self, calm_ns: int, joined_s: float, used: dict[str, list[Usage]]
    ) -> WebRecord:
        """Let the last messages arrive, and read what became of all."""
        stop_ns = time.perf_counter_ns()
        for each in self.members.living():
            if each.process.status() is None:
                each.process.tell("stop", stop_ns=stop_ns)
        self.wait(TIMELY_S)
        peers = len(self.members.peers)
        well = frozenset(range(peers)) - self.struck
        made = WebRecord(peers, self.fault_ns, stop_ns, calm_ns, joined_s, well, usage=used)
        self.ledgers.read(made)
        made.counters["crashed"] = self.crashes
        return made

    # -- time passes -----------------------------------------------------------------------

    def wait(self, for_s: float) -> None:
        if for_s > 0:
            self.group.hear_for(for_s)

    def expect(self, what: str, timeout_s: float, done: Callable[[], bool]) -> None:
        """Wait until a condition holds; TrialError with all output if it never does."""
        if not self.group.wait_until(done, timeout_s, LOOK_S):
            raise TrialError(f"{what} within {timeout_s:g} s{self.group.last_words()}")

    # -- what is read ----------------------------------------------------------------------

    @property
    def ledgers(self) -> WebLedgers:
        return WebLedgers(self.members, self._folder, self.schedule, self.messages)

    def _usage(self) -> dict[str, list[Usage]]:
        """Return what each peer and the hub hold, by the name of their box."""
        found: dict[str, list[Usage]] = {}
        for each in self.members.all:
            found.setdefault(each.box.name, []).append(usage(each.process.pid))
        return found
