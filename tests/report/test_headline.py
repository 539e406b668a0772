"""A run ends with the faster stack, the ratio, and how far to believe it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from words_of import build_words

from bench.analysis.estimates import estimates
from bench.analysis.results import load
from bench.cli.report import ASKED, told_apart
from bench.contract.alike import Kind
from bench.contract.model import Case
from bench.report import ratio
from bench.report.build import derive
from bench.report.numbers.citation import cite
from bench.report.pages import declared, readme
from bench.report.pages.headline import against, survival, table
from bench.report.sections.content import sections
from bench.report.sections.paired import declared_cases
from bench.report.sections.standing import standing, standing_of
from bench.run.archive import TIMING, Archive
from bench.run.environment import Grade


def pair(
    value: float, low: float, high: float, verdict: str, **more: Any
) -> dict[str, Any]:
    return {
        "value": value, "ci_low": low, "ci_high": high, "verdict": verdict,
        "labels": ["ZeroMQ (minimal)", "HTTP (aiohttp)"], **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (pair(0.0864, 0.0853, 0.0908, "faster"), "ZeroMQ 11.6x faster (11.0\u201311.7)"),
        (pair(2.58, 2.52, 2.65, "slower"), "HTTP 2.58x faster (2.52\u20132.65)"),
        (
            pair(0.999, 0.874, 1.014, "inconclusive"),
            "undecided: ZeroMQ between 1.01x slower and 1.14x faster",
        ),
        (
            pair(1.01, 0.98, 1.03, "equivalent"),
            "equivalent: ZeroMQ between 1.03x slower and 1.02x faster",
        ),
    ],
)
def test_the_winner_comes_first_with_a_ratio_above_1(
    entry: dict[str, Any], said: str
) -> None:
    assert ratio.finding(entry) == said


@given(st.floats(0.001, 1000), st.floats(1.0, 2.0), st.floats(1.0, 2.0))
def test_no_ratio_below_1_is_ever_shown(value: float, down: float, up: float) -> None:
    low, high = value / down, value * up
    verdict = "faster" if high < 0.95 else "slower" if low > 1.05 else "inconclusive"
    said = ratio.finding(pair(value, low, high, verdict))
    numbers = [part.replace(",", "").strip("()x") for part in said.split()]
    ratios = [float(n) for n in numbers if n[:1].isdigit() and "\u2013" not in n]
    assert ratios
    assert min(ratios) >= 1


def numbers_of(folder: Path) -> Path:
    """Write the numbers of a run beside it, as its report has them, without the report."""
    written = folder.with_name("numbers.json")
    written.write_text(json.dumps(derive(load(folder), draw=False).entries))
    return written


def end_of(folder: Path) -> str:
    """Return what a run of this folder ends with on a terminal."""
    numbers = numbers_of(folder)
    console = Console(width=200)
    with console.capture() as captured:
        for shown in (table(numbers), survival(numbers)):
            if shown:
                console.print(shown)
    return captured.get() + "\n".join(standing_of(load(folder)))


def one_workload(case: Case) -> bool:
    cell = case.cell
    return (
        cell.workload.name == "request_reply"
        and case.quantity == "latency"
        and (cell.variant.name == "minimal" and cell.language == "python")
    )


def test_a_run_of_two_programs_names_the_faster_and_is_called_a_screening(
    tmp_path: Path,
) -> None:
    def keep(case: Case) -> bool:
        return one_workload(case) and case.cell.stack.name in ("zmq", "raw_socket")

    folder = synthetic.make(tmp_path / "run", profile="quick", keep=keep)
    said = end_of(folder)
    assert "BSD sockets 1.3" in said
    assert "x faster (" in said
    assert "Screening only: 6 repetitions" in said
    assert "A/A check passed: two copies of the same program show no difference" in said
    assert "Grade C, a noisy machine: " in said
    told = [
        bullet for s in sections(derive(load(folder), draw=False)) for bullet in s.bullets
    ]
    assert "makes 0 claims" not in " ".join(told)


@pytest.mark.thorough
@pytest.mark.parametrize("stack", ["zmq", "http"])
def test_a_run_of_one_stack_names_its_measurements_and_compares_none(
    stack: str, tmp_path: Path
) -> None:
    def keep(case: Case) -> bool:
        return one_workload(case) and case.cell.stack.name == stack and not case.copy

    folder = synthetic.make(tmp_path / "run", profile="quick", keep=keep)
    said = end_of(folder)
    assert "Request/reply, round trip, one CPU" in said
    assert re.search(" (\N{MICRO SIGN}s|ms) [(]", said)
    assert "faster (" not in said
    assert "A/A check: none" in said
    text = (build_words([folder], tmp_path / "out") / "REPORT.md").read_text()
    for nonsense in ("makes 0 claims", "no useful bound", "least code", "least CPU"):
        assert nonsense not in text
    assert "This run measured none of the declared comparisons" in text


def test_a_run_without_declared_comparisons_shows_its_comparisons(tmp_path: Path) -> None:
    """A stack of one's own beside ZeroMQ: nothing of it was declared."""
    more = synthetic.fourth_stack(tmp_path / "more")

    def keep(case: Case) -> bool:
        return one_workload(case) and case.cell.stack.name in ("zmq", "fourth")

    said = end_of(synthetic.make(tmp_path / "run", more, profile="quick", keep=keep))
    assert "ZeroMQ (minimal)" in said
    assert "Fourth (minimal)" in said
    assert "faster" in said


