"""A reproduction in words: on a terminal, as REPRODUCTION.md and reproduction.json."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.analysis.compared_rows import Comparison
from bench.analysis.reproduction import RESULTS, Outcome, Side, outcomes
from bench.report import sentences, words
from bench.report.numbers.numbers import comparison_identifier
from bench.report.pages.page import TEMPLATES
from bench.report.sections.differences import Difference, differences
from bench.report.words import date, machine
from bench.run.archive import write_whole

MARKDOWN, JSON = "REPRODUCTION.md", "reproduction.json"
HEADER = ("  first / second, ratio of times", "published", "here", "result")


@dataclass(frozen=True)
class Reproduction:
    """Two runs, the outcome of each declared comparison, and their differences."""

    published: Side
    here: Side
    outcomes: list[Outcome]
    differences: list[Difference]

    @classmethod
    def of(cls, published: Side, here: Side) -> Reproduction:
        """Compare two runs. Raises UsageError for a published one that declared none."""
        found = outcomes(published, here)
        pairs = [outcome.published for outcome in found]
        cells = sorted({case.cell for pair in pairs for case in (pair.a, pair.b)})
        return cls(published, here, found, differences(published.about, here.about, cells))

    @property
    def counts(self) -> dict[str, int]:
        """How many comparisons have each result, in the order of ``RESULTS``."""
        counted = Counter(outcome.agreement.result for outcome in self.outcomes)
        return {result: counted[result] for result in RESULTS}

    @property
    def summary(self) -> str:
        """The counts in one line, with how many agree on the verdict only."""
        total = words.plural(len(self.outcomes), "claim")
        said = ", ".join(f"{result} {count}" for result, count in self.counts.items())
        agreed = [o for o in self.outcomes if o.agreement.result == "agrees"]
        apart = sum(not outcome.agreement.overlap for outcome in agreed)
        more = f"; {apart} of those that agree have another ratio" if apart else ""
        return f"{total}: {said}{more}"

    @property
    def notes(self) -> list[str]:
        """What a reader has to know of the two runs before the results."""
        sides = ("Published", self.published), ("Here", self.here)
        found = [
            f"{which}: {side.name}, {date(side.about)}, {machine(side.about)}; "
            f"{_grade(side)}"
            for which, side in sides
        ]
        if any(difference.fact == "harness" for difference in self.differences):
            found.append(
                "The harness is not the same: what may have moved a number stands in "
                "CHANGELOG.md, under Method."
            )
        return found


def _grade(side: Side) -> str:
    if side.grade is None:
        return "nothing could be measured"
    return f"grade {side.grade.letter}: {' '.join(side.grade.reasons)}"


# -- on a terminal ---------------------------------------------------------------------


def shown(made: Reproduction) -> Group:
    """Return the output of the command: comparisons, counts, notes, differences."""
    parts: list[Table | Text] = [*_declared(made), Text(), Text(made.summary)]
    parts += [Text(note) for note in made.notes]
    if made.differences:
        parts += [Text(), *_aligned([Difference._fields, *made.differences])]
    return Group(*parts)


def _declared(made: Reproduction) -> Iterator[Table | Text]:
    """Yield a line for each comparison, under the line of its case."""
    rows: list[Sequence[str]] = [HEADER]
    for outcome in made.outcomes:
        sides = f"  {_sides(outcome.published, made.published, ' / ')}"
        ratios = (_short(found) for found in (outcome.published, outcome.here))
        rows.append((sides, *ratios, _result(outcome)))
    header, *lines = _aligned(rows)
    yield header
    case = ""
    for outcome, line in zip(made.outcomes, lines, strict=True):
        if outcome.published.a.name != case:
            case = outcome.published.a.name
            yield Text(words.measured_case(outcome.published.a))
        yield line


def _aligned(rows: Sequence[Sequence[str]]) -> list[Table]:
    """Return rows as tables of one row, all with the same columns but for the last."""
    columns = list(zip(*rows, strict=True))[:-1]
    widths = [*(max(map(len, column)) for column in columns), None]
    made = []
    for row in rows:
        table = Table(box=None, pad_edge=False, show_header=False)
        for width in widths:
            table.add_column(min_width=width)
        table.add_row(*map(Text, row))  # a reason may hold what rich takes for markup
        made.append(table)
    return made


def _short(pair: Comparison | None) -> str:
    if pair is None:
        return words.PASSED_OVER
    times = pair.times
    ratio = words.number(times.ratio)
    if times.too_few_blocks:
        return f"{ratio}, too few blocks"
    low, high = (words.number(end, times.ratio) for end in (times.low, times.high))
    return f"{ratio} ({low} to {high}), {_verdict(pair)}"


# -- as files --------------------------------------------------------------------------


def write(made: Reproduction, folder: Path) -> Path:
    """Write both files into a folder, and return the path of the readable one."""
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(entries(made), indent=1, allow_nan=False)
    write_whole(folder / JSON, content + "\n")
    write_whole(folder / MARKDOWN, markdown(made))
    return folder / MARKDOWN


def entries(made: Reproduction) -> dict[str, Any]:
    """Return everything as JSON holds it; a number that does not exist is null."""
    return {
        "published": _side_entry(made.published),
        "here": _side_entry(made.here),
        "counts": made.counts,
        "claims": [
            {
                "id": comparison_identifier(outcome.published),
                "claim": described(outcome.published, made.published),
                "published": _finding_entry(outcome.published),
                "here": _finding_entry(outcome.here),
                "result": outcome.agreement.result,
                "reason": outcome.agreement.reason,
                "intervals_overlap": outcome.agreement.overlap,
            }
            for outcome in made.outcomes
        ],
        "differences": [difference._asdict() for difference in made.differences],
    }


def _side_entry(side: Side) -> dict[str, Any]:
    return {
        "run": side.name,
        "date": date(side.about),
        "machine": machine(side.about),
        "grade": side.grade.letter if side.grade else None,
        "grade_reasons": list(side.grade.reasons) if side.grade else [],
    }


def _finding_entry(pair: Comparison | None) -> dict[str, Any] | None:
    if pair is None:
        return None
    times = pair.times
    numbers = {
        "ratio": times.ratio,
        "low": times.low,
        "high": times.high,
        "confidence": times.confidence,
        "blocks_done": times.blocks_done,
        "noise": pair.noise,
    }
    known = {name: n if math.isfinite(n) else None for name, n in numbers.items()}
    return {**known, "verdict": pair.verdict}


def markdown(made: Reproduction) -> str:
    """Return the whole comparison as one Markdown page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 - Markdown, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rows = [
        (
            described(outcome.published, made.published),
            *(_long(found) for found in (outcome.published, outcome.here)),
            _result(outcome),
        )
        for outcome in made.outcomes
    ]
    template = environment.get_template(MARKDOWN)
    return template.render(made=made, rows=rows).strip() + "\n"


def described(pair: Comparison, published: Side) -> str:
    """Return "Pipeline throughput, 64 B over tcp, ...: ZeroMQ (minimal) over HTTP ..."."""
    return f"{words.measured_case(pair.a)}: {_sides(pair, published, ' over ')}"


def _sides(pair: Comparison, published: Side, between: str) -> str:
    stacks = published.about["stacks"]
    return between.join(words.cell(case, stacks) for case in (pair.a, pair.b))


def _long(pair: Comparison | None) -> str:
    if pair is None:
        return words.PASSED_OVER
    return f"{sentences.ratio_words(pair.times)}: {_verdict(pair)}"


def _verdict(pair: Comparison) -> str:
    return sentences.short_verdict(pair.verdict).split(" (")[0]


def _result(outcome: Outcome) -> str:
    return f"{outcome.agreement.result}: {outcome.agreement.reason}"
