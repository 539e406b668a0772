"""Runs with known answers: an archive filled with invented values, no process started."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import numpy as np
import pyperf
from synthetic_failures import Story, recovered, usual_story

from bench.analysis.growth import CPU
from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, Case, Cell
from bench.measure.common import Measured
from bench.measure.cost import PAYS, RATE_HZ
from bench.measure.percentiles import summary
from bench.run import archive as archives
from bench.run.archive import PILOT_BLOCK, Archive
from bench.run.block import Block
from bench.run.declared import read_declared, with_apart
from bench.run.manifest import HOSTED, about
from bench.run.no_value import Cause, NoValue
from bench.run.plan import Group, Planned, Profile, plan
from bench.run.profiles import PROFILES, SHARED
from bench.run.rounds import Round, RoundEnvironment
from bench.run.runner import Runner
from bench.run.schedule import Slot, batches
from bench.run.sets import takes_turns
from bench.trial.conformance import CheckResult
from bench.trial.site import LinkCounts

SEED = 7
STARTED = "2026-01-02T03:04:05Z"
BASE_S = {"request_reply": 60e-6, "fan_out": 4e-6, "pipeline": 9e-6}
STACK = {"raw_socket": 1.0, "zmq": 1.3, "http": 6.0, "null": 0.05}
VARIANT = {"stdlib_client": 0.5, "aiohttp_client": 0.6, "buffered": 0.4}
SAMPLES = 1000
NOISE = 0.004
MEAN_OVER_MEDIAN = 1.1

EVERY = (
    Group(("*/*/request_reply.*",), ("latency",), SHARED),
    Group(("*/*/pipeline.*", "*/*/fan_out.*"), ("throughput",), SHARED),
    Group(("*/minimal/request_reply.c",), ("latency",), SHARED, leaving_out=()),
    Group(("*/*/pipeline.c", "*/*/fan_out.c"), ("throughput",), SHARED, leaving_out=()),
    Group(("zmq/minimal/request_reply.*",), ("latency",), SHARED, copy=1),
    Group(("*/request_reply.*",), ("latency",), SHARED, floor=True),
    Group(("*/pipeline.*", "*/fan_out.*"), ("throughput",), SHARED, floor=True),
    *(group for group in PROFILES["quick"].groups if group.faults),
)
"""Every program once, on one CPU: a small run that has all kinds of rows."""
SIX = tuple(group if group.faults else replace(group, blocks=6) for group in EVERY)
BOTH_ENDS = Group(
    ("*/minimal/request_reply.py", "http/uwsgi/request_reply.py"),
    ("latency",),
    ("split", "shared"),
)
ROUND_TRIPS = "round_trips"
"""A profile of a few round trips: a run on two hosts has them apart as well."""
KNOWN = {
    **PROFILES,
    "quick": replace(PROFILES["quick"], groups=SIX),
    ROUND_TRIPS: Profile(ROUND_TRIPS, "", (BOTH_ENDS,)),
}

FOURTH = """
label = "Fourth"
requirements = []
[variants.minimal]
transports = ["tcp"]
promises = { request_reply = [], fan_out = [], pipeline = [] }
"""


TIMES = {"latency": 3, "connect": 10}
"""How many times the time of a message a quantity takes."""


class FastArchive(Archive):
    """Writes each suite once, when the run is sealed: there is no kill to survive."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.kept: dict[str, dict[str, list[pyperf.Run]]] = {}

    def add_run(self, suite: str, values: list[float], metadata: dict[str, Any]) -> None:
        run = pyperf.Run(values, metadata=metadata, collect_metadata=False)
        kept = self.kept.setdefault(suite, {})
        kept.setdefault(str(metadata["name"]), []).append(run)

    def seal(self) -> None:
        for key, benchmarks in self.kept.items():
            suite = pyperf.BenchmarkSuite([*map(pyperf.Benchmark, benchmarks.values())])
            suite.dump(str(self.folder / f"{key}.json"), replace=True)
            self.suites[key] = suite
        super().seal()


def usual_s(case: Case) -> float:
    """Return the invented seconds of a case: sockets < ZeroMQ < HTTP."""
    cell = case.cell
    base = BASE_S[cell.workload.name] * TIMES.get(case.quantity, 1)
    factor = STACK.get(cell.stack.name, 2.0) * VARIANT.get(cell.variant.name, 1.0)
    placed = 2.5 if case.placement == "split" else 1.0
    return base * factor * placed * (1 + case.size_bytes / 40_000)


def fourth_stack(root: Path, name: str = "fourth") -> Path:
    """Make an implementations root with one more stack of three minimal cells."""
    folder = root / name / "minimal"
    folder.mkdir(parents=True)
    (folder.parent / "stack.toml").write_text(FOURTH)
    for workload in BASE_S:
        (folder / f"{workload}.py").write_text("import socket\n\nx = socket\n")
    return root


