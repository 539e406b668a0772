"""What the repository publishes is what its raw data says: no number is typed."""

import json
from pathlib import Path

import pytest

from bench.archive import latest_run, verify
from bench.contract import PROJECT
from bench.embedding import tally as embedding
from bench.languages import tally as languages
from bench.report import bindings, derive, embedded, readme
from bench.report.numbers import numbers
from bench.results import load

REPORTS = PROJECT / "reports"
NUMBERS = REPORTS / "numbers.json"


@pytest.fixture(scope="module")
def published() -> list[dict[str, object]]:
    return json.loads(NUMBERS.read_text())


def test_the_raw_data_is_as_it_was_measured() -> None:
    for folder in (REPORTS / "data").iterdir():
        verify(folder)


def test_numbers_are_those_of_the_newest_whole_run(
    published: list[dict[str, object]],
) -> None:
    data = derive(load(latest_run(REPORTS / "data")), draw=False)
    made = [
        *numbers(data),
        *bindings.numbers(languages.read(REPORTS / languages.FILE)),
        *embedded.numbers(embedding.read(REPORTS / embedding.FILE)),
    ]
    assert json.loads(json.dumps(made)) == published


def test_readme_says_what_the_numbers_say() -> None:
    assert not readme.stale(PROJECT / "README.md", NUMBERS)


def test_the_data_is_small_enough_to_keep() -> None:
    """The raw data of a run, and all charts and pages beside it: clones stay quick."""

    def size_bytes(folder: Path) -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    assert size_bytes(REPORTS / "data") < 15 << 20
    assert size_bytes(REPORTS) < 32 << 20
