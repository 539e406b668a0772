"""What the repository publishes is what its raw data says: no number is typed."""

import json
import re
from pathlib import Path

import pytest

from bench.analysis.results import load
from bench.contract.model import PROJECT
from bench.experiments import kept
from bench.report.build import derive
from bench.report.numbers.numbers import numbers
from bench.report.pages import readme
from bench.report.sections import bindings, embedded, experiments, topologies
from bench.run.archive import CODE, ROUNDS
from bench.run.finished import latest_run, verify
from bench.surveys.embedding import tally as embedding
from bench.surveys.languages import tally as languages
from bench.surveys.topologies import tally as boxes

REPORTS = PROJECT / "reports"
NUMBERS = REPORTS / "numbers.json"


@pytest.fixture(scope="module")
def published() -> list[dict[str, object]]:
    return json.loads(NUMBERS.read_text())


def test_the_raw_data_is_as_it_was_measured() -> None:
    for folder in (REPORTS / "data").iterdir():
        verify(folder)


@pytest.mark.thorough
def test_numbers_belong_to_the_newest_whole_run(
    published: list[dict[str, object]],
) -> None:
    data = derive(load(latest_run(REPORTS / "data")), draw=False)
    made = [
        *numbers(data),
        *bindings.numbers(languages.read(REPORTS / languages.FILE)),
        *embedded.numbers(embedding.read(REPORTS / embedding.FILE)),
        *experiments.numbers(kept.read(REPORTS / kept.FILE)),
        *topologies.numbers(boxes.read(REPORTS / boxes.FILE)),
    ]
    assert json.loads(json.dumps(made)) == published


def test_readme_has_the_numbers_of_the_newest_run() -> None:
    assert not readme.stale(PROJECT / "README.md", NUMBERS)


def test_the_page_on_the_method_knows_if_programs_of_the_published_run_took_turns() -> None:
    took_turns = (latest_run(REPORTS / "data") / ROUNDS).exists()
    page = " ".join((PROJECT / "docs" / "method.md").read_text().split())
    assert ("the published one among them" in page) is not took_turns


def size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_the_data_is_small_enough_to_keep() -> None:
    """The raw data of each run, and all charts and pages beside it: clones stay quick."""
    for folder in (REPORTS / "data").iterdir():
        early = (folder / CODE).exists()  # nothing in it is compressed
        assert size_bytes(folder) < (15 if early else 6) * 1e6
    assert size_bytes(REPORTS) - size_bytes(REPORTS / "data") < 24e6


def test_charts_are_published_as_pages_show_them_and_in_no_other_format() -> None:
    pages = [PROJECT / "README.md", REPORTS / "REPORT.md", REPORTS / "SUMMARY.md"]
    shown = set()
    for page in pages:
        for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text()):
            shown.add((page.parent / name).resolve())
    assert set((REPORTS / "figures").iterdir()) == shown
    beside = {path.suffix for path in (REPORTS / "side_by_side").iterdir()}
    assert beside == {".html", ".svg"}
