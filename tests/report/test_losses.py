"""Where ZeroMQ loses is all of it: checked against the table of every verdict."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import synthetic
from once import once, run_made_once
from synthetic_failures import Story, usual_story
from words_of import build_words

from bench.analysis.levels import levels
from bench.analysis.results import load
from bench.contract.alike import SUBJECT
from bench.contract.model import Case
from bench.report.build import derive
from bench.report.model import Data
from bench.report.pages import declared, readme
from bench.report.sections import losses
from bench.report.sections.levels import spelled
from bench.report.sections.placement import placement
from bench.report.sections.questions import answered
from bench.report.talk.material import Material


def kept(case: Case) -> bool:
    wanted = ("minimal", "lossless", "buffered")
    return case.cell.variant.name in wanted and not (case.fault or case.load)


def seconds(case: Case) -> float:
    """ZeroMQ in C is the slowest of all, and sockets are ahead of it in Python."""
    slow = 9.0 if (case.cell.stack.name, case.cell.language) == (SUBJECT, "c") else 1.0
    return synthetic.usual_s(case) * slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    how = {"profile": "standard", "blocks": 6, "keep": kept, "seconds": seconds}
    return run_made_once(tmp_path_factory, "losses run", **how)


@pytest.fixture(scope="module")
def data(folder: Path) -> Data:
    return derive(load(folder), draw=False)


@pytest.fixture(scope="module")
def out(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "losses report", lambda out: build_words([folder], out))


def lost_by_the_table(data: Data) -> set[str]:
    """Return the ids of all that the subject lost, by the table of all verdicts itself."""
    found = set()
    for pair in data.compared:
        a, b = pair.a, pair.b
        worse = {"slower": a.stack, "faster": b.stack}.get(pair.verdict)
        if worse == SUBJECT and a.stack != b.stack:
            found.add(f"{a.name}.{a.key}.vs.{b.key}")
    return found


def test_every_comparison_that_zeromq_loses_is_listed(data: Data) -> None:
    lost = losses.lost(data.entries)
    ids = [str(loss.entry["id"]) for loss in lost]
    assert set(ids) == lost_by_the_table(data)
    assert len(ids) == len(set(ids))
    assert any(".c.vs." in name for name in ids)
    assert any("http" in loss.winner.lower() and ", C)" in loss.winner for loss in lost)
    assert any(loss.entry["kind"] == "claim" for loss in lost)
    ratios = [loss.ratio for loss in lost]
    assert min(ratios) > 1
    assert ratios == sorted(ratios, reverse=True)


def test_placements_are_compared_in_one_language(data: Data) -> None:
    """Programs in C are claimed on one CPU too: here ZeroMQ's is nine times slower."""
    shared, split, _ = placement(data).paragraphs
    assert re.search(r": BSD sockets 1\.[23]\d*x faster\.$", shared), shared
    assert re.search(r": BSD sockets 1\.[23]\d*x faster\.", split), split


@pytest.mark.thorough
def test_every_page_lists_the_same_losses_of_zeromq(data: Data, out: Path) -> None:
    entries = json.loads((out / "numbers.json").read_text())
    lost = losses.lost(entries)
    assert [loss.entry["id"] for loss in lost] == [
        loss.entry["id"] for loss in losses.lost(data.entries)
    ]
    text = (out / "REPORT.md").read_text()
    section = text.split("## Where ZeroMQ loses", 1)[1].split("\n## ", 1)[0]
    for one in [*lost, *losses.longer(entries)]:
        assert f"* {one.sentence}" in section
    counted = f"In {len(lost)} of {len(losses.compared(entries))} comparisons"
    assert (
        f"| Where does ZeroMQ lose? | **{counted}** |" in (out / "SUMMARY.md").read_text()
    )
    material = Material(out)
    shown = material.losses()
    assert shown[: len(shown) - len(losses.longer(entries))] == list(
        losses.in_short(entries)
    )
    notes = str(material.notes())
    assert all(str(loss.entry["id"]) in notes for loss in lost)


