"""The parts of a report, before it becomes HTML or Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from bench.analysis.compared_rows import Comparison, Copy
from bench.analysis.recovery_rows import LevelRow, Recovery
from bench.analysis.results import Run
from bench.analysis.rows import Estimate
from bench.analysis.side import Side
from bench.contract.rows import ProgramRow
from bench.report import words
from bench.report.charts import price
from bench.report.charts.style import Chart
from bench.run.environment import Grade

T = TypeVar("T")
Columns = Mapping[str, Callable[[T], str]]
"""The text for a row's subject, by the heading of the column."""


@dataclass(frozen=True)
class Data:
    """One run with everything computed from it.

    ``compared_first`` are the comparisons with flagged blocks as they were measured first.
    """

    run: Run
    estimates: list[Estimate]
    compared: list[Comparison]
    compared_first: list[Comparison]
    recoveries: list[Recovery]
    levels: list[LevelRow]
    copies: list[Copy]
    charts: list[Chart]
    grade: Grade
    entries: list[dict[str, Any]] = field(default_factory=list)
    """The entries of numbers.json that are about the run itself."""
    beside: Sequence[Side] = ()
    """The runs of other machines, where the report is on a published set."""
    growth: Data | None = None
    """A run of the profile growth beside it."""

    @cached_property
    def side(self) -> Side:
        """The run as it is laid over another one."""
        return Side(self.run, self.compared, self.copies, self.grade)

    @cached_property
    def statements(self) -> dict[str, int]:
        """The statements of each cell that was counted."""
        return price.statements(self.run.sizes)

    @cached_property
    def cheapest(self) -> dict[price.Place, price.Levels]:
        """The smallest program in Python at each level, by workload and stack."""
        return price.cheapest(self.levels, self.statements)

    @property
    def stacks(self) -> Mapping[str, Any]:
        stacks: Mapping[str, Any] = self.run.about["stacks"]
        return stacks

    def stack(self, name: str) -> str:
        """Return the label of a stack of the run."""
        return words.stack(name, self.stacks)

    def cell(self, program: ProgramRow) -> str:
        """Return "ZeroMQ (minimal)"."""
        return words.cell(program, self.stacks)


@dataclass(frozen=True)
class Table:
    """Text in rows. ``folded`` tables are shown on demand."""

    columns: list[str]
    rows: list[list[str]]
    caption: str = ""
    folded: bool = False

    @classmethod
    def of(
        cls,
        about: Iterable[T],
        columns: Columns[T],
        caption: str = "",
        *,
        folded: bool = False,
    ) -> Table:
        """Return a row for each of some things, with a text for each column."""
        rows = [[says(one) for says in columns.values()] for one in about]
        return cls([*columns], rows, caption, folded)


def facts(found: Mapping[str, Any], columns: list[str], caption: str = "") -> Table:
    """Return a row for each thing that has a name."""
    return Table(columns, [[name, str(value)] for name, value in found.items()], caption)


@dataclass(frozen=True)
class Figure:
    """A chart's place in the report, with the table behind it."""

    name: str
    title: str
    data: Table


@dataclass(frozen=True)
class Answer:
    """A question with the finding, a sentence of it, and the section that has more.

    ``section`` is the id of a section; ``workload`` is empty if it is about all of them.
    ``topic`` and ``short`` are the question and its finding as a first screen has them:
    "Shortest while nothing fails" and "ZeroMQ". They are empty where no screen needs them.
    """

    question: str
    found: str
    said: str
    section: str
    workload: str = ""
    topic: str = ""
    short: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it; ``groups`` are questions with their answers.

    ``answers`` stand before all else, ``notes`` on how it was measured behind the figures.
    """

    id: str
    title: str
    paragraphs: list[str] = field(default_factory=list)
    bullets: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    groups: list[tuple[str, list[str]]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Say whether anything stands below the heading."""
        rows = any(table.rows for table in self.tables)
        return bool(self.paragraphs or self.bullets or self.figures or rows)


def with_answer(section: Section, answer: Answer | None) -> Section:
    """Return a section that begins with a question and its answer, if there is one."""
    if answer is None:
        return section
    said = f"{answer.question} {answer.found}. {answer.said}"
    return replace(section, paragraphs=[said, *section.paragraphs])
