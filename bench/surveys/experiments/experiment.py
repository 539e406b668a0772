"""An experiment: a question, a control, and a function that measures one block."""

from __future__ import annotations

import hashlib
import inspect
import math
import platform
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import NotMeasurable

STANDARD, FULL = "standard", "full"
PROFILES = (STANDARD, FULL)
"""The profiles, each with the experiments of those before it: ``standard`` has those that
take seconds a block."""
CATALOGUE = Path(__file__).parent / "catalogue"
NOT_SOURCES = {"__pycache__", "node_modules"}
Values = Mapping[str, Mapping[str, float]]
"""Values by quantity and subject. A time that was never reached is infinite."""


@dataclass(frozen=True)
class Quantity:
    """A measured value of each subject; ``says`` has the places {subject} and {value}.

    ``least`` and ``most`` are what a value could be at all.
    """

    unit: str
    says: str
    least: float = 0.0
    most: float = math.inf


@dataclass(frozen=True)
class Block:
    """One repetition. ``random`` gives the same numbers in the same block of each run."""

    number: int
    folder: Path
    random: random.Random

    @staticmethod
    def of(number: int, name: str, folder: Path) -> Block:
        return Block(number, folder, random.Random(f"{name} {number}"))


@dataclass(frozen=True)
class Found:
    """The findings of one block.

    ``answers`` are words for tables, by question and subject. ``left_out`` names the
    packages that a subject lacks.
    """

    values: Values
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def python() -> Mapping[str, str]:
    """Return the version of Python, which every experiment needs."""
    return {"Python": platform.python_version()}


def libzmq() -> Mapping[str, str]:
    """Return the versions of Python, of its binding of ZeroMQ, and of libzmq.

    Raises NotMeasurable if the binding is not installed.
    """
    try:
        import zmq
    except ImportError:
        raise NotMeasurable("pip install pyzmq") from None
    found = {"pyzmq": zmq.__version__, "libzmq": zmq.zmq_version()}
    return {**python(), **found}


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    ``measure`` makes one block, and raises NotMeasurable with what to install if it cannot.
    ``control`` says in which subject the effect is absent. Ids of numbers.json are
    ``<name>.<quantity>.<subject>``; ``subjects`` gives each its name in sentences.
    """

    name: str
    asks: str
    control: str
    subjects: Mapping[str, str]
    quantities: Mapping[str, Quantity]
    measure: Callable[[Block], Found]
    profile: str = STANDARD
    versions: Callable[[], Mapping[str, str]] = python

    @property
    def program(self) -> str:
        """A checksum of the experiment's module, or of all files in its folder."""
        path = Path(inspect.getfile(self.measure))
        beside = [path] if path.parent == CATALOGUE else sorted(path.parent.rglob("*"))
        digest = hashlib.sha256()
        for file in beside:
            if file.is_file() and not NOT_SOURCES & {*file.parts}:
                digest.update(file.read_bytes())
        return digest.hexdigest()[:16]
