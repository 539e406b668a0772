"""Runs with known answers: an archive filled with invented values, no process started."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyperf
from synthetic_failures import Story, recovered, usual_story

from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, Case, Cell
from bench.measure.common import Measured
from bench.measure.percentiles import summary
from bench.run import archive as archives
from bench.run.archive import PILOT_BLOCK, Archive
from bench.run.manifest import about
from bench.run.plan import Planned, plan
from bench.run.profiles import PROFILES
from bench.run.runner import Runner
from bench.run.schedule import Slot
from bench.trial.conformance import CheckResult

SEED = 7
STARTED = "2026-01-02T03:04:05Z"
BASE_S = {"request_reply": 60e-6, "fan_out": 4e-6, "pipeline": 9e-6}
STACK = {"raw_socket": 1.0, "zmq": 1.3, "http": 6.0, "null": 0.05}
VARIANT = {"stdlib_client": 0.5, "aiohttp_client": 0.6, "buffered": 0.4}
SAMPLES = 1000
NOISE = 0.004

FOURTH = """
label = "Fourth"
requirements = []
[variants.minimal]
transports = ["tcp"]
promises = { request_reply = [], fan_out = [], pipeline = [] }
"""


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
    base = BASE_S[cell.workload.name] * (3 if case.quantity == "latency" else 1)
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
    return plan(PROFILES[profile], cells_of(*more))


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
    if case.quantity == "response":
        given = {f"from_given_{k}": v // 2 for k, v in summary(samples).items()}
        del given["from_given_n"]
        metadata |= {
            **given,
            "lag_p99_ns": 2000,
            "generator_share": 0.01,
            "offered_hz": 0.7 / value_s,
        }
    consumer = f"{case.cell.workload.consumer.name}.0"
    return Measured(value_s, metadata, {consumer: samples})


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
            archive.fail(case, PILOT_BLOCK, f"not measured: {reason}")
            continue
        for block in range(entry.blocks):
            if block == entry.blocks - 1 and case.cell.id in breaking:
                archive.fail(case, block, breaking[case.cell.id])
                continue
            if case.fault:
                made = recovered(case, chance, stories)
                archive.add(Slot(block, block, entry, ""), made)
                continue
            value_s = seconds(case) * float(np.exp(rng.normal(0, noise)))
            archive.add(Slot(block, block, entry, ""), measured(case, value_s, rng))
    archive.write(archives.CHECK, list(checks.values()))


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
) -> Path:
    """Write a finished run with invented values and return its folder.

    ``seconds`` is a case's true value; ``failing`` maps cell ids to the reason for which
    conformance refused them, ``breaking`` to that for which their last blocks failed;
    ``keep`` leaves cases out of the plan, those with a fault unless told otherwise;
    ``stories`` says what befalls cells in trials with one.
    """
    cells = cells_of(*more)
    planned = [p for p in plan(PROFILES[profile], cells, blocks) if keep(p.case)]
    facts = about(planned, cells, profile, SEED)
    facts["started"] = STARTED
    archive = FastArchive.create(folder, {**facts, "roots": []})
    _fill(archive, planned, seconds, failing or {}, breaking or {}, noise, stories)
    Runner(archive, planned, SEED).sizes()
    archive.write(archives.TIMING, [{"trials": 1, "predicted_s": 90.0, "took_s": 99.0}])
    archive.seal()
    return folder
