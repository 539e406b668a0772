"""The story of a run in a few screens: what ``index.html`` tells before all else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.analysis.recovery import VARIANTS, with_fault
from bench.contract.alike import stack_order
from bench.measure.levels import LEVELS
from bench.measure.recovery import BROKEN, KEPT
from bench.report import ratio, words
from bench.report.charts import hero
from bench.report.charts.findings import front, listed
from bench.report.model import Answer, Data, Figure, Section, Table
from bench.report.sections import machines, questions, survival
from bench.report.sections.questions_of_code import GUARANTEED
from bench.report.sections.standing import standing
from bench.report.sections.tables import figures
from bench.report.talk_claims.judge import Judged
from bench.report.talk_claims.rules import NOT_TESTED, REFUTED, UPHELD, VERDICTS

JOBS = {
    "request_reply": "A call and its answer between two programs",
    "fan_out": "Events to many subscribers",
    "pipeline": "Jobs to several workers",
}
QUOTED = (
    "\N{LEFT DOUBLE QUOTATION MARK}{0.claim.quote}\N{RIGHT DOUBLE QUOTATION MARK} "
    "{1}: {0.reason}."
)
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
    several = machines.summary(data.entries)
    groups = [
        ("Speed", list(_speed(data))),
        ("Code", list(_code(data))),
        ("Failures", list(_failures(data))),
    ]
    return Section(
        "answer",
        "The answer",
        [*standing(data.compared, data.copies, data.grade, data.stacks), *several],
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
    for workload in hero.QUANTITIES:
        found = hero.declared_races(data.estimates, data.compared, workload)
        if not found:
            continue
        behind: dict[str, list[float]] = {}
        level: set[str] = set()
        for row in (row for race in found for row in hero.behind(race)):
            behind.setdefault(row.stack, []).append(row.times)
            level |= {row.stack} if row.open else set()
        name = words.workload(workload)
        first, *rest = sorted(behind, key=lambda stack: sum(behind[stack]))
        label = data.stack(first)
        if level:
            yield f"{name}: the data cannot tell {_names(level, data)} apart."
            continue
        said = [
            f"{data.stack(stack)} is {ratio.times(behind[stack])} slower" for stack in rest
        ]
        yield f"{name}: {label} is fastest; {', '.join(said)}."


def _names(stacks: Iterable[str], data: Data) -> str:
    return listed(data.stack(s) for s in sorted(stacks, key=stack_order))


def _code(data: Data) -> Iterator[str]:
    for answer in questions.of_code(data):
        asked = answer.question.removeprefix("Which is ").removesuffix("?")
        yield f"{asked.capitalize()}: {answer.found.split('; left out')[0]}."


def _failures(data: Data) -> Iterator[str]:
    shown = with_fault(data.recoveries)
    found = survival.of_rows(shown)
    for variant, name in zip(VARIANTS, ("Short", "Resilient"), strict=True):
        said = [
            f"{data.stack(stack)} {ended[KEPT]} of {ended.total()}"
            f"{f' ({ended[BROKEN]} broken)' if ended[BROKEN] else ''}"
            for stack, ended in found.get(variant, {}).items()
        ]
        if said:
            yield f"{name} programs survive: {', '.join(said)}."
    if shown:
        yield "Broken: lost messages in silence, hung or crashed. The rest report trouble."


def _choice(data: Data, asked: Sequence[Answer]) -> Screen | None:
    """Return which stack to take for what, as far as this run tells."""
    shortest = [_shortest(data, LEVELS[0]), _shortest(data, GUARANTEED)]
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


def _shortest(data: Data, level: str) -> dict[str, str]:
    """Return the smallest program in Python of each stack at a level, by workload."""
    found: dict[str, list[tuple[int, str]]] = {}
    for (workload, stack), levels in data.cheapest.items():
        if level in levels:
            count = levels[level].statements
            found.setdefault(workload, []).append((count, data.stack(stack)))
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
    data: Data, judged: Sequence[Judged], further: Sequence[Section] = ()
) -> list[Screen]:
    """Return the screens after the first. ``further`` are sections of surveys."""
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
        *map(_survey, further),
        _claims(judged),
    ]
    return [s for s in made if s and (s.figures or s.tables or s.said or s.answers)]


def _survey(section: Section) -> Screen:
    """Return a survey in short: its first picture, or else its first sentences."""
    made = [table for table in section.tables if not table.folded][:1]
    small = [table for table in made if len(table.rows) <= 12]
    return Screen(
        section.id,
        section.title,
        section.figures[:1],
        [] if section.figures else small,
        [] if section.figures else section.paragraphs[:1],
        page=f"{section.id}.html" if section.tables else "",
        more=f"More on: {section.title}",
    )


def _claims(judged: Sequence[Judged]) -> Screen:
    found = Counter(one.verdict for one in judged)
    order = {REFUTED: 0, UPHELD: 1}
    shown = sorted(
        (one for one in judged if one.verdict in order), key=lambda one: order[one.verdict]
    )[:CLAIMS]
    tested = len(judged) - found[NOT_TESTED]
    return Screen(
        "claims",
        f"{words.plural(tested, 'claim')} of the talk tested: {found[UPHELD]} upheld, "
        f"{found[REFUTED]} refuted",
        said=[QUOTED.format(one, one.verdict.capitalize()) for one in shown],
        counts=[(name, found[name]) for name in VERDICTS if found[name]],
        page="claims.html",
        more="Every claim, what was measured, and what would change its verdict",
    )
