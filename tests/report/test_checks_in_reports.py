"""A report has the date of each check, and counts those that are older than the run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bench.analysis.code_rows import Check
from bench.report.model import Section
from bench.report.sections.evidence import conformance


def section_of(*made: str) -> Section:
    checks = [Check("zmq/minimal/fan_out.py", "tcp", "", made=date) for date in made]
    run = SimpleNamespace(about={"started": "2026-03-03T10:00:00Z"}, checks=checks)
    data: Any = SimpleNamespace(run=run, stacks={})  # all that the section reads
    return conformance(data)


def test_each_check_has_its_date_and_older_ones_are_counted() -> None:
    made = ["2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z", "2026-03-03T10:00:05Z"]
    section = section_of(*made)
    (table,) = section.tables
    column = table.columns.index("checked on")
    assert [row[column] for row in table.rows] == [date[:10] for date in made]
    told = " ".join(section.paragraphs)
    assert "2 of 3 checks were made before this run, the first on 2026-03-01" in told


def test_a_run_that_checked_every_program_itself_mentions_no_other() -> None:
    section = section_of("2026-03-03T10:00:05Z", "")
    assert "before this run" not in " ".join(section.paragraphs)
    (table,) = section.tables
    column = table.columns.index("checked on")
    assert table.rows[1][column] == "\N{EN DASH}", "it was skipped"


def test_a_run_of_an_earlier_version_has_no_dates() -> None:
    section = section_of("", "")
    assert "checked on" not in section.tables[0].columns
    assert "before this run" not in " ".join(section.paragraphs)
