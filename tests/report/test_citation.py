"""Citations: a number with its case, machine, versions and run; and what may go wrong."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click
import pytest
import synthetic
from once import run_made_once

from bench.analysis.results import load
from bench.cli.cite import cite as command
from bench.errors import ResultsError, UsageError
from bench.report.build import derive
from bench.report.numbers.alias import CHARS_MAX, alias
from bench.report.numbers.citation import FORMATS, MAKERS, address, cite, find, fitting
from bench.report.numbers.citation_check import check
from bench.report.numbers.formats import FORMS
from bench.report.numbers.numbers import numbers
from bench.report.pages import site

KEYS = {
    "id", "kind", "sentence", "value", "unit", "ci_low", "ci_high", "confidence", "blocks",
    "cells", "labels", "case", "run", "date", "machine", "versions", "grade", "verdict",
}  # fmt: skip
KINDS = {"claim", "further", "alternative", "language", "other_language"}
MEDIANS = {"medians", "medians_unit", "ratio_of_medians"}
COUNTED = {"size", "own", "total", "twins", "price", "change", "weight"}
ROUND_TRIP = "request_reply.latency.64B.tcp.1_clients.shared"
VERSUS = f"{ROUND_TRIP}.zmq.minimal.python.vs.raw_socket.minimal.python"


def entries_of(folder: Path) -> list[dict[str, Any]]:
    run = load(folder)
    return numbers(derive(run, draw=False))


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return entries_of(run_made_once(tmp_path_factory, "ten blocks", blocks=10))


@pytest.fixture
def path(entries: list[dict[str, Any]], tmp_path: Path) -> Path:
    made = tmp_path / "numbers.json"
    made.write_text(json.dumps(entries, allow_nan=False))
    return made


def test_short_names_are_short_and_tell_all_numbers_apart(
    entries: list[dict[str, Any]], path: Path
) -> None:
    names = [alias(entry["id"]) for entry in entries]
    assert len(names) == len(set(names))
    assert max(map(len, names)) <= CHARS_MAX
    # Slides and mails have them: another name for the same id would break these.
    assert alias(VERSUS) == "rr.lat.shared.zmq.min.vs.sockets-v4k734"
    assert find(alias(VERSUS), path) == find(VERSUS, path)


def test_a_number_s_address_is_a_section_of_a_page(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        page, _, place = address(entry).partition("#")
        assert site.page_of(place.split("?")[0]).file == page


def test_a_citation_in_markdown_links_a_page_and_is_found_by_check(
    path: Path, tmp_path: Path, entries: list[dict[str, Any]]
) -> None:
    text = tmp_path / "text.md"
    text.write_text(cite(VERSUS, path, "markdown"))
    assert "](reports/workloads.html#comparisons" in text.read_text()
    checked = check([text], entries)
    assert (checked.citations, checked.wrong) == (1, [])
    text.write_text(text.read_text().replace("[", "[9"))
    assert check([text], entries).wrong
    text.write_text(f"{find(VERSUS, path)['value']:.3g} [nomiddle:{alias(VERSUS)}@another]")
    assert "from the run another" in check([text], entries).wrong[0]


def test_an_entry_has_every_key(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        more = MEDIANS if entry["unit"] == "ratio of times" else set()
        apart = {"reason"} if entry["kind"] == "apart" else set()
        copies = {"caution"} if entry["kind"] == "noise" else set()
        if entry["kind"] in KINDS:
            copies = {"check", "stands", "caution"}
        of_trials = entry["kind"] == "recovery" and "recovery_in_place" not in entry["id"]
        worst = {"worst"} if of_trials else set()
        assert set(entry) == KEYS | more | apart | copies | worst


def test_the_medians_beside_a_ratio_have_that_ratio(
    entries: list[dict[str, Any]],
) -> None:
    for entry in (entry for entry in entries if "medians" in entry):
        a, b = entry["medians"]
        times = a / b if entry["medians_unit"] == "us" else b / a
        assert times == pytest.approx(entry["ratio_of_medians"], rel=3e-5)
        differ = abs(math.log(times / entry["value"])) > math.log(1.05)
        assert ("medians that divide to" in entry["sentence"]) == differ


def test_ids_are_unique(entries: list[dict[str, Any]]) -> None:
    assert len({entry["id"] for entry in entries}) == len(entries)


def test_ids_do_not_depend_on_the_run(
    entries: list[dict[str, Any]], tmp_path: Path
) -> None:
    again = entries_of(synthetic.make(tmp_path / "other", blocks=2))
    unknown = {"run.noise"}  # two blocks have no interval, so nothing says how wide it is
    assert {e["id"] for e in again} == {e["id"] for e in entries} - unknown


def test_bounds_enclose_the_value(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        assert entry["ci_low"] <= entry["value"] <= entry["ci_high"], entry["id"]
        assert 0.95 <= entry["confidence"] <= 1
        assert entry["grade"] in ("A", "B", "C")


def test_only_comparisons_have_a_verdict(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        if entry["kind"] in COUNTED - {"size"} | {"noise"}:
            continue  # of none, or of several programs at once
        assert (entry["verdict"] is not None) == (".vs." in entry["id"])
        pair = ".vs." in entry["id"] or ".beside." in entry["id"]
        assert len(entry["cells"]) == (2 if pair else 1)


def test_counted_things_have_no_interval(entries: list[dict[str, Any]]) -> None:
    sizes = [entry for entry in entries if entry["kind"] == "size"]
    assert {entry["unit"] for entry in sizes} >= {"statements", "tokens", "bytes"}
    assert all(e["ci_low"] == e["value"] == e["ci_high"] for e in sizes)


def test_too_few_blocks_leave_the_bounds_empty(tmp_path: Path) -> None:
    found = entries_of(synthetic.make(tmp_path / "run", blocks=2))
    timed = [entry for entry in found if entry["kind"] not in COUNTED]
    assert all(e["ci_low"] is None and e["confidence"] is None for e in timed)
    assert "2 blocks are too few" in timed[0]["sentence"]


def test_a_citation_has_its_case_interval_machine_versions_and_date(path: Path) -> None:
    said = cite(f"{ROUND_TRIP}.zmq.minimal.python", path)
    assert "ZeroMQ (minimal) request/reply round trip, 64 B over tcp" in said
    assert "10 blocks" in said
    assert "interval" in said
    assert "pyzmq" in said
    assert "2026-01-02" in said
    assert "one CPU" in said
    assert "loopback" in said


def test_a_ratio_is_cited_with_its_verdict(path: Path) -> None:
    said = cite(VERSUS, path)
    assert "BSD sockets (minimal) is 1.3" in said
    assert "x faster than ZeroMQ (minimal) (1." in said
    assert "x [nomiddle:" in said


def test_an_unknown_id_suggests_near_ones(path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean") as caught:
        cite(f"{ROUND_TRIP}.zmq.minimal.pyton", path)
    assert f"{ROUND_TRIP}.zmq.minimal.python" in str(caught.value)


def test_without_numbers_the_error_names_the_command_that_makes_them(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match="make bench"):
        cite("anything", tmp_path / "numbers.json")


@pytest.mark.parametrize("text", ["{", '{"a": 1}'])
def test_damaged_numbers_are_no_traceback(text: str, tmp_path: Path) -> None:
    path = tmp_path / "numbers.json"
    path.write_text(text)
    with pytest.raises(ResultsError, match="make report"):
        cite("anything", path)


def test_ids_are_found_by_stars_and_by_parts(path: Path) -> None:
    found = fitting("request_reply.latency.64B.*.shared.zmq.*.vs.*", path)
    assert VERSUS in found
    assert all(".vs." in name and name.startswith("request_reply") for name in found)
    with pytest.raises(UsageError, match="no id fits"):
        fitting("nothing.*", path)
    with pytest.raises(UsageError, match=r"`cite '\*request_reply\*zmq\*'` lists \d+ ids"):
        find("request_reply.zmq", path)


def test_a_mark_with_a_run_finds_its_number_only_in_that_run(path: Path) -> None:
    entry = find(VERSUS, path)
    assert find(f"nomiddle:{VERSUS}@{entry['run']}", path) == entry
    with pytest.raises(UsageError, match=f"is of the run {entry['run']}"):
        find(f"{VERSUS}@another", path)


def test_the_command_offers_every_form_that_can_be_made() -> None:
    (option,) = (one for one in command.params if one.name == "form")
    assert isinstance(option.type, click.Choice)
    assert [*option.type.choices] == [*FORMATS] == [*FORMS]
    assert MAKERS.keys() == FORMATS.keys()
