"""A topology: the boxes and arrows of one picture of the talk, and who plays them.

A topology is a file in ``topologies/``, the same for all stacks. It says which boxes there
are, how many of each, and who owns which address. The connections are no part of it: they
follow from the signatures of a program, which is found from its path,
``<stack>/<variant>/<program>.py``. ``call(front, requests)`` knows the middle,
``call(servers, requests)`` knows every server.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from bench.contract.find import load_stack
from bench.contract.model import IMPLEMENTATIONS, PLURAL, Cell, Role, Workload
from bench.errors import ContractError, near

FOLDER = Path(__file__).parent / "topologies"
STREAM, HANDLE = "requests", "handle"
"""Parameters that are no addresses: what a client sends, and what a server does with it."""
CROWD_HZ_MAX = 200.0
"""Requests a second of all clients together, which two cores carry on every stack."""
KINDS = ("client", "middle", "server", "database", "peer")
MORE = ("variants", "clients", "stores")
KEYS = ("title", "boxes", "arrows", "program", *MORE)
BOX_KEYS = ("kind", "role", "roles", "count", "together", "owns", "rate_hz")
STREAMS = (STREAM, "messages", "jobs")
"""Streams of the roles of a peer: requests, each with a name, news, and jobs."""
CONSUMERS = ("call", "subscribe", "collect", "discover")
"""The roles of a peer that yield something: replies, news, results, and other peers."""
OF_PEERS = ("me", "peers", "about", "beacon", "seed", HANDLE)
"""Further parameters of a peer: its name, the others as they become known, its description
for them, the address of the whole network, and the address of a peer that all know."""


@dataclass(frozen=True)
class Box:
    """A kind of box. ``role`` is the function that it runs, '' if it is no program's.

    ``owns`` are the names of addresses that it binds, if a program asks for them.
    ``together`` of its copies share one process, a thread each. ``rate_hz`` is how many
    requests a second each copy has. A peer plays several ``roles`` at once; its
    ``rate_hz`` is that of its news or jobs.
    """

    name: str
    kind: str
    role: str = ""
    roles: tuple[str, ...] = ()
    count: int = 1
    together: int = 1
    owns: tuple[str, ...] = ()
    rate_hz: float = 0.0


@dataclass(frozen=True)
class Topology:
    """One picture. ``arrows`` are pairs of boxes, of which the first asks the second.

    ``program`` is the name of the files that play it, of some ``variants`` or of all that
    have one. ``clients`` are further numbers of clients, or of peers, while all is calm.
    ``stores`` are the databases that its servers use in turn, the first where nothing else
    is said.
    """

    name: str
    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]
    program: str
    variants: tuple[str, ...] = ("*",)
    clients: tuple[int, ...] = ()
    stores: tuple[str, ...] = ("",)

    def playing(self, role: str) -> Box | None:
        return next((box for box in self.boxes if role and box.role == role), None)

    def with_clients(self, count: int) -> Topology:
        """Return the same picture with another number of clients, or of peers: as many of
        each size in proportion. Clients ask more rarely if all would ask too often.
        """
        if self.peers:
            asking = self.asking
            boxes = [
                replace(box, count=box.count * count // asking)
                if box in self.peers
                else box
                for box in self.boxes
            ]
            return replace(self, boxes=tuple(boxes))
        mine = self.client
        rate_hz = min(mine.rate_hz, CROWD_HZ_MAX / count)
        crowd = replace(mine, count=count, rate_hz=rate_hz)
        boxes = [crowd if box is mine else box for box in self.boxes]
        return replace(self, boxes=tuple(boxes))

    @property
    def peers(self) -> tuple[Box, ...]:
        """The kinds of peers of a web; in other pictures there are none."""
        return tuple(box for box in self.boxes if box.kind == "peer")

    @property
    def repeated(self) -> str:
        """A role that every client plays, or every peer."""
        return self.peers[0].roles[-1] if self.peers else self.client.role

    @property
    def finds(self) -> bool:
        """Whether its peers do nothing but find each other."""
        return any("discover" in box.roles for box in self.peers)

    @property
    def asking(self) -> int:
        """The number of clients; in a web everybody is one."""
        return sum(box.count for box in self.peers or (self.client,))

    @property
    def client(self) -> Box:
        return next(box for box in self.boxes if box.kind == "client")

    @property
    def server(self) -> Box:
        return next(box for box in self.boxes if box.kind == "server")


# -- from files ----------------------------------------------------------------------------


def read_topology(path: Path) -> Topology:
    """Read one file. Raises ContractError if it is no topology."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        boxes = tuple(_boxes(path, table["boxes"]))
        arrows = tuple((arrow[0], arrow[1]) for arrow in table["arrows"])
        more = {name: tuple(table[name]) for name in MORE if name in table}
        program = table.get("program", path.stem)
        found = Topology(path.stem, table["title"], boxes, arrows, program, **more)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ContractError(f"{path}: {type(error).__name__}: {error}") from error
    for key in table:
        if key not in KEYS:
            raise ContractError(f"{path} has no key {key!r}{near(key, KEYS)}")
    names = [box.name for box in boxes]
    for end in (end for arrow in arrows for end in arrow):
        if end not in names:
            raise ContractError(f"{path}: arrows: no box is {end!r}{near(end, names)}")
    return found


