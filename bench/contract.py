"""The contract between the harness and the cells, as values.

A cell is found from its path, ``<stack>/<variant>/<workload>.<language>``, below an
implementations root; nothing lists it a second time. What a path cannot say (label,
colour, transports) is in the stack's ``stack.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bench.errors import ContractError, UsageError
from bench.suggest import near

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
    def lossy(self) -> bool:
        return self.workload.name == "fan_out" and self.variant.fan_out == "lossy"


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


def _strings(path: Path, table: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return a list of strings; a string alone would be taken for a list of letters."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ContractError(f"{path}: {key} = {value!r}: write a list of strings")
    return tuple(value)


def _c_libraries(path: Path, table: dict[str, Any]) -> dict[str, str]:
    """Return the table ``[c.libraries]``: pkg-config's names and Debian's packages."""
    libraries = table.get("c", {}).get("libraries", {})
    if not all(isinstance(package, str) for package in libraries.values()):
        raise ContractError(
            f'{path}: [c.libraries]: write lines like libzmq = "libzmq3-dev"'
        )
    return dict(libraries)


def _variants(path: Path, tables: dict[str, Any]) -> Iterator[Variant]:
    for name, table in tables.items():
        fan_out = table.get("fan_out")
        if fan_out is not None and fan_out not in FAN_OUT_MODES:
            raise ContractError(
                f"{path}: [variants.{name}] fan_out = {fan_out!r}: "
                f"write one of {', '.join(FAN_OUT_MODES)}"
            )
        transports = _strings(path, table, "transports")
        if not transports:
            raise ContractError(f"{path}: [variants.{name}] names no transports")
        if unknown := set(transports) - set(TRANSPORTS):
            raise ContractError(
                f"{path}: [variants.{name}] transports: {', '.join(sorted(unknown))}: "
                f"write some of {', '.join(TRANSPORTS)}"
            )
        yield Variant(name, transports, fan_out, _strings(path, table, "programs"))


def load_stack(folder: Path) -> Stack:
    """Read ``stack.toml`` of one stack's folder.

    Raises ContractError where the file is missing or not what the contract asks for.
    """
    path = folder / "stack.toml"
    try:
        table = tomllib.loads(path.read_text())
        variants = {variant.name: variant for variant in _variants(path, table["variants"])}
        return Stack(
            name=folder.name,
            folder=folder,
            label=table["label"],
            color=table.get("color"),
            requirements=_strings(path, table, "requirements"),
            system=_strings(path, table, "system"),
            variants=variants,
            c_libraries=_c_libraries(path, table),
        )
    except FileNotFoundError as error:
        raise ContractError(f"{folder} holds cells but no stack.toml: write one") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ContractError(f"{path}: {type(error).__name__}: {error}") from error


def _stack_cells(stack: Stack, workloads: dict[str, Workload]) -> Iterator[Cell]:
    for path in sorted(stack.folder.glob("*/*")):
        if path.suffix not in LANGUAGES or path.stem not in workloads:
            continue
        if path.parent.name == SLIDE:
            continue
        variant = stack.variants.get(path.parent.name)
        if variant is None:
            raise ContractError(
                f"{path}: stack.toml has no [variants.{path.parent.name}]: add it"
            )
        if path.stem == "fan_out" and variant.fan_out is None:
            raise ContractError(
                f"{path}: say in stack.toml, [variants.{variant.name}], which promise it "
                'makes: fan_out = "lossless" or "lossy"'
            )
        yield Cell(stack, variant, workloads[path.stem], path)


def find_cells(roots: Sequence[Path]) -> list[Cell]:
    """Return every cell below the given implementations roots, in a stable order.

    Raises ContractError for a root that is not a folder, a broken ``stack.toml``, or
    two stacks of one name.
    """
    from bench.workloads import WORKLOADS

    cells: list[Cell] = []
    seen: dict[str, Path] = {}
    for root in roots:
        if not root.is_dir():
            raise ContractError(f"{root} is not a folder: name an implementations root")
        for folder in sorted(path for path in root.iterdir() if path.is_dir()):
            if not any(folder.glob("*/*.py")) and not (folder / "stack.toml").exists():
                continue
            if folder.name in seen:
                raise ContractError(
                    f"two stacks are called {folder.name}: {seen[folder.name]} and {folder}"
                )
            seen[folder.name] = folder
            cells += _stack_cells(load_stack(folder), WORKLOADS)
    return cells


def choose(cells: Sequence[Cell], globs: Sequence[str]) -> list[Cell]:
    """Return the cells whose ids match one of the globs; all of them without a glob.

    Raises UsageError for a glob that matches nothing.
    """
    for glob in globs:
        if not any(fnmatch(cell.id, glob) for cell in cells):
            ids = [cell.id for cell in cells]
            raise UsageError(f"no cell matches {glob!r}{near(glob, ids)}; see `list`")
    if not globs:
        return list(cells)
    return [cell for cell in cells if any(fnmatch(cell.id, glob) for glob in globs)]