def cells_of(*more: Path) -> list[Cell]:
    return find_cells([IMPLEMENTATIONS, FLOOR, *more])


def planned_cases(profile: str, *more: Path) -> list[Planned]:
    return plan(KNOWN[profile], cells_of(*more))


def measured(case: Case, value_s: float, rng: np.random.Generator) -> Measured:
    lost = 25 if case.cell.lossy and case.quantity == "throughput" else 0
    metadata: dict[str, Any] = {
        "given": 1000,
        "delivered": 1000 - lost,
        "lost": lost,
        "duplicated": 0,
        "reordered": 0,
        "join_s": 0.1,
        "trial_s": 1.0,
        "bottleneck": "latency",
    }
    for number, role in enumerate(case.cell.workload.roles):
        metadata[f"{role.name}_cpu_us_per_message"] = 1e6 * value_s * (number + 1) / 4
        metadata[f"{role.name}_thread_share"] = 0.25
        metadata[f"{role.name}_cpu_share"] = 0.5
        metadata[f"{role.name}_peak_memory_bytes"] = (1 << 20) * (number + 1)
        metadata[f"{role.name}_tcp_nodelay"] = "1"
        metadata[f"{role.name}_so_sndbuf"] = "2626560"
    if case.quantity == "throughput":
        metadata["window_s"] = 1000 * value_s
        return Measured(value_s, metadata)
    metadata["window_s"] = SAMPLES * value_s
    tail = rng.lognormal(0, 0.25, SAMPLES)
    samples = (value_s * 1e9 * tail / np.median(tail)).astype(np.int64)
    metadata |= summary(samples)
    if case.quantity == "cost":
        metadata |= _cost(case, value_s)
    if case.quantity == "response" or _of_clients(case):
        given = {f"from_given_{k}": v // 2 for k, v in summary(samples).items()}
        del given["from_given_n"]
        metadata |= {
            **given,
            "lag_p99_ns": 2000,
            "generator_share": 0.01,
            "offered_hz": 0.7 / value_s,
        }
    if case.quantity == "idle_memory":
        metadata |= _idle(case, value_s)
    consumer = f"{case.cell.workload.consumer.name}.0"
    return Measured(value_s, metadata, {consumer: samples})


def _of_clients(case: Case) -> bool:
    return case.quantity == "cost" and case.cell.workload.lockstep


def _cost(case: Case, value_s: float) -> dict[str, Any]:
    """Return what a trial of cost has: of streams, more for more peers."""
    roles = [role.name for role in case.cell.workload.roles]
    metadata: dict[str, Any] = {
        **{f"{role}_wake_ups_per_message": 1.5 for role in roles},
        **{f"{role}_bytes_per_connection": 4096.0 for role in roles},
        "others_cpu_share": 0.01,
        "generator": "crowd/frames/request_reply.c",
    }
    workload = case.cell.workload
    if workload.lockstep:
        return metadata
    of_subscribers = {"last_p50_ns": 2e9 * value_s} if workload.name == "fan_out" else {}
    return metadata | {
        f"{PAYS[workload.name]}{CPU}": 1e6 * value_s * (1 + case.instances / 10),
        f"{workload.repeated}{CPU}": 1.0 * case.instances,
        **of_subscribers,
        "late_p99_ns": 1000,
        "offered_hz": RATE_HZ[workload.name],
    }


def _idle(case: Case, value_s: float) -> dict[str, Any]:
    """Return what connections cost that are idle: more where messages take longer."""
    return {
        f"{role.name}_{what}": 1e6 * value_s * factor
        for role in case.cell.workload.roles
        for what, factor in {
            "bytes_per_connection": 1000,
            "rest_cpu_ms_per_s": 0.001,
            "rest_wake_ups_per_s": 0.01,
            "paced_cpu_ms_per_s": 0.1,
            "paced_wake_ups_per_s": 1,
        }.items()
    }


def _fill(
    archive: Archive,
    planned: Iterable[Planned],
    seconds: Callable[[Case], float],
    failing: dict[str, str],
    breaking: dict[str, str],
    noise: float,
    stories: Callable[[Case], Story],
) -> None:
    rng = np.random.default_rng(SEED)
    chance = Random(SEED)
    checks = {}
    for entry in planned:
        case = entry.case
        reason = failing.get(case.cell.id, "")
        losses = 321 if case.cell.lossy else 0
        result = CheckResult(case.cell.id, case.transport, reason, False, losses)
        checks[case.cell.id, case.transport] = asdict(result)
        if reason:
            archive.fail(case, PILOT_BLOCK, NoValue(Cause.NOT_PERMITTED, reason))
            continue
        for block in range(entry.blocks):
            if block == entry.blocks - 1 and case.cell.id in breaking:
                archive.fail(case, block, NoValue(Cause.FAILED, breaking[case.cell.id]))
                continue
            if case.fault:
                made = recovered(case, chance, stories)
                archive.add(Slot(block, block, entry, ""), made)
                continue
            value_s = seconds(case) * float(np.exp(rng.normal(0, noise)))
            archive.add(Slot(block, block, entry, ""), measured(case, value_s, rng))
    archive.write(archives.CHECK, list(checks.values()))


def in_turns(case: Case, values_s: list[float], ensemble: str) -> Measured:
    """Return the outcome of a case that took turns, with these values of its rounds."""
    made = measured(case, median(values_s), np.random.default_rng(SEED))
    made.windows_s = values_s
    made.metadata |= {"ensemble": ensemble, "idle_cpu_us_per_s": 10.0}
    if case.quantity == "latency":
        made.metadata["p50_ns"] = made.value_s * 1e9
        means_ns = (MEAN_OVER_MEDIAN * value_s * 1e9 for value_s in values_s)
        made.metadata["window_means_ns"] = ",".join(map(str, means_ns))
    return made


def rounds_of(count: int, order: int, flagged: Collection[int] = ()) -> list[Round]:
    """Return the rounds of an ensemble of ``order`` cases; ``flagged`` ones were hit."""
    seen = RoundEnvironment(1.0, 0.1, 0.0, 0.0, 0.0, 0.0)
    return [
        Round(n, 0, n, tuple(range(order)), seen, ("stolen",) if n in flagged else ())
        for n in range(count)
    ]


def make_in_turns(
    folder: Path,
    profile: str = "quick",
    rounds: int = 5,
    machine: float = 0.5,
    seconds: Callable[[Case], float] = usual_s,
    keep: Callable[[Case], bool] = takes_turns,
    memory: int | None = None,
    flagged: Collection[int] = (),
) -> Path:
    """Write a finished run whose cases took turns, on a machine that changes its speed.

    ``machine`` is the standard deviation of the log of its speed from round to round, which
    all cases of a round share; ``memory`` that of an ensemble, in bytes.
    """
    cells = cells_of()
    planned = [p for p in plan(PROFILES[profile], cells) if keep(p.case)]
    facts = about(planned, cells, profile, SEED)
    archive = FastArchive.create(folder, {**facts, "started": STARTED, "roots": []})
    rng = np.random.default_rng(SEED)
    for batch in batches(planned, SEED, declared=read_declared(), memory=memory):
        name = f"{batch.block}.{batch.slots[0].name}.{batch.slots[-1].planned.case.id}"
        speed = np.exp(rng.normal(0, machine, rounds))
        for slot in batch.slots:
            own = np.exp(rng.normal(0, NOISE, rounds))
            values_s = seconds(slot.planned.case) * speed * own
            archive.add(slot, in_turns(slot.planned.case, values_s.tolist(), name))
        made = rounds_of(rounds, len(batch.slots), flagged)
        archive.add_rounds(batch.slots, Block(name, [], made))
    Runner(archive, planned, SEED).sizes()
    archive.write(archives.CHECK, [])
    archive.write(archives.TIMING, [{"trials": 1, "predicted_s": 90.0, "took_s": 99.0}])
    archive.write(archives.ENVIRONMENT, [])
    archive.write(archives.WEIGHTS, {})
    archive.seal()
    return folder


def make(
    folder: Path,
    *more: Path,
    profile: str = "quick",
    blocks: int | None = None,
    seconds: Callable[[Case], float] = usual_s,
    failing: dict[str, str] | None = None,
    breaking: dict[str, str] | None = None,
    keep: Callable[[Case], bool] = lambda case: not case.fault,
    noise: float = NOISE,
    stories: Callable[[Case], Story] = usual_story,
    link: LinkCounts | None = None,
    **more_facts: object,
) -> Path:
    """Write a finished run with invented values and return its folder.

    ``seconds`` is a case's true value. ``failing`` maps cell ids to the reason for which
    conformance refused them, ``breaking`` to that for which their last blocks failed.
    ``keep`` chooses cases of the plan: by default all without a fault. ``stories`` gives
    the outcome of cells in trials with one. ``more_facts`` are entries of run.json: one
    with hosts has cases apart, and ``link`` is what the link between them has done.
    """
    cells = cells_of(*more)
    apart = HOSTED in more_facts
    known = plan(KNOWN[profile], cells, blocks, apart)
    planned = [p for p in known if keep(p.case)]
    facts = about(planned, cells, profile, SEED)
    if apart:
        facts["claims"] = with_apart(read_declared())
    facts["started"] = STARTED
    archive = FastArchive.create(folder, {**facts, "roots": [], **more_facts})
    if link:
        archive.write(archives.LINK, link._asdict())
    _fill(archive, planned, seconds, failing or {}, breaking or {}, noise, stories)
    Runner(archive, planned, SEED).sizes()
    archive.write(archives.TIMING, [{"trials": 1, "predicted_s": 90.0, "took_s": 99.0}])
    archive.seal()
    return folder
