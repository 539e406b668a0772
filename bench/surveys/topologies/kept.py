"""The document of a survey of topologies: how it begins, grows, and goes on later."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.contract.model import Cell
from bench.contract.topology import Topology
from bench.errors import NotMeasurable, ResultsError
from bench.faults import database
from bench.faults.network.tools import tool
from bench.measure.code.configuration import configuration, configuration_digest
from bench.measure.code.size import size
from bench.run.archive import write_whole
from bench.run.machine import HARNESS, describe
from bench.run.manifest import cell_digest, harness_digest
from bench.surveys import document
from bench.surveys.topologies.profiles import Profile
from bench.surveys.topologies.survey import Row, lacks
from bench.surveys.topologies.tally import usable
from bench.trial.kernel_files import FAMILY

FORMAT = 1


def opening(
    players: Sequence[tuple[Topology, Cell]], profile: Profile, seed: int
) -> dict[str, Any]:
    """Return the document without rows; all that trials of one survey have in common."""
    stacks = {cell.stack.name: cell.stack for _, cell in players}
    about = describe(list(stacks.values()))
    versions = {k: v for k, v in about["versions"].items() if k not in HARNESS}
    return {
        "format": FORMAT,
        **document.opening(about, versions | programs_versions()),
        "harness": harness_digest(),
        "seed": seed,
        "profile": profile.name,
        "trials": profile.trials,
        "stacks": {name: {"label": stack.label} for name, stack in stacks.items()},
        "topologies": {topology.name: asdict(topology) for topology, _ in players},
        "programs": [_program(topology, cell) for topology, cell in players],
    }


PROGRAMS = {"nginx": "-v", "haproxy": "-v", "apache2": "-v", "postgres": "--version"}
"""Programs beside the cells, and how each is asked for its version."""
NUMBER = re.compile(r"\d+(?:\.\d+)+")


def programs_versions() -> dict[str, str]:
    """Return the versions of the programs beside the cells that are installed."""
    found = {}
    for name, option in PROGRAMS.items():
        try:
            path = database.program(name) if name == database.POSTGRES else tool(name)
        except NotMeasurable:
            continue
        said = subprocess.run([path, option], capture_output=True, text=True, check=False)
        if number := NUMBER.search(said.stdout + said.stderr):
            found[name] = number[0]
    return found


def _program(topology: Topology, cell: Cell) -> Row:
    counted = size(cell.path, cell.search)
    configured = configuration(cell.path.parent)
    return {
        "topology": topology.name,
        "key": cell.key,
        "cell": cell.id,
        "stack": cell.stack.name,
        "variant": cell.variant.name,
        "digest": cell_digest(cell),
        "configured": configuration_digest(cell.path.parent),
        "lacks": lacks(cell),
        "roles": [
            {"name": r.name, "binds": r.binds, "connects": r.connects}
            for r in cell.workload.roles
        ],
        "statements": counted.statements + configured.directives,
        "tokens": counted.tokens + configured.words,
        "gzip": counted.gzip_bytes + configured.gzip_bytes,
        "directives": configured.directives,
    }


OPTIONS = ("format", "seed", "profile")
KERNEL = re.compile(r"[\d.]*")


def going_on(
    then: dict[str, Any] | None, now: dict[str, Any], again: bool = False
) -> dict[str, Any]:
    """Return the document with which a survey begins: what is kept of an earlier one.

    ``now`` is an opening of the programs that are wanted. Kept are rows of other programs,
    and usable ones of those that have not changed since; ``again`` keeps none of those
    wanted. Nothing is kept of another kind of machine, or with other options. ``sittings``
    says when, where and with which harness rows were made: a row's ``sitting`` is a place
    in that list.
    """
    now = json.loads(json.dumps(now))
    sitting = {name: now[name] for name in SITTING}
    if then is None or not _alike(then, now):
        return {**now, "sittings": [sitting], "rows": []}
    wanted, before = _programs(now), _programs(then)
    good = [] if again else usable(then["rows"])
    others = [row for row in then["rows"] if _at(row) not in wanted]
    alike = [
        row
        for row in good
        if _same_program(before[_at(row)], wanted.get(_at(row)))
        and _same_boxes(then, now, row["topology"])
    ]
    rows, sittings = _of_sittings(then, others + alike)
    programs = [row for row in then["programs"] if _at(row) not in wanted]
    return {
        **now,
        "trials": max(now["trials"], then["trials"]),
        "stacks": then["stacks"] | now["stacks"],
        "topologies": then["topologies"] | now["topologies"],
        "programs": sorted(programs + now["programs"], key=_at),
        "sittings": [*sittings, sitting],
        "rows": rows,
    }


SITTING = ("started", "machine", "harness")


def _of_sittings(
    then: dict[str, Any], rows: Sequence[Row]
) -> tuple[list[Row], list[dict[str, Any]]]:
    """Return rows of an earlier document with the sittings of which there is a row left."""
    there = then.get("sittings") or [{name: then[name] for name in SITTING}]
    left = sorted({row.get("sitting", 0) for row in rows})
    numbered = [{**row, "sitting": left.index(row.get("sitting", 0))} for row in rows]
    return numbered, [there[number] for number in left]


def _at(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["topology"], row["key"]


def _programs(opened: dict[str, Any]) -> dict[tuple[str, str], Row]:
    return {_at(row): row for row in opened["programs"]}


def _same_program(then: Row, now: Row | None) -> bool:
    """Say whether a program is wanted, and is what it was. Early documents have no checksum
    of its configuration.
    """
    if now is None or then["digest"] != now["digest"]:
        return False
    return bool(then.get("configured", now["configured"]) == now["configured"])


def _same_boxes(then: dict[str, Any], now: dict[str, Any], topology: str) -> bool:
    """Say whether boxes are what they were, whatever is told of them today besides."""
    before, after = (each["topologies"][topology]["boxes"] for each in (then, now))
    pairs = zip(before, after, strict=False)
    return len(before) == len(after) and all(
        old.items() <= {**new}.items() for old, new in pairs
    )


def _alike(then: dict[str, Any], now: dict[str, Any]) -> bool:
    """Say whether rows of two sittings may stand in one document."""
    options = all(then.get(name) == now[name] for name in OPTIONS)
    return options and _kind(then["machine"], now) == _kind(now["machine"], then)


def _kind(machine: dict[str, Any], other: dict[str, Any]) -> tuple[Any, ...]:
    """Return what makes a machine another: its CPUs, its kernel, and what both have.

    Early sittings have the name of a CPU without the numbers of its family and model.
    """
    cpu, also = machine["cpu"], other["machine"]["cpu"]
    if FAMILY not in also:
        cpu = cpu.partition(FAMILY)[0]
    kernel = KERNEL.match(machine["kernel"])
    both = machine["versions"].keys() & other["machine"]["versions"].keys()
    versions = {name: machine["versions"][name] for name in both}
    return cpu, machine["cpus"], kernel and kernel[0], versions


class Unfinished:
    """A file of rows that grows while a survey goes on: its first line is the rest."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begun(self) -> dict[str, Any] | None:
        """Return the document with the rows so far, None if there is nothing.

        Raises ResultsError for a file that is none of these.
        """
        if not self._path.exists():
            return None
        whole, _, _ = self._path.read_text(encoding="utf-8").rpartition("\n")
        try:
            opened, *rows = (json.loads(line) for line in whole.splitlines())
            _ = opened["programs"]
        except (ValueError, KeyError, TypeError) as error:
            raise ResultsError(
                f"{self._path} is damaged: remove it to begin again"
            ) from error
        return {**opened, "rows": rows}

    def begin(self, survey: dict[str, Any]) -> None:
        """Write a document; a file that was there is replaced whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = [{**survey, "rows": []}, *survey["rows"]]
        write_whole(self._path, "".join(json.dumps(line) + "\n" for line in lines))

    def add(self, row: Row) -> None:
        """Add a row, in place of one that was cut off."""
        text = self._path.read_bytes()
        if not text.endswith(b"\n"):
            self._path.write_bytes(text[: text.rfind(b"\n") + 1])
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def end(self) -> None:
        self._path.unlink()
