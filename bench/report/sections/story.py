"""The story of a run in a few screens: what ``index.html`` tells before all else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.analysis.ranking import Race
from bench.analysis.recovery import VARIANTS, with_fault
from bench.contract.alike import stack_order
from bench.measure.recovery import BROKEN, KEPT
from bench.report import ratio, words
from bench.report.charts import hero
from bench.report.charts.findings import front, listed
from bench.report.model import Answer, Data, Figure, Section, Table
from bench.report.sections import (
    citing,
    machines,
    over_machines,
    questions,
    survival,
    undeclared,
)
from bench.report.sections.questions_of_code import GUARANTEED, Counted, standing_sizes
from bench.report.sections.questions_of_failures import waiting
from bench.report.sections.standing import standing
from bench.report.sections.tables import figures
from bench.report.talk_claims.evidence import FAILS, HOLDS
from bench.report.talk_claims.judge import Judged
from bench.report.talk_claims.rules import NOT_TESTED, REFUTED, UPHELD, VERDICTS

JOBS = {
    "request_reply": "A call and its answer between two programs",
    "fan_out": "Events to many subscribers",
    "pipeline": "Jobs to several workers",
}
TALK = (
    "\N{LEFT DOUBLE QUOTATION MARK}The internet has no middle"
    "\N{RIGHT DOUBLE QUOTATION MARK}"
)
"""The title of the talk whose claims are tested."""
QUOTED = (
    "\N{LEFT DOUBLE QUOTATION MARK}{0.claim.quote}\N{RIGHT DOUBLE QUOTATION MARK} "
    "{1} ({0.reason})."
)
DECISIVE = {REFUTED: (FAILS, "This fails"), UPHELD: (HOLDS, "This holds")}
"""The outcome of the part that a verdict is told with, and the words before it."""
DECLARED = "Each stack's fastest program in Python of those declared before the run"
CLAIMS = 5
"""So many claims of the talk stand on the page: the refuted, then those that hold."""


@dataclass(frozen=True)
class Screen:
    """One screen: its finding, and the page that has more. ``counts`` become a bar."""

    id: str
    title: str
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    said: Sequence[str] = ()
    answers: Sequence[Answer] = ()
    counts: Sequence[tuple[str, int]] = ()
    page: str = ""
    more: str = ""


def opening(data: Data) -> Section:
    """Return the first screen: the first chart, three verdicts, and how far to believe."""
    several = list(machines.summary(data.entries))
    groups = [
        ("Speed", list(_speed(data))),
        (citing.QUESTION, citing.sentences(data)),
        ("Code", list(_code(data))),
        ("Failures", list(_failures(data))),
    ]
    return Section(
        "answer",
        "The answer",
        [
            *standing(data.compared, data.copies, data.grade, data.stacks),
            *([" ".join(several)] if several else []),
        ],
        figures=figures(data, name=hero.NAME),
        groups=[(name, said or ["Not measured in this run."]) for name, said in groups],
    )


def took(data: Data) -> str:
    """Return ", in 25 minutes" of how long this run took, '' if it does not know."""
    seconds = sum(float(entry["took_s"]) for entry in data.run.timing)
    if not seconds:
        return ""
    return f"; this run took {words.plural(max(1, round(seconds / 60)), 'minute')}"


def _speed(data: Data) -> Iterator[str]:
    """Yield who wins each workload by how much, with which programs on which machine."""
    raced = {
        workload: found
        for workload in hero.QUANTITIES
        if (found := hero.declared_races(data.estimates, data.compared, workload))
    }
    if not raced:
        return
    yield f"{DECLARED}{_measured_on(data)}."
    for workload, found in raced.items():
        leading = {race.leader.case.stack for race in found}
        level = any(row.open for race in found for row in hero.behind(race))
        if len(leading) == 1 or level:
            yield f"{words.workload(workload)}: {_won(found, data)}."
            continue
        for race in found:
            where = words.PLACEMENTS_SHORT[race.placement]
            yield f"{words.workload(workload)} on {where}: {_won([race], data)}."
    for workload in raced:
        yield from undeclared.sentences(data, workload)


def _measured_on(data: Data) -> str:
    """Return ", on Intel Xeon" where several machines are published, '' for one."""
    if not data.beside:
        return ""
    return f", on {over_machines.cpu(data.run.about['machine']['cpu'])}"


def _won(found: Sequence[Race], data: Data) -> str:
    """Return "A is 1.8x to 2.5x faster than B and 2.1x faster than C" of several races.

    Stacks that are level in one of them are named together.
    """
    behind: dict[str, list[float]] = {}
    level: set[str] = set()
    for row in (row for race in found for row in hero.behind(race)):
        behind.setdefault(row.stack, []).append(row.times)
        level |= {row.stack} if row.open else set()
    ordered = sorted(behind, key=lambda stack: sum(behind[stack]))
    winners = level or {ordered[0]}
    said = [
        f"{ratio.times(behind[stack])} faster than {data.stack(stack)}"
        for stack in ordered
        if stack not in winners
    ]
    if not level:
        return f"{data.stack(ordered[0])} is {listed(said)}"
    alike = f"the data cannot tell {_names(level, data)} apart"
    return f"{alike}; the faster of them is {listed(said)}" if said else alike


def _names(stacks: Iterable[str], data: Data) -> str:
    return listed(data.stack(s) for s in sorted(stacks, key=stack_order))


def _code(data: Data) -> Iterator[str]:
    for answer in questions.of_code(data):
        yield f"{answer.topic}: {answer.short}."


def _failures(data: Data) -> Iterator[str]:
    shown = with_fault(data.recoveries)
    found = survival.of_rows(shown)
    for variant, name in zip(VARIANTS, ("Minimal", "Resilient"), strict=True):
        said = [
            f"{data.stack(stack)} {ended[KEPT]} of {ended.total()}"
            f"{f' ({ended[BROKEN]} broken)' if ended[BROKEN] else ''}"
            for stack, ended in found.get(variant, {}).items()
        ]
        if said:
            yield f"{name} programs survive: {', '.join(said)}."
    if shown:
        yield (
            "Each program counts once for each fault. Broken: silent loss, a hang or a "
            "crash. The rest report trouble."
        )
    yield from waiting(shown, data)


def _choice(data: Data, asked: Sequence[Answer]) -> Screen | None:
    """Return which stack to take for what, as far as this run tells."""
    shortest = [_counts(standing_sizes(data), data), _counts(_cheapest(data), data)]
    rows = []
    for workload, job in JOBS.items():
        found = hero.declared_races(data.estimates, data.compared, workload)
        ahead = {stack for race in found for stack in front(race)}
        fastest = _names(ahead, data) if found else words.PASSED_OVER
        if len(ahead) > 1:
            fastest = f"{fastest}: undecided"
        least = (by.get(workload, words.PASSED_OVER) for by in shortest)
        rows.append([job, fastest, *least])
    if all(set(row[1:]) == {words.PASSED_OVER} for row in rows):
        return None
    columns = [
        "the job",
        "fastest",
        "least code while nothing fails",
        "least code that survives failures",
    ]
    made = [Table(columns, rows)]
    return Screen("choice", "Which one for me?", tables=made, answers=asked)


def _cheapest(data: Data) -> list[Counted]:
    """Return the smallest program of each stack that survives failures, by workload."""
    return [
        Counted(found.program, found.statements)
        for levels in data.cheapest.values()
        if (found := levels.get(GUARANTEED))
    ]


def _counts(rows: Iterable[Counted], data: Data) -> dict[str, str]:
    """Return "ZeroMQ 14, HTTP 19 statements" of programs, by workload."""
    found: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        mine = row.statements, data.stack(row.program.stack)
        found.setdefault(row.program.workload, []).append(mine)
    return {
        workload: f"{', '.join(f'{s} {count}' for count, s in sorted(counts))} statements"
        for workload, counts in found.items()
    }


def _workload(data: Data, workload: str, asked: Sequence[Answer]) -> Screen:
    quantity = hero.QUANTITIES[workload]
    name = words.workload(workload)
    return Screen(
        workload,
        name,
        figures(data, name=f"{quantity}_{workload}"),
        answers=[a for a in asked if a.workload == workload],
        page=f"workloads.html#{quantity}",
        more=f"Everything about {name.lower()}: load, large messages, transports, limits",
    )


def screens(
    data: Data,
    judged: Sequence[Judged],
    further: Sequence[Section] = (),
    surveyed: Sequence[Answer] = (),
) -> list[Screen]:
    """Return the screens after the first.

    ``further`` are sections of surveys, ``surveyed`` the answers that these give.
    """
    asked = questions.answered(data)
    made = [_choice(data, [a for a in asked if a.section in ("loses", "cost")])]
    made += [_workload(data, workload, asked) for workload in hero.QUANTITIES]
    made += [
        Screen(
            "failures",
            "Failures",
            figures(data, name="failures"),
            answers=[a for a in asked if a.section == "failures"],
            page="failures.html",
            more="Every fault of every program, what cures it, and failures over time",
        ),
        Screen(
            "code",
            "Code, and what surviving takes",
            figures(data, name="price"),
            answers=[a for a in asked if a.section == "size"],
            page="code.html",
            more="The programs side by side, and what a change takes",
        ),
        *(_survey(section, surveyed) for section in further),
        _claims(judged),
    ]
    return [s for s in made if s and (s.figures or s.tables or s.said or s.answers)]


def _survey(section: Section, surveyed: Sequence[Answer]) -> Screen:
    """Return a survey in short: its first picture, or else its first sentences."""
    made = [table for table in section.tables if not table.folded][:1]
    small = [table for table in made if len(table.rows) <= 12]
    return Screen(
        section.id,
        section.title,
        section.figures[:1],
        [] if section.figures else small,
        [] if section.figures else section.paragraphs[:1],
        [answer for answer in surveyed if answer.section == section.id],
        page=f"{section.id}.html" if section.tables else "",
        more=f"More on: {section.title}",
    )


def quoted(one: Judged) -> str:
    """Return a sentence of the talk with its verdict, and the first part that led to it."""
    said = QUOTED.format(one, one.verdict.capitalize())
    outcome, words_before = DECISIVE[one.verdict]
    parts = (part for part in one.parts if part.outcome == outcome)
    part = next(parts, None)
    return f"{said} {words_before}: {part.condition.says}." if part else said


def _claims(judged: Sequence[Judged]) -> Screen:
    found = Counter(one.verdict for one in judged)
    order = {REFUTED: 0, UPHELD: 1}
    shown = sorted(
        (one for one in judged if one.verdict in order), key=lambda one: order[one.verdict]
    )[:CLAIMS]
    tested = len(judged) - found[NOT_TESTED]
    return Screen(
        "claims",
        f"{words.plural(tested, 'claim')} of the talk {TALK} tested: {found[UPHELD]} "
        f"upheld, {found[REFUTED]} refuted",
        said=[quoted(one) for one in shown],
        counts=[(name, found[name]) for name in VERDICTS if found[name]],
        page="claims.html",
        more="Every claim, what was measured, and what would change its verdict",
    )
