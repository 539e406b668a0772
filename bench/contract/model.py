"""The contract between the harness and the cells, as values.

``bench.contract.find`` finds the cells by their paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.contract.rows import COPY

PROJECT = Path(__file__).resolve().parents[2]
IMPLEMENTATIONS = PROJECT / "implementations"
FLOOR = Path(__file__).resolve().parent / "floor"
"""The root of the null stack: the floor of the harness, not a stack to compare."""

CROWD = Path(__file__).resolve().parent / "crowd"
"""The root of programs that hold many connections: no stack to compare."""

TRANSPORTS = ("tcp", "ipc", "inproc", "direct")
LANGUAGES = {".py": "python", ".c": "c"}
SLIDE = "slide"
"""The folder of programs for slides, which is no variant: see ``bench.contract.slides``."""
PLACEMENTS = ("split", "shared", "free", "apart")
APART = "apart"
"""The placement on several hosts: the driver on one of them, its peers on the others."""
LOADS = ("common", "own")
"""Bases of an offered load, which is a percentage of one of them.

common: the lowest saturation rate of all cells of the case, so that all get the same load.
own: the saturation rate of the cell itself.
"""
SECURITIES = ("tls", "curve")
"""How a variant keeps strangers out: see ``bench.trial.keys`` for the keys of each."""
ENCRYPTS = "encrypts"
"""The promise that follows from a security. It is never written in ``stack.toml``."""
PROMISES = ("loses", "acknowledges", "batches", "concurrent", ENCRYPTS)
"""The promises of a program about its messages, in the words of ``stack.toml``.

loses: it may drop messages silently. acknowledges: a message is asked for or acknowledged
before the next. batches: messages that wait are joined into one write. concurrent: it
handles several requests at a time. encrypts: only peers that hold its keys send or receive.
Without a word, the program promises the opposite. Only programs that promise the same may
be compared.
"""
LOOPS = ("uvloop",)
"""Event loops for programs on asyncio, beside Python's own.