def test_a_stack_of_one_s_own_ends_with_its_ratios_against_the_three(
    tmp_path: Path,
) -> None:
    more = synthetic.fourth_stack(tmp_path / "more")

    def keep(case: Case) -> bool:
        return one_workload(case)

    folder = synthetic.make(tmp_path / "run", more, profile="quick", keep=keep)
    shown = against(numbers_of(folder), {"fourth"})
    assert shown is not None
    programs, others, found = ([*column.cells] for column in shown.columns[1:])
    for one, other in zip(programs, others, strict=True):
        assert "Fourth (minimal)" in (one, other)
    names = {str(one).split(" (")[0] for one in (*programs, *others)}
    assert names == {"Fourth", "ZeroMQ", "HTTP", "BSD sockets"}
    assert any("faster (" in str(one) for one in found)
    assert against(numbers_of(folder), {"fifth"}) is None


@pytest.mark.parametrize(
    ("asked", "told"), [((), {"fourth"}), (("zmq",), {"zmq"}), (("fourth",), {"fourth"})]
)
def test_a_run_is_about_the_stack_that_was_asked_for_or_else_the_added_one(
    asked: tuple[str, ...], told: set[str]
) -> None:
    stacks: dict[str, Any] = dict.fromkeys(("zmq", "http", "raw_socket", "null", "fourth"))
    about = {"stacks": stacks, **({ASKED: [*asked]} if asked else {})}
    assert told_apart(about) == told


def compared(kind: Kind, blocks: int) -> Any:
    return SimpleNamespace(kind=kind, times=SimpleNamespace(blocks_done=blocks))


def test_grade_check_and_repetitions_are_in_plain_words() -> None:
    claims = [compared(Kind.DECLARED, 6), compared(Kind.FURTHER, 3)]
    said = standing(claims, [], Grade("C", ("Why.",)), {})
    assert said[0].startswith("Screening only: 6 repetitions")
    assert said[1].startswith("A/A check: none")
    assert said[2] == "Grade C, a noisy machine: Why."
    enough = [compared(Kind.DECLARED, 10)]
    said = standing(enough, [], Grade("A", ()), {})
    assert not any("Screening" in sentence for sentence in said)


def copies_differ(case: Case) -> float:
    """Return times of a run in which a copy takes 40 % longer than its original."""
    return synthetic.usual_s(case) * (1.4 if case.copy else 1.0)


