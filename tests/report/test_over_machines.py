"""One comparison on several machines, wherever a reader meets it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import recompute
import synthetic
from altered import made, other
from click.testing import CliRunner
from once import once
from words_of import without_charts

from bench.cli import report as report_command
from bench.cli.main import main
from bench.contract.model import Case
from bench.report import build as report
from bench.report import ratio
from bench.report.numbers.citation import FORMATS, cite
from bench.report.numbers.citation_check import check
from bench.report.pages import declared
from bench.report.sections import over_machines
from bench.run.archive import ENVIRONMENT, WEIGHTS, Archive

CASE = "request_reply.latency.64B.tcp.1_clients.shared"
HTTP = f"{CASE}.zmq.minimal.python.vs.http.minimal.python"
SOCKETS = f"{CASE}.zmq.minimal.python.vs.raw_socket.minimal.python"
Entry = dict[str, Any]


def group(verdict: str, low: float, high: float, *runs: str, **more: Any) -> Entry:
    ends = {"least": low * 1.02, "greatest": high / 1.02, "ci_low": low, "ci_high": high}
    value = more.get("value")
    return {"verdict": verdict, "machines": [*runs], **ends, "value": value}


def entry(*groups: Entry) -> Entry:
    cpus = {"a": "AMD EPYC", "b": "Intel(R) Xeon(R) CPU @ 2.80GHz"}
    rows = [{"run": run, "cpu": cpu} for run, cpu in cpus.items()]
    labels = ["ZeroMQ (minimal)", "HTTP (minimal: requests)"]
    return {"labels": labels, "run": "a", "machines": rows, "over_machines": [*groups]}


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (
            [group("faster", 0.04, 0.09, "a", "b")],
            "ZeroMQ 11.3x to 24.5x faster (11.1\u201325.0) on 2 machines",
        ),
        (
            [group("slower", 1.25, 1.41, "a", "b", value=1.32)],
            "HTTP 1.32x faster (1.25\u20131.41) on 2 machines",
        ),
        (
            [
                group("slower", 1.56, 1.64, "a", value=1.6),
                group("faster", 0.88, 0.94, "b", value=0.91),
            ],
            "depends on the machine: HTTP 1.60x faster (1.56\u20131.64) on AMD EPYC, "
            "ZeroMQ 1.10x faster (1.06\u20131.14) on Intel Xeon @ 2.80GHz",
        ),
        (
            [
                group("faster", 0.5, 0.6, "b", value=0.55),
                group("inconclusive", 0.8, 1.25, "a", value=1.0),
            ],
            "ZeroMQ 1.82x faster (1.67\u20132.00) on Intel Xeon @ 2.80GHz, undecided "
            "(ZeroMQ between 1.25x slower and 1.25x faster) on AMD EPYC",
        ),
    ],
)
def test_the_words_name_the_range_the_winner_and_the_machines(
    groups: list[Entry], said: str
) -> None:
    found = entry(*groups)
    assert over_machines.finding(found) == said
    assert over_machines.short(found) == re.sub(r" \([^)]*\)", "", said)


def headline(case: Case) -> bool:
    cell = case.cell
    return (
        cell.workload.name == "request_reply"
        and case.quantity == "latency"
        and (cell.variant.name == "minimal" and cell.language == "python")
    )


def elsewhere(case: Case) -> float:
    """Return times of a machine on which HTTP is twice as slow, and sockets lose."""
    factors = {"http": 2.0, "raw_socket": 1.6}
    return synthetic.usual_s(case) * factors.get(case.cell.stack.name, 1.0)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the reports folder of a project whose two runs are of two machines."""

    def make(folder: Path) -> None:
        def run(
            name: str, seed: int, cpu: str, how: Callable[[Case], float], started: str
        ) -> None:
            at = made(folder / "data" / name, seed=seed, keep=headline, seconds=how)
            about = json.loads((at / "run.json").read_text())
            archived = Archive(at)
            archived.write("run.json", {**about, "whole": True, "started": started})
            archived.write(ENVIRONMENT, [])
            archived.write(WEIGHTS, {})
            other(at, cpu=cpu)

        run("lab", 21, "AMD EPYC", synthetic.usual_s, "2026-01-02T00:00:00Z")
        xeon = "Intel(R) Xeon(R) CPU @ 2.80GHz"
        run("attic", 22, xeon, elsewhere, "2026-01-01T00:00:00Z")
        with without_charts() as patch:
            patch.setattr(report.side_by_side_pages, "write_pages", lambda *_, **__: None)
            patch.setattr(report_command, "DATA", folder / "data")
            patch.setattr(report_command, "REPORTS", folder)
            result = CliRunner().invoke(main, ["report"])
        assert result.exit_code == 0, result.output

    return once(tmp_path_factory, "published set", make)


@pytest.fixture(scope="module")
def entries(published: Path) -> list[Entry]:
    found: list[Entry] = json.loads((published / "numbers.json").read_text())
    return found


def of(entries: list[Entry], identifier: str) -> Entry:
    return next(entry for entry in entries if entry["id"] == identifier)


def test_the_newest_run_leads_and_every_number_but_ratios_is_its_own(
    entries: list[Entry],
) -> None:
    own = [e for e in entries if e["kind"] in ("claim", "absolute", "size", "noise")]
    assert {e["run"] for e in own} == {"lab"}
    assert all("machines" not in e for e in own if e["kind"] == "absolute")