Each is a module with ``new_event_loop``, in a distribution of the same name.
"""
DIRECT = "direct"
"""The null stack's transport: plain calls in one thread."""
INPROC = "inproc"
PLURAL = "s"
"""The end of an address's name that means all of its kind."""


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
    """A workload's roles and promises; see the modules of ``bench.contract.workloads``.

    A case can run several processes of the role ``repeated``; ``repeated_label`` is their
    name for readers. ``lockstep``: a reply must arrive before the next message is asked
    for. ``paced_rate_hz`` is the declared low rate of the latency case, in messages a
    second; None is a closed loop.
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
        """Return how many deliveries ``messages`` given messages must have."""
        fans_out = self.consumer.name == self.repeated and not self.driver.consumes
        return messages * instances if fans_out else messages


@dataclass(frozen=True)
class Variant:
    """A variant of a stack.

    ``programs`` are further programs that its cells start, and ``files`` what these load,
    with the Debian package of each. ``requirements`` are the
    distributions that the cells need beside those of the stack. ``promises`` maps a
    workload (``fan_out``) or a file (``fan_out.c``, which has precedence) to words of
    ``PROMISES``. ``limit_bytes`` is the largest message that its programs take; None if
    memory is the only limit. ``stays_open`` are transports over which a driver keeps its
    stream open after the last message, until the trial is over. ``security`` is one of
    ``SECURITIES``, or empty. ``counterparts`` are the variants from which it differs in one
    thing: names of its own stack, or ``<stack>.<variant>`` of another. ``crowd`` is the
    variant of the crowd that speaks the wire of its servers and publishers, or empty.
    """

    name: str
    transports: tuple[str, ...]
    promises: dict[str, frozenset[str]] = field(default_factory=dict, hash=False)
    limit_bytes: int | None = None
    programs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    stays_open: tuple[str, ...] = ()
    security: str = ""
    counterparts: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict, hash=False)
    crowd: str = ""


@dataclass(frozen=True)
class Stack:
    """The facts in ``stack.toml``: label and colour on charts, requirements, variants."""

    name: str
    folder: Path
    label: str
    color: str | None
    requirements: tuple[str, ...]
    system: tuple[str, ...]
    variants: dict[str, Variant] = field(hash=False)
    c_libraries: dict[str, str] = field(default_factory=dict, hash=False)
    """Libraries of its cells in C: names of pkg-config, with the packages of Debian."""


@dataclass(frozen=True)
class Cell:
    """One program in one file. ``id`` is its path below the implementations root.

    ``sanitized``: in C, built with sanitizers, and never timed. ``loop`` is the event loop
    on which its hosts run it: one of ``LOOPS``, or an empty string for that of Python.
    """

    stack: Stack
    variant: Variant
    workload: Workload
    path: Path
    sanitized: bool = False
    loop: str = ""

    @property
    def id(self) -> str:
        return f"{self.stack.name}/{self.variant.name}/{self.path.name}"

    @property
    def timed_id(self) -> str:
        """Its id, with the event loop if it is not Python's own: "... on uvloop"."""
        return f"{self.id} on {self.loop}" if self.loop else self.id

    @property
    def language(self) -> str:
        return LANGUAGES[self.path.suffix]

    @property
    def transports(self) -> tuple[str, ...]:
        """The transports of its variant, the default first; in C, those of processes."""
        within = (DIRECT, INPROC) if self.language == "c" else ()
        return tuple(name for name in self.variant.transports if name not in within)

    @property
    def key(self) -> str:
        """``<stack>.<variant>.<language>``, or ``..._<loop>``, as citations spell it."""
        language = "_".join(filter(None, (self.language, self.loop)))
        return f"{self.stack.name}.{self.variant.name}.{language}"

    @property
    def search(self) -> tuple[Path, ...]:
        """The folders from which a cell may import: its own, and that of its stack."""
        return (self.path.parent, self.stack.folder)

    @property
    def requirements(self) -> tuple[str, ...]:
        """The distributions that its stack, its variant and its event loop need."""
        of_loop = (self.loop,) if self.loop else ()
        return (*self.stack.requirements, *self.variant.requirements, *of_loop)

    @property
    def is_floor(self) -> bool:
        """Whether this is a cell of the null stack."""
        return self.stack.folder.parent == FLOOR

    @property
    def promise(self) -> frozenset[str]:
        """The promises of the program, in words of ``PROMISES``."""
        told = self.variant.promises
        promised = told.get(self.path.name, told.get(self.workload.name, frozenset()))
        return promised | {ENCRYPTS} if self.variant.security else promised

    @property
    def lossy(self) -> bool:
        return "loses" in self.promise

    @property
    def promise_words(self) -> str:
        """The promises as in tables: "loses, batches", or an empty string."""
        return ", ".join(word for word in PROMISES if word in self.promise)

    @property
    def counterparts(self) -> str:
        """The programs from which it differs in one thing, as ``<stack>.<variant>``s."""
        named = self.variant.counterparts
        own = (name if "." in name else f"{self.stack.name}.{name}" for name in named)
        return ", ".join(own)

    def as_row(self) -> dict[str, Any]:
        """Return the columns of tables that describe the cell."""
        return {
            "cell": self.id,
            "key": self.key,
            "stack": self.stack.name,
            "variant": self.variant.name,
            "workload": self.workload.name,
            "language": self.language,
            "loop": self.loop,
            "promise": self.promise_words,
            "counterparts": self.counterparts,
        }


@dataclass(frozen=True)
class Case:
    """A cell with its parameters. ``copy`` is 0, or the number of an A/A copy.

    ``load`` is the rate of an open loop, as ``<one of LOADS>_<per cent>``, or empty.
    ``fault`` is the name of the fault in a trial of recovery, or empty.
    """

    cell: Cell
    quantity: str
    transport: str
    size_bytes: int
    instances: int
    placement: str
    copy: int = 0
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
        return ".".join(parts) + (f".{COPY}{self.copy}" if self.copy else "")

    @property
    def id(self) -> str:
        return f"{self.name}.{self.cell.key}"
