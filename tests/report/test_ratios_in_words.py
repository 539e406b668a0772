"""Ratios where a person reads them: the winner first, and none below 1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st
from once import once, run_made_once
from words_of import build_words

from bench.analysis.results import load
from bench.analysis.two_runs import TwoRuns
from bench.contract.model import PROJECT, Case
from bench.report import ratio
from bench.report.build import derive
from bench.report.numbers.citation import FORMATS
from bench.report.pages.two_runs import changed_lines, reproduced_lines
from bench.report.talk.material import Material

BELOW_1 = re.compile(r"(?<![\d.,])0(?:\.\d+)?(?:x\b| times\b)|ratio of 0\b")
HIDDEN = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL)
"""The parts of a page that a browser does not show."""


def small(case: Case) -> bool:
    return case.cell.workload.name != "pipeline" and not case.fault


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_made_once(tmp_path_factory, "ratios", blocks=10, keep=small)


@pytest.fixture(scope="module")
def out(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "ratios said", lambda out: build_words([run], out))


def below_1(text: str) -> list[str]:
    return [text[max(0, m.start() - 60) : m.end() + 20] for m in BELOW_1.finditer(text)]


def test_no_page_has_a_ratio_below_1(out: Path) -> None:
    pages = [*out.glob("*.html"), *out.glob("*.md")]
    assert len(pages) > 6
    assert [
        (p.name, s) for p in pages for s in below_1(HIDDEN.sub("", p.read_text()))
    ] == []


def test_no_table_has_a_column_of_plain_ratios(out: Path) -> None:
    """Such a column is first over second, and the reader has to work out who won."""
    headings = re.findall(
        r"^\|(.*)\|$\n^\|( --- \|)+$", (out / "REPORT.md").read_text(), re.M
    )
    columns = {name.strip() for line, _ in headings for name in line.split("|")}
    assert len(columns) > 20
    assert not {name for name in columns if re.search(r"\bratio\b", name)}


def test_no_citation_has_a_ratio_below_1(run: Path) -> None:
    entries = derive(load(run), draw=False).entries
    ratios = [entry for entry in entries if entry["unit"] == "ratio of times"]
    assert any(entry["value"] < 1 for entry in ratios)
    for entry in ratios:
        for form in FORMATS.keys() - {"json", "url"}:
            said = FORMATS[form](entry)
            assert below_1(said) == [], form
            found = ratio.of_winner(entry)
            assert found.times in said or form == "url", (form, entry["id"])


def test_no_line_of_a_comparison_of_runs_has_a_ratio_below_1(
    run: Path, tmp_path: Path
) -> None:
    other = synthetic.make(tmp_path / "other", blocks=10, keep=small)
    two = TwoRuns(
        here=derive(load(other), draw=False).side, there=derive(load(run), draw=False).side
    )
    for line in (*changed_lines(two), *reproduced_lines(two)):
        assert below_1(line) == []
        assert not re.search(r"\b0\.\d+ \(", line)


def test_no_slide_has_a_ratio_below_1() -> None:
    """Each ratio of the published numbers, as the talk's template may ask for it."""
    material = Material(PROJECT / "reports")
    for entry in material.entries:
        if entry["unit"] == "ratio of times" and entry["verdict"]:
            for said in (material.cite(entry["id"]), material.faster(entry["id"])):
                assert below_1(HIDDEN.sub("", said)) == []
    shown = [
        part for one in material.judged for part in one.parts for part in part.evidence
    ]
    assert [finding.shown for finding in shown if below_1(finding.shown)] == []


@given(st.floats(0.001, 1000), st.floats(1.0001, 3), st.floats(1.0001, 3))
def test_a_ratio_and_its_inverse_have_the_same_digits(
    value: float, down: float, up: float
) -> None:
    low, high = value / down, value * up
    mine, theirs = (
        ratio.factor(value, low, high),
        ratio.factor(1 / value, 1 / high, 1 / low),
    )
    assert mine.winner != theirs.winner or abs(value - 1) < 1e-9
    assert float(mine.written(mine.ratio).replace(",", "")) == pytest.approx(
        float(theirs.written(theirs.ratio).replace(",", "")), rel=0.02
    )


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (11.57, 11.01, 11.72, "11.6x faster (11.0\u201311.7)"),
        (29.7, 20.1, 40.2, "30x faster (20\u201340)"),
        (915.0, 700.0, 1204.0, "920x faster (700\u20131,200)"),
        (1.352, 1.3517, 1.3523, "1.35x faster (1.35\u20131.35)"),
    ],
)
def test_a_ratio_has_the_digits_that_its_interval_supports(
    value: float, low: float, high: float, said: str
) -> None:
    assert ratio.factor(1 / value, 1 / high, 1 / low).faster == said