def test_a_ratio_that_is_another_on_each_machine_is_a_range_everywhere(
    published: Path, entries: list[Entry]
) -> None:
    said = over_machines.short(of(entries, HTTP))
    assert re.fullmatch(r"ZeroMQ 4\.\d+x to 9\.\d+x faster on 2 machines", said)
    for page in ("SUMMARY.md", "REPORT.md"):
        assert said in (published / page).read_text()
    assert said.removesuffix(" faster on 2 machines") in declared.text(entries)


def test_a_comparison_with_two_winners_names_both_and_their_machines(
    published: Path, entries: list[Entry]
) -> None:
    said = over_machines.finding(of(entries, SOCKETS))
    assert said.startswith("depends on the machine: BSD sockets 1.3")
    assert "on AMD EPYC, ZeroMQ 1.2" in said
    assert said in declared.text(entries)
    assert said in (published / "REPORT.md").read_text()
    summary = (published / "SUMMARY.md").read_text()
    assert "On 1, the winner on one machine is the loser on another." in summary


def test_the_first_screen_names_the_fastest_of_each_machine(published: Path) -> None:
    page = (published / "SUMMARY.md").read_text()
    (line,) = (line for line in page.splitlines() if "Which is fastest for small" in line)
    assert "AMD EPYC: BSD sockets; Intel Xeon @ 2.80GHz: ZeroMQ" in line


def test_the_page_has_each_machine_beside_the_others(published: Path) -> None:
    page = (published / "REPORT.md").read_text()
    section = page.split("## On each machine", 1)[1].split("\n## ", 1)[0]
    for fact in ("AMD EPYC", "Intel Xeon @ 2.80GHz", "2026-01-02", "in single trials"):
        assert fact in section
    assert "](figures/machines_shared.svg)" in section
    assert (published / "figures" / "machines_shared.svg").exists()
    assert "ZeroMQ 4." in section
    assert "ZeroMQ 9." in section


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "url"])
def test_a_citation_names_the_number_of_machines_and_their_runs(
    form: str, published: Path
) -> None:
    said = cite(HTTP, published / "numbers.json", form)
    assert "on 2 machines" in said
    if form != "bibtex":
        assert "lab" in said
        assert "attic" in said


def test_a_citation_of_either_run_is_checked_against_its_own_number(
    published: Path, entries: list[Entry], tmp_path: Path
) -> None:
    lab, attic = (row["value"] for row in of(entries, HTTP)["machines"])
    text = tmp_path / "talk.md"
    text.write_text(
        f"{lab:.3f} [nomiddle:{HTTP}@lab]\n{attic:.3f} [nomiddle:{HTTP}@attic]\n"
    )
    assert check([text], entries).wrong == []
    assert cite(f"{HTTP}@attic", published / "numbers.json").startswith("Request/reply")
    text.write_text(f"{lab:.3f} [nomiddle:{HTTP}@attic]\n")
    (wrong,) = check([text], entries).wrong
    assert f"says {lab:.3f}, the data has" in wrong


def test_a_ratio_over_machines_is_checked_in_the_words_of_the_pages(
    entries: list[Entry], tmp_path: Path
) -> None:
    text, mark = tmp_path / "talk.md", f"[nomiddle:{HTTP}@lab]"
    said = over_machines.finding(of(entries, HTTP))
    answer = said.replace("ZeroMQ", "ZeroMQ answers").replace(" on 2", " than HTTP, on 2")
    text.write_text(f"{said} {mark}. {over_machines.short(of(entries, HTTP))} {mark}.\n")
    assert check([text], entries).wrong == []
    text.write_text(f"<b>{over_machines.short(of(entries, HTTP))}</b><!-- {mark[1:-1]} -->")
    assert check([text], entries).wrong == []
    own = ratio.finding(of(entries, HTTP))
    text.write_text(f"{own} {mark}, and over all: {answer} {mark}\n")
    assert check([text], entries).wrong == []
    for stale in (
        said.replace("x to 9", "x to 8"),
        said.replace("ZeroMQ 4", "ZeroMQ 5"),
        said.replace("(4", "(3"),
        said.replace("2 machines", "3 machines"),
        own.replace("ZeroMQ 4", "ZeroMQ 5"),
    ):
        text.write_text(f"{stale} {mark}\n")
        assert check([text], entries).wrong, stale


def test_two_winners_have_the_mark_of_a_run_behind_each_number(
    entries: list[Entry], tmp_path: Path
) -> None:
    said = over_machines.short(
        of(entries, SOCKETS), f"<!-- nomiddle:{SOCKETS}@{{}} -->".format
    )
    assert (said.count("@lab"), said.count("@attic")) == (1, 1)
    text = tmp_path / "talk.html"
    text.write_text(said)
    found = check([text], entries)
    assert (found.citations, found.wrong) == (2, [])


def test_a_range_is_recomputed_from_the_raw_files_of_every_machine(
    published: Path, entries: list[Entry]
) -> None:
    assert list(recompute.over_machines(entries, published / "data")) == []
    for change in ("value", "ci_low"):
        forged = json.loads(json.dumps(entries))
        of(forged, HTTP)["machines"][1][change] *= 1.001
        assert any(HTTP in w for w in recompute.over_machines(forged, published / "data"))
    for change in ("least", "ci_high"):
        forged = json.loads(json.dumps(entries))
        of(forged, HTTP)["over_machines"][0][change] *= 1.001
        assert any(HTTP in w for w in recompute.over_machines(forged, published / "data"))
    forged = json.loads(json.dumps(entries))
    del of(forged, HTTP)["machines"][1]
    assert any(HTTP in w for w in recompute.over_machines(forged, published / "data"))