def _boxes(path: Path, tables: dict[str, dict[str, Any]]) -> Iterator[Box]:
    for name, table in tables.items():
        for key in table:
            if key not in BOX_KEYS:
                raise ContractError(
                    f"{path}: [boxes.{name}] has no key {key!r}{near(key, BOX_KEYS)}"
                )
        if table["kind"] not in KINDS:
            raise ContractError(
                f"{path}: [boxes.{name}] kind = {table['kind']!r}: "
                f"write one of {', '.join(KINDS)}"
            )
        several = {key: tuple(table.get(key, ())) for key in ("owns", "roles")}
        yield Box(name, **{**table, **several})


@cache
def topologies() -> dict[str, Topology]:
    """Return every topology by its name, those of fewer boxes first."""
    found = [read_topology(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {each.name: each for each in sorted(found, key=lambda each: len(each.boxes))}


# -- wiring --------------------------------------------------------------------------------


def parameters(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the names of the parameters of each function of a program, unexecuted."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise ContractError(f"{path}: {error}") from error
    return {
        node.name: tuple(argument.arg for argument in node.args.args)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def wiring(topology: Topology, path: Path) -> tuple[Role, ...]:
    """Return the roles of a program, in the order of the topology's boxes.

    Raises ContractError for a parameter without a meaning, for parameters in another order
    than the contract's, and for a client or server that is missing.
    """
    functions = parameters(path)
    if topology.peers:
        return _peer_roles(topology, functions, path)
    for box in topology.boxes:
        if box.kind in ("client", "server") and box.role not in functions:
            raise ContractError(f"{path} has no function {box.role}, which a {box.name} is")
    return tuple(
        _role(topology, box, functions[box.role], path)
        for box in topology.boxes
        if box.role in functions
    )


def _role(topology: Topology, box: Box, names: Sequence[str], path: Path) -> Role:
    addresses = [name for name in names if name not in (STREAM, HANDLE)]
    known = [n for b in topology.boxes for a in b.owns for n in (a, a + PLURAL)]
    for name in addresses:
        if name not in known:
            raise ContractError(
                f"{path}: {box.role}({', '.join(names)}): nothing is called {name!r}"
                f"{near(name, [*known, STREAM, HANDLE])}"
            )
    binds = tuple(name for name in addresses if name in box.owns)
    connects = tuple(name for name in addresses if name not in box.owns)
    asks, handles = STREAM in names, HANDLE in names
    order = [*binds, *connects, *[STREAM] * asks, *[HANDLE] * handles]
    if [*names] != order:
        raise ContractError(
            f"{path}: {box.role}({', '.join(names)}): write ({', '.join(order)})"
        )
    return Role(box.role, binds, connects, drives=asks, consumes=asks, handles=handles)


def _peer_roles(
    topology: Topology, functions: dict[str, tuple[str, ...]], path: Path
) -> tuple[Role, ...]:
    """Return the roles that peers and the hub play. A program may do without a hub."""
    owners: dict[str, set[str]] = {}
    for box in topology.boxes:
        for role in box.roles:
            if role in functions:
                owners.setdefault(role, set()).update(box.owns)
            elif box in topology.peers:
                raise ContractError(f"{path} has no function {role}, which a {box.name} is")
    known = [name for box in topology.boxes for name in box.owns]
    known += [*STREAMS, *OF_PEERS]
    for role in owners:
        for name in functions[role]:
            if name not in known:
                raise ContractError(
                    f"{path}: {role}({', '.join(functions[role])}): nothing is called "
                    f"{name!r}{near(name, known)}"
                )
    return tuple(
        Role(
            role,
            binds=tuple(name for name in functions[role] if name in owned),
            connects=tuple(
                name for name in functions[role] if name not in {*owned, *STREAMS, HANDLE}
            ),
            drives=bool({*STREAMS} & {*functions[role]}),
            consumes=role in CONSUMERS,
            handles=HANDLE in functions[role],
        )
        for role, owned in owners.items()
    )


def players(topology: Topology, root: Path = IMPLEMENTATIONS) -> list[Cell]:
    """Return every program that plays a topology, in a stable order.

    Its workload has the roles of its own wiring. Raises ContractError as ``wiring`` and
    ``load_stack`` do, and for a variant that ``stack.toml`` does not have.
    """
    found = []
    for path in sorted(
        path
        for variant in topology.variants
        for path in root.glob(f"*/{variant}/{topology.program}.py")
    ):
        stack = load_stack(path.parents[1])
        variant = stack.variants.get(path.parent.name)
        if variant is None:
            raise ContractError(
                f"{path}: stack.toml has no [variants.{path.parent.name}]: add it"
            )
        workload = Workload(
            topology.program,
            topology.title,
            wiring(topology, path),
            repeated=topology.peers[0].roles[-1]
            if topology.peers
            else topology.client.role,
            repeated_label="peers" if topology.peers else "clients",
            ordered=True,
            lockstep=True,
            paced_rate_hz=None,
        )
        found.append(Cell(stack, variant, workload, path))
    return found


def edited(topology: Topology, cell: Cell) -> tuple[Box, ...]:
    """Return the boxes whose parameters change when a server joins or leaves."""
    plurals = {name + PLURAL for name in topology.server.owns}
    boxes = (topology.playing(role.name) for role in cell.workload.roles)
    knows = {role.name for role in cell.workload.roles if plurals & {*role.connects}}
    return tuple(box for box in boxes if box and box.role in knows)


def reconfigures(cell: Cell) -> bool:
    """Say whether a program can be given other servers while it runs."""
    return "reconfigure" in parameters(cell.path)