def size(cell: str, count: str, value: int) -> dict[str, Any]:
    stack, variant, file = cell.split("/")
    workload, language = file.split(".")
    language = {"py": "python"}.get(language, language)
    key = f"{stack}.{variant}.{language}"
    return {
        "id": f"{workload}.size.{count}.{key}", "kind": "size", "value": value,
        "cells": [cell], "labels": [f"{stack} ({variant})"], "verdict": None,
        "case": f"{workload}.size.{count}",
    }  # fmt: skip


def sizes(cell: str, statements: int, tokens: int, gzip: int) -> list[dict[str, Any]]:
    counts = {"statements": statements, "tokens": tokens, "gzip": gzip}
    return [size(cell, count, value) for count, value in counts.items()]


def test_a_longer_program_is_a_loss_in_every_variant_language_and_count() -> None:
    entries = [
        *sizes("zmq/minimal/request_reply.py", 12, 90, 300),
        *sizes("http/minimal/request_reply.py", 22, 190, 500),
        *sizes("zmq/resilient/request_reply.py", 113, 900, 2000),
        *sizes("http/resilient/request_reply.py", 111, 950, 1900),
        *sizes("zmq/minimal/request_reply.c", 60, 700, 900),
        *sizes("http/minimal/request_reply.c", 90, 650, 950),
        # what checks nothing stands for no program that does
        *sizes("zmq/slide/request_reply.c", 29, 300, 400),
        # what may lose messages is the like of what may, and no other
        *sizes("http/lossy/fan_out.py", 12, 95, 210),
        *sizes("http/minimal/fan_out.py", 37, 250, 600),
        *sizes("zmq/minimal/fan_out.py", 13, 90, 200),
        *sizes("zmq/lossless/fan_out.py", 14, 96, 220),
        # it acknowledges each message
        *sizes("http/polling/pipeline.py", 10, 80, 150),
        *sizes("zmq/minimal/pipeline.py", 20, 150, 300),
    ]
    said = [one.sentence for one in losses.longer(entries)]
    assert said == [
        "Request/reply: http (resilient) is shorter than zmq (resilient): 111 statements "
        "against 113 and 1,900 bytes compressed against 2,000.",
        "Request/reply: http (minimal) is shorter than zmq (minimal): 650 tokens against "
        "700.",
        "Fan-out: http (lossy) is shorter than zmq (minimal): 12 statements against 13.",
    ]


REFUSED, FLOOD = "link_refused", "connection_flood"


def refuses(case: Case) -> Story:
    """A refusal by ICMP ends what stands on libzmq; HTTP's fan-out reports a loss."""
    if case.fault == REFUSED and case.cell.stack.name == SUBJECT:
        return Story(outage_s=None, silent=2)
    cell = case.cell
    if (case.fault, cell.variant.name) == (FLOOD, "resilient"):
        http_fan_out = (cell.stack.name, cell.workload.name) == ("http", "fan_out")
        return Story(reported=int(http_fan_out))
    return usual_story(case)


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Data:
    def faults_of_two_variants(case: Case) -> bool:
        return bool(case.fault) and case.cell.variant.name in ("minimal", "resilient")

    how = {"profile": "standard", "keep": faults_of_two_variants, "stories": refuses}
    made = run_made_once(tmp_path_factory, "refused run", **how)
    return derive(load(made), draw=False)


def test_a_fault_that_breaks_zeromq_alone_is_a_loss(failed: Data) -> None:
    found = losses.broken(failed.recoveries, failed.stacks)
    (resilient,) = (one for one in found if one.variant == "resilient")
    assert resilient.sentence == (
        "New connections refused by ICMP for 0.5 s, after a reset: ZeroMQ (resilient) "
        "fails in request/reply (hang), fan-out (hang) and pipeline (hang); "
        "HTTP (resilient) and BSD sockets (resilient) do not."
    )
    minimal = next(one for one in found if (one.variant, one.fault) == ("minimal", REFUSED))
    assert "fan-out" not in " ".join(minimal.workloads), "it promises less than the others"


def test_a_level_names_the_further_fault_that_breaks_the_program(failed: Data) -> None:
    rows = {row.program.cell: row for row in levels(failed.run)}
    zmq, http = (rows[f"{s}/resilient/request_reply.py"] for s in (SUBJECT, "http"))
    assert spelled(zmq) == "L2, except link_refused"
    assert spelled(http) == "L2"
    text = "\n".join(declared.levels_table(failed.entries))
    (line,) = (text for text in text.splitlines() if "Request/reply, resilient" in text)
    assert line.count("L2, except link_refused") == 1
    assert "docs/failures.md#refused-by-icmp" in text


