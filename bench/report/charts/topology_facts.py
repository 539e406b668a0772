"""The contents of a drawing of a topology: boxes and links of each program, and numbers.

Programs are in one drawing that have a list of servers in the same box: in every client, in
the middle, or in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.contract.model import PLURAL
from bench.report import words
from bench.report.charts.boxes import BLOW, KILLED, label, share
from bench.surveys.topologies.tally import ADDED, CALM, medians

CLIENT, MIDDLE, SERVER, DATABASE = "client", "middle", "server", "database"
KINDS = (CLIENT, MIDDLE, SERVER, DATABASE)
"""The kinds of boxes, in the order of their columns."""
BLOWS = {"killed": "killed", "killed_busy": "busy", "frozen": "frozen", "cut": "cut"}
"""Blows in the order of the squares in a box, and the word of each."""
STORES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
NOBODY = "nobody"
"""The name of a drawing of programs in which no box has a list of servers."""
Survey = Mapping[str, Any]
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


class Drawing(NamedTuple):
    """Some programs of a topology that are drawn beside each other, and the finding."""

    name: str
    topology: str
    about: Mapping[str, Any]
    rows: list[Row]
    values: Values
    title: str


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
                groups.setdefault(_group(about, row), []).append(row)
        for group, rows in sorted(groups.items(), key=lambda each: _order(each[0])):
            name = "_".join(["topology", topology, *([group] if group else [])])
            said = _title(about, rows, values)
            yield Drawing(name, topology, about, rows, values, said)


def _order(group: str) -> tuple[bool, str]:
    return group == NOBODY, group


def told(drawing: Drawing) -> str:
    """Return a drawing in words, for those who cannot see it."""
    said = [drawing.title]
    for row in drawing.rows:
        of = drawing.about, row, drawing.values
        boxes = [
            f"{name} {', '.join(f'{word} {share(part)}' for word, part in chips)}"
            for name in row.boxes
            if (chips := chips_of(*of, name))
        ]
        said.append("; ".join([row.label, *boxes, *facts_of(*of, narrow=True)]))
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
        tuple(sorted((box["name"] for box in boxes), key=column_of(about))),
        tuple(links),
        tuple(name for name, known in connects.items() if known & plurals),
        program["statements"],
        program["directives"],
    )


def kinds_of(about: Mapping[str, Any]) -> dict[str, str]:
    return {box["name"]: box["kind"] for box in about["boxes"]}


def column_of(about: Mapping[str, Any]) -> Any:
    kinds, order = kinds_of(about), KINDS
    return lambda name: (order.index(kinds[name]), name)


def count_of(about: Mapping[str, Any], kind: str) -> int:
    return next((int(b["count"]) for b in about["boxes"] if b["kind"] == kind), 0)


def _group(about: Mapping[str, Any], row: Row) -> str:
    """Return whose list of servers a program has; '' where there is one server alone."""
    if count_of(about, SERVER) == 1:
        return ""
    return "_".join(row.lists) or NOBODY


def _of(
    about: Mapping[str, Any], rows: Iterable[Row], values: Values, fault: str, name: str
) -> list[float]:
    clients = count_of(about, CLIENT)
    places = ((row.key, clients, fault, name) for row in rows)
    return [values[place] for place in places if place in values]


def _title(about: Mapping[str, Any], rows: Sequence[Row], values: Values) -> str:
    """Return the finding of a drawing."""
    if count_of(about, SERVER) == 1:
        return _title_of_one(about, rows, values)
    lists = rows[0].lists
    edits = _of(about, rows, values, ADDED, "edits")
    if not lists:
        free = (
            "one joins without an edit" if edits and not any(edits) else "nobody has a list"
        )
        said = f"If servers connect to the middle, {free}"
    else:
        many = words.plural(round(max(edits)), "edit") if edits else "edits"
        who = "every client" if lists == (CLIENT,) else f"the {' and the '.join(lists)}"
        said = f"If {who} lists the servers, one joins by {many}"
    killed = _of(about, rows, values, KILLED, "survival")
    if not killed:
        return said
    return f"{said}; with a busy one killed, {_range(killed)} of requests are served"


def _title_of_one(about: Mapping[str, Any], rows: Sequence[Row], values: Values) -> str:
    fewest = count_of(about, CLIENT)
    parts = _network(about, rows, values, fewest)
    if not parts:
        return str(about["title"])
    said = [f"{of} with {store}" if store else of for store, of in parts.items()]
    found = f"Of a call to one server, {' and '.join(said)} is network"
    most = max(about["clients"], default=fewest)
    crowded = _network(about, rows, values, most)
    if most == fewest or crowded.keys() != parts.keys():
        return found
    return f"{found}; with {most} clients, {' and '.join(crowded.values())}"


def _network(
    about: Mapping[str, Any], rows: Sequence[Row], values: Values, clients: int
) -> dict[str, str]:
    """Return the network's share of a call with each store: "57 to 92 %", over programs."""
    found = {}
    for store, fault in calm_of(about):
        places = ((row.key, clients, fault, "network_share") for row in rows)
        if shares := [values[place] for place in places if place in values]:
            found[STORES.get(store, store)] = _range(shares)
    return found


