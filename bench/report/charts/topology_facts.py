"""The contents of a drawing of a topology: boxes and links of each program, and numbers.

Programs are in one drawing that have a list of servers in the same box: in every client, in
the middle, or in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bench.contract.model import PLURAL
from bench.report import words
from bench.report.charts.boxes import BLOW, KILLED, label, share
from bench.surveys.document import Survey
from bench.surveys.topologies.tally import ADDED, CALM, medians

CLIENT, MIDDLE, SERVER, DATABASE = "client", "middle", "server", "database"
KINDS = (CLIENT, MIDDLE, SERVER, DATABASE)
"""The kinds of boxes, in the order of their columns."""
BLOWS = {"killed": "killed", "killed_busy": "busy", "frozen": "frozen", "cut": "cut"}
"""Blows in the order of the squares in a box, and the word of each."""
STORES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
NOBODY = "nobody"
"""The name of a drawing of programs in which no box has a list of servers."""
Values = Mapping[tuple[str, int, str, str], float]
"""Medians by key of the program, number of clients, situation and measure."""


@dataclass(frozen=True)
class Row:
    """One program of a topology: its label, boxes, links and medians.

    ``links`` are pairs of names of boxes, the first of which connects to the second.
    ``lists`` are the boxes with a list of servers.
    """

    key: str
    label: str
    boxes: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    lists: tuple[str, ...]
    statements: int
    directives: int


@dataclass(frozen=True)
class Drawing:
    """Some programs of a topology that are drawn beside each other.

    ``about`` is the survey's on the topology, ``values`` are its medians.
    """

    name: str
    topology: str
    about: Mapping[str, Any]
    rows: Sequence[Row]
    values: Values

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The kind of each box."""
        return kinds_of(self.about)

    @cached_property
    def clients(self) -> int:
        return count_of(self.about, CLIENT)

    @cached_property
    def several(self) -> bool:
        """Whether there are several servers."""
        return count_of(self.about, SERVER) > 1

    def box(self, name: str) -> Mapping[str, Any]:
        """Return what the survey says of a box."""
        found: Mapping[str, Any]
        (found,) = (box for box in self.about["boxes"] if box["name"] == name)
        return found

    def heading(self, name: str) -> str:
        count = self.box(name)["count"]
        return words.plural(count, name) if count > 1 else name

    def columns(self, boxes: Iterable[str]) -> list[str]:
        """Return boxes from left to right."""
        return in_columns(self.about, boxes)

    @property
    def title(self) -> str:
        """The finding."""
        if not self.several:
            return self._title_of_one()
        lists = self.rows[0].lists
        edits = self._all(ADDED, "edits")
        if not lists:
            joins = edits and not any(edits)
            free = "one joins without an edit" if joins else "nobody has a list"
            said = f"If servers connect to the middle, {free}"
        else:
            many = words.plural(round(max(edits)), "edit") if edits else "edits"
            who = "every client" if lists == (CLIENT,) else f"the {' and the '.join(lists)}"
            said = f"If {who} lists the servers, one joins by {many}"
        killed = self._all(KILLED, "survival")
        if not killed:
            return said
        return f"{said}; with a busy one killed, {_range(killed)} of requests are served"

    def _title_of_one(self) -> str:
        parts = self._network(self.clients)
        if not parts:
            return str(self.about["title"])
        said = [f"{of} with {store}" if store else of for store, of in parts.items()]
        found = f"Of a call to one server, {' and '.join(said)} is network"
        most = max(self.about["clients"], default=self.clients)
        crowded = self._network(most)
        if most == self.clients or crowded.keys() != parts.keys():
            return found
        return f"{found}; with {most} clients, {' and '.join(crowded.values())}"

    def _network(self, clients: int) -> dict[str, str]:
        """Return the network's share of a call with each store: "57 to 92 %"."""
        return {
            STORES.get(store, store): _range(shares)
            for store, fault in self._calm()
            if (shares := self._all(fault, "network_share", clients))
        }

    def _all(self, fault: str, measure: str, clients: int = 0) -> list[float]:
        """Return a measure of all programs that have it, with so many clients."""
        many = clients or self.clients
        places = ((row.key, many, fault, measure) for row in self.rows)
        return [self.values[place] for place in places if place in self.values]

    def _value(self, row: Row, fault: str, measure: str) -> float | None:
        return self.values.get((row.key, self.clients, fault, measure))

    def _calm(self) -> list[tuple[str, str]]:
        """Return each store, '' without one, with the situation that has it."""
        first, *others = self.about["stores"]
        return [(first, CALM), *((store, f"{CALM}_{store}") for store in others)]

    def on_arrow(self, row: Row, source: str, target: str) -> tuple[str, str]:
        """Return the number between two kinds of boxes, and its word; twice '' for none."""
        if target == SERVER and self.several:
            measure, of = "missed", "missed"
        elif target == SERVER and source == CLIENT:
            measure, of = "network_share", "network"
        elif target == DATABASE and not self.several:
            measure, of = "handle_ms", "inside"
        else:
            return "", ""
        found = self._value(row, CALM, measure)
        if found is None:
            return "", ""
        in_ms = measure == "handle_ms"
        return f"{words.number(found, digits=2)} ms" if in_ms else share(found), of

    def chips(self, row: Row, name: str) -> list[tuple[str, float]]:
        """Return the word of each blow to a box, with the share of requests served."""
        found = (
            (word, self._value(row, f"{BLOW}{blow}_{name}", "survival"))
            for blow, word in BLOWS.items()
        )
        return [(word, value) for word, value in found if value is not None]

    def facts(self, row: Row, *, narrow: bool) -> list[str]:
        """Return what stands beside a row: times, or code and the work of an operator."""
        if not self.several:
            return [*self._times(row, narrow=narrow)]
        code = words.plural(row.statements, "statement")
        more = f", {row.directives} in files" if row.directives else ""
        work = {n: self._value(row, ADDED, f"{n}s") for n in ("edit", "reload", "restart")}
        done = [words.plural(round(n), name) for name, n in work.items() if n]
        joins = [f"joining: {', '.join(done) or 'no edit'}"]
        failed = self._value(row, ADDED, "failed")
        joins += [] if failed is None else [f"{round(failed)} requests failed meanwhile"]
        return [f"{code}{more}", *(["; ".join(joins)] if narrow else joins)]

    def _times(self, row: Row, *, narrow: bool) -> Iterator[str]:
        """Yield the times of each number of clients, with the network's share.

        A line beside a wide row has no room for all three. There the arrow has the share of
        the fewest clients, and the report's table the 99th percentile of more.
        """
        fewest, further = self.clients, self.about["clients"]
        for store, fault in self._calm():
            name = f"{STORES.get(store, store)}: " if store else ""
            for clients in (fewest, *further):
                if store and clients not in (fewest, max(further, default=fewest)):
                    continue  # the table has them all
                names = ("p50_ms", "p99_ms", "network_share")
                places = ((row.key, clients, fault, of) for of in names)
                p50, p99, network = map(self.values.get, places)
                if p50 is None or p99 is None or network is None:
                    continue
                who = f"{clients} clients: " if clients > fewest else name
                median, tail = f"{words.number(p50)} ms", f"(p99 {words.number(p99)})"
                if narrow:
                    yield f"{who}{median} {tail}, {share(network)} network"
                elif clients > fewest:
                    yield f"{who}{share(network)} of {median}"
                else:
                    yield f"{who}{median} {tail}"


