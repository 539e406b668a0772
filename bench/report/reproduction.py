"""A reproduction in words: on a terminal, as REPRODUCTION.md and reproduction.json."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.archive import write_whole
from bench.charts import date, machine, words
from bench.report import sentences
from bench.report.differences import Difference, differences
from bench.report.numbers import comparison_identifier
from bench.report.page import TEMPLATES
from bench.reproduce import RESULTS, Outcome, Side, outcomes

MARKDOWN, JSON = "REPRODUCTION.md", "reproduction.json"
HEADER = ("  first / second, ratio of times", "published", "here", "result")
KEPT = ("ratio", "low", "high", "confidence", "blocks_done", "noise", "verdict")


@dataclass(frozen=True)
class Reproduction:
    """Two runs, what became of each claim of the first, and what differs between them."""

    published: Side
    here: Side
    outcomes: list[Outcome]
    differences: list[Difference]

    @classmethod
    def of(cls, published: Side, here: Side) -> Reproduction:
        """Compare two runs. Raises UsageError for a published one without a claim."""
        found = outcomes(published, here)
        cells = sorted({o.published[f"cell_{side}"] for o in found for side in "ab"})
        return cls(published, here, found, differences(published.about, here.about, cells))

    @property
    def counts(self) -> dict[str, int]:
        """How many claims came to each result, in the order of ``RESULTS``."""
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
    """Return what the command ends with: claims, counts, notes, differences."""
    parts: list[Table | Text] = [*_claims(made), Text(), Text(made.summary)]
    parts += [Text(note) for note in made.notes]
    if made.differences:
        parts += [Text(), *_aligned([Difference._fields, *made.differences])]
    return Group(*parts)


def _claims(made: Reproduction) -> Iterator[Table | Text]:
    """Yield a line for each claim, under the line of its case."""
    rows: list[Sequence[str]] = [HEADER]
    for outcome in made.outcomes:
        sides = f"  {_sides(outcome.published, made.published, ' / ')}"
        ratios = (_short(found) for found in (outcome.published, outcome.here))
        rows.append((sides, *ratios, _result(outcome)))
    header, *lines = _aligned(rows)
    yield header
    case = ""
    for outcome, line in zip(made.outcomes, lines, strict=True):
        if outcome.published["name"] != case:
            case = outcome.published["name"]
            yield Text(_case(outcome.published))
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


def _short(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return words.PASSED_OVER
    ratio = words.number(row["ratio"])
    if math.isnan(row["low"]):
        return f"{ratio}, too few blocks"
    low, high = (words.number(row[key], row["ratio"]) for key in ("low", "high"))
    return f"{ratio} ({low} to {high}), {_verdict(row)}"


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
                "claim": claim(outcome.published, made.published),
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


def _finding_entry(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    unknown = {
        key for key in KEPT if isinstance(row[key], float) and not math.isfinite(row[key])
    }
    return {key: None if key in unknown else row[key] for key in KEPT}


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
            claim(outcome.published, made.published),
            *(_long(found) for found in (outcome.published, outcome.here)),
            _result(outcome),
        )
        for outcome in made.outcomes
    ]
    template = environment.get_template(MARKDOWN)
    return template.render(made=made, rows=rows).strip() + "\n"


def claim(row: Mapping[str, Any], published: Side) -> str:
    """Return "Pipeline throughput, 64 B over tcp, ...: ZeroMQ (minimal) over HTTP ..."."""
    return f"{_case(row)}: {_sides(row, published, ' over ')}"


def _case(row: Mapping[str, Any]) -> str:
    return f"{words.workload(row['workload'])} {words.quantity(row)}, {words.case(row)}"


def _sides(row: Mapping[str, Any], published: Side, between: str) -> str:
    stacks = published.about["stacks"]
    return between.join(words.side(row, which, stacks) for which in "ab")


def _long(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return words.PASSED_OVER
    return f"{sentences.ratio_words(row)}: {_verdict(row)}"


def _verdict(row: Mapping[str, Any]) -> str:
    return sentences.VERDICTS[row["verdict"]].split(":")[0].split(" (")[0]


def _result(outcome: Outcome) -> str:
    return f"{outcome.agreement.result}: {outcome.agreement.reason}"
