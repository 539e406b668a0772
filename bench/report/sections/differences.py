"""Differences between the machines, versions and programs of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench.report import words
from bench.run.machine import behind

FACTS = ("host", "cpu", "hypervisor", "kernel", "clocksource", "governor")
CODE = ("revision", "harness")
DIGEST_SHOWN = 12
UNKNOWN = "not there"


class Difference(NamedTuple):
    """A fact that two runs do not share, as text."""

    fact: str
    there: str
    here: str


About = Mapping[str, Any]
"""The content of run.json."""


def differences(there: About, here: About, cells: Sequence[str]) -> list[Difference]:
    """Return what differs between two runs, and could move a ratio of these cells.

    ``cells`` are the ids of the programs that both runs compare.
    """
    known = [facts(about, there, cells) for about in (there, here)]
    names = dict.fromkeys(name for side in known for name in side)
    pairs = [(name, *(side.get(name, UNKNOWN) for side in known)) for name in names]
    return [Difference(*pair) for pair in pairs if pair[1] != pair[2]]


def facts(about: About, planned: About, cells: Sequence[str]) -> dict[str, str]:
    """Return, as text, what a run was made on and with.

    The libraries are those of the stacks of ``planned``, which is another run or the same.
    ``cells`` are the ids of programs.
    """
    machine, checksums = about["machine"], about["cells"]
    versions = machine["versions"]
    return {
        **{name: _text(machine[name]) for name in FACTS if name in machine},
        "CPUs": str(len(machine.get("cpus", []))),
        **{n: versions[n] for n in _distributions(planned, cells) if n in versions},
        **machine.get("sysctl", {}),
        **{name: _text(machine[name]) for name in CODE if name in machine},
        **{f"checksum of {c}": _digest(checksums[c]) for c in cells if c in checksums},
    }


def _distributions(about: About, cells: Sequence[str]) -> list[str]:
    """Return what may make a cell faster; the harness's own libraries time nothing."""
    needed = [n for stack in about["stacks"].values() for n in stack["requirements"]]
    in_c = [n for c in cells if c.endswith(".c") for n in behind(about["stacks"], c)]
    return ["python", *dict.fromkeys(needed), "libzmq", *dict.fromkeys(in_c)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or words.PASSED_OVER


def _digest(digest: str | None) -> str:
    return digest[:DIGEST_SHOWN] if digest else "cannot be read"