@pytest.mark.thorough
def test_every_text_with_a_number_has_the_caution_of_its_failed_check(
    tmp_path: Path,
) -> None:
    """ZeroMQ takes 1.3 times as long as sockets, and 1.4 times as long as itself."""
    folder = synthetic.make(tmp_path / "run", blocks=10, seconds=copies_differ)
    out = build_words([folder], tmp_path / "out")
    numbers = out / "numbers.json"
    entries = {entry["id"]: entry for entry in json.loads(numbers.read_text())}
    case = "request_reply.latency.64B.tcp.1_clients.shared"
    name = f"{case}.zmq.minimal.python.vs.raw_socket.minimal.python"
    entry = entries[name]
    assert (entry["verdict"], entry["check"], entry["stands"]) == (
        "slower",
        "failed",
        False,
    )
    failed = r"A/A check failed: two copies of ZeroMQ \(minimal\) differ by 1\.4\d*x"
    for form in ("text", "markdown", "latex"):
        assert re.search(failed, cite(name, numbers, form).replace("\\", "")), form
    assert "could change the verdict" in cite(name, numbers)
    assert re.search(failed, cite(f"{case}.zmq.minimal.python", numbers))
    assert "A/A" not in cite(f"{case}.raw_socket.minimal.python", numbers)
    assert ratio.finding(entry).endswith("in doubt (A/A check failed)")
    other = f"{case}.zmq.minimal.python.vs.http.minimal.python"
    assert "would not change the verdict" in cite(other, numbers)
    assert "in doubt" not in ratio.finding(entries[other])
    for text in (
        " ".join(standing_of(load(folder))),
        (out / "REPORT.md").read_text(),
        (out / "SUMMARY.md").read_text(),
        (out / "index.html").read_text(),
        readme.block(list(entries.values())),
        declared.text(list(entries.values())),
    ):
        assert re.search(failed, text)


def test_a_passed_check_needs_no_caution(tmp_path: Path) -> None:
    numbers = numbers_of(synthetic.make(tmp_path / "run", blocks=10, keep=one_workload))
    entries = json.loads(numbers.read_text())
    (noise,) = (e for e in entries if e["kind"] == "noise")
    assert noise["value"] > 0
    assert not [entry["id"] for entry in entries if entry.get("caution")]
    checks = {entry["check"] for entry in entries if "check" in entry}
    assert checks <= {"passed", "none"}
    assert "A/A" not in readme.block(entries) + declared.text(entries)


@pytest.mark.thorough
def test_unlike_programs_are_listed_apart_with_a_reason_and_no_verdict(
    tmp_path: Path,
) -> None:
    def keep(case: Case) -> bool:
        names = ("minimal", "lossless", "buffered")
        fan_out = case.cell.workload.name == "fan_out" and case.quantity == "throughput"
        return fan_out and case.cell.variant.name in names and not case.fault

    run = synthetic.make(tmp_path / "run", profile="full", blocks=6, keep=keep)
    out = build_words([run], tmp_path / "out")
    entries = json.loads((out / "numbers.json").read_text())
    apart = [entry for entry in entries if entry["kind"] == "apart"]
    assert apart
    assert all(entry["verdict"] is None and entry["reason"] for entry in apart)
    shown = [pair for pairs in declared_cases(entries).values() for pair in pairs]
    kinds = [pair["kind"] == "apart" for pair in shown]
    assert any(kinds)
    block = declared.text(entries)
    assert "not compared (" in block
    assert (
        "*Not compared*: only one of the two may lose messages or batches messages" in block
    )
    ids = set(declared.cited(entries))
    assert {pair["id"] for pair in shown} <= ids
    text = (out / "REPORT.md").read_text()
    assert apart[0]["reason"] in text.split("## Every comparison", 1)[1]


def test_readme_and_summary_count_the_verdicts_on_the_talk_as_its_page_does(
    tmp_path: Path,
) -> None:
    folder = synthetic.make(tmp_path / "run", keep=one_workload, profile="quick")
    out = build_words([folder], tmp_path / "out")
    page = (out / "claims.html").read_text()
    counted = re.search(r"Of (\d+) claims: ([^.]*)\.", page)
    assert counted
    verdicts = {name: int(n) for n, name in re.findall(r"(\d+) ([a-z ]+)", counted[2])}
    kept = Counter(one["verdict"] for one in json.loads((out / "claims.json").read_text()))
    assert kept == verdicts
    for text in ((out / "SUMMARY.md").read_text(),):
        said = re.search(
            r"claims\.html\) judges (\d+) sentences of the talk: (\d+) upheld, "
            r"(\d+) refuted, (\d+) mixed \([^)]*\), (\d+) not tested\.", text
        )  # fmt: skip
        assert said
        named = ("upheld", "refuted", "depends", "not tested here")
        assert said.groups() == (
            counted[1],
            *(str(verdicts.get(name, 0)) for name in named),
        )