def _range(values: Sequence[float]) -> str:
    low, high = share(min(values)), share(max(values))
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def calm_of(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return each store of a topology, '' without one, with the situation that has it."""
    first, *others = about["stores"]
    return [(first, CALM), *((store, f"{CALM}_{store}") for store in others)]


def heading_of(about: Mapping[str, Any], name: str) -> str:
    box = next(box for box in about["boxes"] if box["name"] == name)
    return words.plural(box["count"], name) if box["count"] > 1 else name


def on_arrow(
    about: Mapping[str, Any], row: Row, values: Values, source: str, target: str
) -> tuple[str, str]:
    """Return the number on an arrow and the word below it; two times '' for none."""
    clients = count_of(about, CLIENT)
    several = count_of(about, SERVER) > 1
    if target == SERVER and several:
        found = values.get((row.key, clients, CALM, "missed"))
        return ("", "") if found is None else (share(found), "missed")
    if target == SERVER and source == CLIENT:
        found = values.get((row.key, clients, CALM, "network_share"))
        return ("", "") if found is None else (share(found), "network")
    if target == DATABASE and not several:
        found = values.get((row.key, clients, CALM, "handle_ms"))
        return (
            ("", "") if found is None else (f"{words.number(found, digits=2)} ms", "inside")
        )
    return "", ""


def chips_of(
    about: Mapping[str, Any], row: Row, values: Values, name: str
) -> list[tuple[str, float]]:
    """Return the word of each blow to a box, with the share of requests still served."""
    clients = count_of(about, CLIENT)
    places = {word: (row.key, clients, f"{BLOW}{blow}_{name}", "survival")
              for blow, word in BLOWS.items()}  # fmt: skip
    return [(word, values[place]) for word, place in places.items() if place in values]


def facts_of(
    about: Mapping[str, Any], row: Row, values: Values, *, narrow: bool
) -> list[str]:
    """Return what stands beside a row: times, or code and the work of an operator."""
    if count_of(about, SERVER) == 1:
        return [*_times(about, row, values, narrow=narrow)]
    code = words.plural(row.statements, "statement")
    more = f", {row.directives} in files" if row.directives else ""
    clients = count_of(about, CLIENT)
    work = {
        name: values.get((row.key, clients, ADDED, f"{name}s"))
        for name in ("edit", "reload", "restart")
    }
    done = [words.plural(round(n), name) for name, n in work.items() if n]
    joins = f"joining: {', '.join(done) or 'no edit'}"
    failed = values.get((row.key, clients, ADDED, "failed"))
    lost = [] if failed is None else [f"{round(failed)} requests failed meanwhile"]
    if narrow:
        return [f"{code}{more}", "; ".join([joins, *lost])]
    return [f"{code}{more}", joins, *lost]


def _times(
    about: Mapping[str, Any], row: Row, values: Values, *, narrow: bool
) -> Iterator[str]:
    """Yield the times of each number of clients, with the network's share of the median.

    A line beside a wide row has no room for all three. There the arrow has the share of the
    fewest clients, and the report's table the 99th percentile of more.
    """
    fewest = count_of(about, CLIENT)
    for store, fault in calm_of(about):
        name = f"{STORES.get(store, store)}: " if store else ""
        for clients in (fewest, *about["clients"]):
            if store and clients not in (fewest, max(about["clients"], default=fewest)):
                continue  # the table has them all
            p50, p99, network = (
                values.get((row.key, clients, fault, of))
                for of in ("p50_ms", "p99_ms", "network_share")
            )
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