def test_the_shortest_program_at_equal_guarantees_is_named_with_the_fault_that_breaks_it(
    failed: Data,
) -> None:
    (found,) = (one for one in answered(failed) if "equal guarantees" in one.question)
    exception = "But ZeroMQ (resilient) hangs under one more fault, new connections refused"
    assert exception in found.found
    assert "HTTP (resilient) hangs" not in found.found


def test_a_resilient_program_below_its_level_is_shown_with_the_fault_that_keeps_it_there(
    failed: Data,
) -> None:
    text = "\n".join(declared.levels_table(failed.entries))
    (line,) = (line for line in text.splitlines() if "Fan-out, resilient" in line)
    assert line.count(f"{FLOOD}: 1 reported lost") == 1
    assert f"L1, {FLOOD}: 1 reported lost" in line
    (found,) = (one for one in answered(failed) if "equal guarantees" in one.question)
    assert found.found.endswith(
        f"; left out: HTTP (resilient) in fan-out, at L1 ({FLOOD}: 1 reported lost)"
    )


def test_the_comparisons_count_wins_of_zeromq_beside_its_losses(
    data: Data,
) -> None:
    said = next(declared.losing(data.entries))
    counts = [int(number) for number in re.findall(r"\d+", said)]
    won, compared, lost, equivalent, undecided = counts
    assert lost == len(lost_by_the_table(data))
    assert won + lost + equivalent + undecided == compared
    better = [
        pair
        for pair in data.compared
        if {"faster": pair.a.stack, "slower": pair.b.stack}.get(pair.verdict) == SUBJECT
        and pair.a.stack != pair.b.stack
    ]
    assert won == len(better) > 0


def row_of_readme(entries: list[dict[str, Any]], begins: str) -> list[str]:
    """Return the fields of a row of README's second table, the stacks in its order."""
    lines = readme.block(entries).splitlines()
    (line,) = (line for line in lines if line.startswith(f"| {begins}"))
    return line.strip("| ").split(" | ")[1:]


def test_readme_counts_the_statements_of_a_lossless_fan_out(data: Data) -> None:
    """ZeroMQ's minimal program is shorter, and drops what its subscribers cannot take."""
    sizes = {cell: counts.statements for cell, counts in data.run.sizes.items()}
    zmq = [f"zmq/{name}.py" for name in ("minimal/request_reply", "lossless/fan_out",
                                         "minimal/pipeline")]  # fmt: skip
    lossy = [
        {**entry, "cells": ["zmq/minimal/fan_out.py"], "value": 1}
        for entry in data.entries
        if entry["cells"] == ["zmq/lossless/fan_out.py"] and entry["kind"] == "size"
    ]
    assert lossy
    (said, *_) = row_of_readme([*lossy, *data.entries], "statements while nothing fails")
    assert said == ", ".join(str(sizes[cell]) for cell in zmq)


def test_readme_counts_survived_broken_and_reported_faults(
    data: Data, failed: Data
) -> None:
    entries = [*data.entries, *failed.entries]
    said = row_of_readme(entries, "minimal programs under faults, each once for each fault")
    for stack in said:
        ended = [int(number) for number in re.findall(r"\d+", stack)]
        survived, total, *others = ended
        assert survived + sum(others) == total
        assert re.match(r"\d+ of \d+ survived, \d+ (broke|reported trouble)", stack)


def test_readme_names_the_machine_whose_verdicts_it_counts(data: Data) -> None:
    assert "These verdicts are those of" not in readme.block(data.entries)
    rows = [{"run": run, "cpu": cpu, "profile": "standard", "measured": "in turns"}
            for run, cpu in (("lab", "AMD EPYC"), ("attic", "Intel Xeon"))]  # fmt: skip
    several = [
        {**entry, "run": "lab", "machines": rows} if entry["kind"] == "claim" else entry
        for entry in data.entries
    ]
    assert "These verdicts are those of AMD EPYC alone." in readme.block(several)