def test_fastest_programs_are_named_first() -> None:
    case = "request_reply.latency.64B.tcp.1_clients.shared"
    cells = ["minimal", "aiohttp_client", "uwsgi"]
    entries = [
        pair(0.5, 0.4, 0.6, "faster", case=case, kind="claim",
             id=f"{case}.zmq.minimal.python.vs.http.{name}.python",
             cells=["zmq/minimal/request_reply.py", f"http/{name}/request_reply.py"])
        for name in cells
    ]  # fmt: skip
    (pairs,) = declared_cases(entries).values()
    assert [p["cells"][1].split("/")[1] for p in pairs] == [
        "uwsgi",
        "minimal",
        "aiohttp_client",
    ]


@pytest.mark.parametrize("samples", [90, 900, 1000])
def test_a_percentile_needs_ten_samples_beyond_it_and_a_maximum_is_no_percentile(
    samples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic, "SAMPLES", samples)

    def keep(case: Case) -> bool:
        return one_workload(case) and not case.copy

    run = load(synthetic.make(tmp_path / "run", profile="quick", blocks=6, keep=keep))
    measures = {row.measure for row in estimates(run)}
    assert "p50" in measures
    assert ("p90" in measures) is (samples >= 100)
    assert ("p99" in measures) is (samples >= 1000)
    assert "max" not in measures


def test_the_summary_has_the_time_that_the_run_took(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", keep=one_workload, profile="quick")
    archive = Archive(folder)
    kept = [("checks", 120.0), ("speed", 300.0), ("speed", 60.0), ("failures", 600.0)]
    archive.write(
        TIMING,
        [{"part": p, "trials": 1, "predicted_s": 0.0, "took_s": s} for p, s in kept],
    )
    archive.seal()
    entries = json.loads(numbers_of(folder).read_text())
    said = " ".join(readme.time_words(entries))
    assert "took 18 minutes" in said
    assert not list(readme.time_words([e for e in entries if e["kind"] != "time"]))


def test_a_citation_of_a_ratio_names_the_only_run_for_which_it_holds(
    tmp_path: Path,
) -> None:
    folder = synthetic.make(tmp_path / "run", keep=one_workload, profile="quick")
    numbers = numbers_of(folder)
    entries = json.loads(numbers.read_text())
    ratio = next(e for e in entries if e["kind"] == "claim")
    size = next(e for e in entries if e["kind"] == "size")
    for form in ("text", "markdown", "latex"):
        said = cite(ratio["id"], numbers, form)
        assert ratio["run"] in said
        assert "can have another ratio" in said
        assert "can have another ratio" not in cite(size["id"], numbers, form)


def test_a_ratio_without_a_verdict_names_no_winner_if_its_interval_holds_1() -> None:
    unlike = pair(1.06, 0.9, 1.25, "")
    said = ratio.apart(unlike)
    assert said == "not compared (ZeroMQ: between 1.25x slower and 1.11x faster)"
    assert ratio.apart({**unlike, "ci_low": None, "ci_high": None}) == (
        "not compared (too few blocks)"
    )
    assert ratio.apart(pair(0.25, 0.2, 0.3125, "")) == (
        "not compared (ZeroMQ: 4.00x less time)"
    )


def test_a_finding_beside_its_verdict_does_not_repeat_it_and_keeps_its_names() -> None:
    labels = ["HTTP (minimal: requests)", "HTTP (aiohttp)"]
    won = {**pair(0.5, 0.4, 0.6, "faster"), "labels": labels}
    assert ratio.found(won).startswith("HTTP (minimal: requests) 2.0")
    assert ratio.found(won) == ratio.finding(won)
    level = pair(0.999, 0.874, 1.014, "inconclusive")
    assert ratio.found(level) == "ZeroMQ between 1.01x slower and 1.14x faster"
    none = {**level, "ci_low": None, "ci_high": None}
    assert ratio.found(none) == "too few blocks"


def test_two_programs_of_one_stack_have_different_names() -> None:
    labels = ["ZeroMQ (minimal)", "ZeroMQ (minimal, C)"]
    ports = {**pair(4.0, 3.2, 5.0, "slower"), "labels": labels}
    assert ratio.apart(ports) == "not compared (ZeroMQ (minimal, C): 4.00x less time)"
    assert ratio.finding(ports).startswith("ZeroMQ (minimal, C) 4.00x faster")
