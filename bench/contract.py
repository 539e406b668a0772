"""The contract between the harness and the cells, as values.

``bench.find`` finds the cells by their paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
IMPLEMENTATIONS = PROJECT / "implementations"
FLOOR = Path(__file__).resolve().parent / "floor"
"""The root of the null stack: the floor of the harness, not an exhibit."""

TRANSPORTS = ("tcp", "ipc", "inproc", "direct")
LANGUAGES = {".py": "python", ".c": "c"}
SLIDE = "slide"
"""The folder of what a talk shows, which is no variant: see ``bench.slides``."""
PLACEMENTS = ("split", "shared", "free")
LOADS = ("common", "own")
"""What an offered load is a percentage of: the least saturation of all cells of the case,
so that every cell is offered the same, or the cell's own."""
FAN_OUT_MODES = ("lossless", "lossy")
DIRECT = "direct"
"""The null stack's transport: plain calls in one thread."""
INPROC = "inproc"


@dataclass(frozen=True)
class Role:
    """One function of a workload, and how the harness calls it.

    A role takes the addresses it binds and connects, then the stream if it drives,
    then ``handle`` if it handles.
    """

    name: str
    binds: tuple[str, ...] = ()
    connects: tuple[str, ...] = ()
    drives: bool = False
    consumes: bool = False
    handles: bool = False


@dataclass(frozen=True)
class Workload:
    """A workload's roles and promises; see the modules of ``bench.workloads``.

    ``repeated`` names the role of which a case runs several, ``repeated_label`` what
    people call those. ``lockstep`` is true where a message must come back before the
    next is asked for. ``paced_rate_hz`` is the declared low rate of the latency case
    (None: a closed loop).
    """

    name: str
    summary: str
    roles: tuple[Role, ...]
    repeated: str
    repeated_label: str
    ordered: bool
    lockstep: bool
    paced_rate_hz: float | None

    def role(self, name: str) -> Role:
        return next(role for role in self.roles if role.name == name)

    @property
    def driver(self) -> Role:
        return next(role for role in self.roles if role.drives)

    @property
    def consumer(self) -> Role:
        return next(role for role in self.roles if role.consumes)

    def deliveries(self, messages: int, instances: int) -> int:
        """Return how many deliveries ``messages`` given messages must end in."""
        fans_out = self.consumer.name == self.repeated and not self.driver.consumes
        return messages * instances if fans_out else messages


@dataclass(frozen=True)
class Variant:
    """A variant of a stack. ``programs`` are what its cells start besides themselves."""

    name: str
    transports: tuple[str, ...]
    fan_out: str | None = None
    programs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stack:
    """What ``stack.toml`` says: label and colour on charts, requirements, variants."""

    name: str
    folder: Path
    label: str
    color: str | None
    requirements: tuple[str, ...]
    system: tuple[str, ...]
    variants: dict[str, Variant] = field(hash=False)
    c_libraries: dict[str, str] = field(default_factory=dict, hash=False)
    """What its cells in C are linked with: pkg-config's names, and Debian's packages."""


@dataclass(frozen=True)
class Cell:
    """One program: one file. ``id`` is its path below the implementations root.

    ``sanitized``: in C, built to find faults of memory, and never timed.
    """

    stack: Stack
    variant: Variant
    workload: Workload
    path: Path
    sanitized: bool = False

    @property
    def id(self) -> str:
        return f"{self.stack.name}/{self.variant.name}/{self.path.name}"

    @property
    def language(self) -> str:
        return LANGUAGES[self.path.suffix]

    @property
    def transports(self) -> tuple[str, ...]:
        """Its variant's, the first by default; but a host in C is for one role alone."""
        within = (DIRECT, INPROC) if self.language == "c" else ()
        return tuple(name for name in self.variant.transports if name not in within)

    @property
    def key(self) -> str:
        """``<stack>.<variant>.<language>``, as citations spell it."""
        return f"{self.stack.name}.{self.variant.name}.{self.language}"

    @property
    def search(self) -> tuple[Path, ...]:
        """The folders from which a cell may import: its own and its stack's."""
        return (self.path.parent, self.stack.folder)

    @property
    def is_floor(self) -> bool:
        """Whether this is a cell of the null stack."""
        return self.stack.folder.parent == FLOOR

    @property
    def fan_out_mode(self) -> str | None:
        """Which promise a fan-out makes, one of FAN_OUT_MODES; None for other workloads."""
        return self.variant.fan_out if self.workload.name == "fan_out" else None

    @property
    def lossy(self) -> bool:
        return self.fan_out_mode == "lossy"

    def as_row(self) -> dict[str, Any]:
        """Return what tables say of the cell itself."""
        return {
            "cell": self.id,
            "key": self.key,
            "stack": self.stack.name,
            "variant": self.variant.name,
            "workload": self.workload.name,
            "language": self.language,
            "fan_out_mode": self.fan_out_mode,
        }


@dataclass(frozen=True)
class Case:
    """A cell with its parameters. ``twin`` numbers the copies of an A/A pair from 1.

    ``load`` is what an open loop offers, as ``<one of LOADS>_<per cent>``; '' otherwise.
    ``fault`` is what goes wrong in a trial of recovery; '' otherwise.
    """

    cell: Cell
    quantity: str
    transport: str
    size_bytes: int
    instances: int
    placement: str
    twin: int = 0
    load: str = ""
    fault: str = ""

    @property
    def name(self) -> str:
        """The name of the benchmark: the same for every stack that runs this case."""
        workload = self.cell.workload
        parts = [
            workload.name,
            self.quantity,
            f"{self.size_bytes}B",
            self.transport,
            f"{self.instances}_{workload.repeated_label}",
            self.placement,
            *([self.load] if self.load else []),
            *([self.fault] if self.fault else []),
        ]
        return ".".join(parts) + (f".twin{self.twin}" if self.twin else "")

    @property
    def id(self) -> str:
        return f"{self.name}.{self.cell.key}"