def drawings(survey: Survey) -> Iterator[Drawing]:
    """Yield what each drawing shows, of programs that were measured."""
    for topology, about in survey["topologies"].items():
        if not {CLIENT, SERVER} <= {*kinds_of(about).values()} <= {*KINDS}:
            continue  # no picture of clients and servers
        mine = [median for median in medians(survey) if median.topology == topology]
        values = {(m.key, m.clients, m.fault, m.measure): m.value for m in mine}
        measured = {key for key, *_ in values}
        groups: dict[str, list[Row]] = {}
        for program in survey["programs"]:
            if program["topology"] == topology and program["key"] in measured:
                row = _row(survey, about, program)
                several = count_of(about, SERVER) > 1
                lists = "_".join(row.lists) or NOBODY
                groups.setdefault(lists if several else "", []).append(row)
        for group in sorted(groups, key=lambda name: (name == NOBODY, name)):
            name = "_".join(filter(None, ["topology", topology, group]))
            yield Drawing(name, topology, about, groups[group], values)


def told(drawing: Drawing) -> str:
    """Return a drawing in words, for those who cannot see it."""
    said = [drawing.title]
    for row in drawing.rows:
        boxes = [
            f"{name} {', '.join(f'{word} {share(part)}' for word, part in chips)}"
            for name in row.boxes
            if (chips := drawing.chips(row, name))
        ]
        said.append("; ".join([row.label, *boxes, *drawing.facts(row, narrow=True)]))
    return ". ".join(said)


def _row(survey: Survey, about: Mapping[str, Any], program: Mapping[str, Any]) -> Row:
    roles = {role["name"]: role for role in program["roles"]}
    boxes = [b for b in about["boxes"] if b["role"] in roles or b["kind"] == DATABASE]
    connects = {
        box["name"]: {*roles[box["role"]]["connects"]} if box["role"] else set[str]()
        for box in boxes
    }
    owned = {
        box["name"]: {n for owns in box["owns"] for n in (owns, owns + PLURAL)}
        for box in boxes
    }
    links = [(a, b) for a in connects for b in owned if a != b and connects[a] & owned[b]]
    for first, second in about["arrows"]:
        if second in owned and not owned[second] and first in connects:
            links.append((first, second))  # a database, which nobody's signature has
    server = next(box for box in boxes if box["kind"] == SERVER)
    plurals = {owns + PLURAL for owns in server["owns"]}
    return Row(
        program["key"],
        label(survey, program),
        tuple(in_columns(about, (box["name"] for box in boxes))),
        tuple(links),
        tuple(name for name, known in connects.items() if known & plurals),
        program["statements"],
        program["directives"],
    )


def kinds_of(about: Mapping[str, Any]) -> dict[str, str]:
    return {box["name"]: box["kind"] for box in about["boxes"]}


def in_columns(about: Mapping[str, Any], boxes: Iterable[str]) -> list[str]:
    kinds = kinds_of(about)
    return sorted(boxes, key=lambda name: (KINDS.index(kinds[name]), name))


def count_of(about: Mapping[str, Any], kind: str) -> int:
    return next((int(b["count"]) for b in about["boxes"] if b["kind"] == kind), 0)


def _range(values: Sequence[float]) -> str:
    low, high = share(min(values)), share(max(values))
    return low if low == high else f"{low.removesuffix(' %')} to {high}"
