"""The repository publishes what its raw data has: no number is typed."""

import json
import re

import pytest

from bench.contract.model import PROJECT
from bench.report.build import derive_set, with_growth
from bench.report.numbers.citation import load_numbers
from bench.report.pages import declared, method, readme
from bench.report.sections import bindings, embedded, experiments, topologies
from bench.run.archive import CODE, ROUNDS
from bench.run.finished import verify
from bench.run.published import BYTES_MAX, PublishedSet, published, size_bytes
from bench.surveys.embedding import tally as embedding
from bench.surveys.experiments import kept
from bench.surveys.languages import tally as languages
from bench.surveys.operating_curve import tally as operating_curve
from bench.surveys.topologies import tally as boxes

REPORTS = PROJECT / "reports"
DATA = REPORTS / "data"
NUMBERS = REPORTS / "numbers.json"


@pytest.fixture(scope="module")
def entries() -> list[dict[str, object]]:
    return json.loads(NUMBERS.read_text())


@pytest.fixture(scope="module")
def runs(entries: list[dict[str, object]]) -> PublishedSet:
    """Return the published set, led by the run that the published numbers are about."""
    leading = next(entry["run"] for entry in entries if entry["kind"] == "absolute")
    return published(DATA, DATA / str(leading))


def test_the_raw_data_is_as_it_was_measured() -> None:
    for folder in DATA.iterdir():
        verify(folder)


@pytest.mark.thorough
def test_published_numbers_follow_from_every_run_of_the_set(
    entries: list[dict[str, object]], runs: PublishedSet
) -> None:
    set_of_runs = derive_set(runs.leading, runs.beside, draw=False)
    data = with_growth(set_of_runs, runs.growth)
    made = [
        *data.entries,
        *bindings.numbers(languages.read(REPORTS / languages.FILE)),
        *embedded.numbers(embedding.read(REPORTS / embedding.FILE)),
        *experiments.numbers(kept.read(REPORTS / kept.FILE)),
        *topologies.numbers(boxes.read(REPORTS / boxes.FILE)),
    ]
    assert json.loads(json.dumps(made)) == entries


def test_superseded_runs_have_left_the_tree(runs: PublishedSet) -> None:
    published = {runs.leading, *runs.beside, *([runs.growth] if runs.growth else [])}
    assert {*DATA.iterdir()} == published


def test_readme_has_the_numbers_of_the_newest_run() -> None:
    assert not readme.stale(PROJECT / "README.md", NUMBERS)
    kept = (REPORTS / declared.FILE).read_text()
    assert kept == declared.text(load_numbers(NUMBERS))


def test_the_page_on_the_method_has_the_counts_of_the_operating_curve() -> None:
    assert not method.stale(method.PAGE, REPORTS / operating_curve.FILE)


def test_the_page_on_the_method_knows_if_programs_of_the_leading_run_took_turns(
    runs: PublishedSet,
) -> None:
    took_turns = any(runs.leading.glob(f"{ROUNDS}*"))
    page = " ".join((PROJECT / "docs" / "method.md").read_text().split())
    assert ("the published one among them" in page) is not took_turns


def test_the_data_is_small_enough_to_keep() -> None:
    """The raw data of each run, and all charts and pages beside it: clones stay quick."""
    for folder in DATA.iterdir():
        early = (folder / CODE).exists()  # nothing in it is compressed
        assert size_bytes(folder) < (15e6 if early else BYTES_MAX)
    assert size_bytes(REPORTS) - size_bytes(DATA) < 24e6


def test_charts_are_published_as_pages_show_them_and_in_no_other_format() -> None:
    names = ("REPORT.md", "SUMMARY.md", declared.FILE)
    pages = [PROJECT / "README.md", *(REPORTS / name for name in names)]
    shown = set()
    for page in pages:
        for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text()):
            shown.add((page.parent / name).resolve())
    assert set((REPORTS / "figures").iterdir()) == shown
    beside = {path.suffix for path in (REPORTS / "side_by_side").iterdir()}
    assert beside == {".html"}
