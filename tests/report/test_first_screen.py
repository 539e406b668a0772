"""The first screen and its answers: true of the programs, machines and trials they name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import synthetic
from made_up_topologies import EVERY, surveyed
from once import run_made_once
from synthetic_failures import Story, usual_story

from bench.analysis.compared_rows import Check, Comparison, Copy
from bench.analysis.results import load
from bench.analysis.stats import Verdict
from bench.contract.alike import Kind
from bench.contract.model import Case
from bench.contract.rows import CaseRow
from bench.report.build import derive
from bench.report.charts import failures as failures_chart
from bench.report.charts import price
from bench.report.charts.all import look_of
from bench.report.model import Answer, Data, Section, with_answer
from bench.report.sections import citing, front, glossary, rounds, story, undeclared
from bench.report.sections import machines as over
from bench.report.sections.evidence import environment
from bench.report.sections.leading import Led, leaders
from bench.report.sections.questions import answered
from bench.report.sections.questions_of_cost import NOT_COMPARED, NOT_TIMED, surviving
from bench.report.sections.questions_of_speed import least_cpu
from bench.report.talk_claims.judge import judge, read_claims
from bench.report.talk_claims.rules import REFUTED, UPHELD
from bench.run.environment import GRADE_RULE, Grade

Pair = TypeVar("Pair", Comparison, Copy)
CLIENTS = ("minimal", "uwsgi", "stdlib_client")


def round_trips(case: Case) -> bool:
    """Round trips in Python, where http.client is faster than the declared uwsgi."""
    cell = case.cell
    of_http = cell.stack.name != "http" or cell.variant.name in CLIENTS
    known = cell.language == "python" and of_http
    return known and case.quantity == "latency" and not case.fault


def seconds(case: Case) -> float:
    """Return times by which uwsgi is the fastest declared program on HTTP."""
    quick = 0.8 if case.cell.variant.name == "uwsgi" else 1.0
    return quick * synthetic.usual_s(case)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    how = {"blocks": 10, "keep": round_trips, "seconds": seconds}
    made = run_made_once(tmp_path_factory, "first screen run", **how)
    return derive(load(made), draw=False)


def two_variants(case: Case) -> bool:
    return bool(case.fault) and case.cell.variant.name in ("minimal", "resilient")


def refuses(case: Case) -> Story:
    """Return a story in which ICMP's refusals break the resilient programs of ZeroMQ."""
    resilient = case.cell.variant.name == "resilient"
    if resilient and case.cell.stack.name == "zmq" and case.fault == "link_refused":
        return Story(outage_s=None)
    return usual_story(case)


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Data:
    how = {"profile": "standard", "keep": two_variants, "stories": refuses}
    made = run_made_once(tmp_path_factory, "first screen failures", **how)
    return derive(load(made), draw=False)


def with_times(pair: Pair, **changed: Any) -> Pair:
    """Return a comparison or a copy whose interval is another one."""
    times = replace(pair.times, interval=replace(pair.times.interval, **changed))
    return replace(pair, times=times)


def group(data: Data, name: str) -> str:
    return " ".join(dict(story.opening(data).groups)[name])


def asked(data: Data, words: str) -> Answer:
    (found,) = (answer for answer in answered(data) if words in answer.question)
    return found


# -- speed -------------------------------------------------------------------------------


def test_the_winner_is_the_subject_and_its_programs_are_called_declared(data: Data) -> None:
    said = group(data, "Speed")
    assert said.startswith(
        "Each stack's fastest program in Python of those declared before the run. "
        "Request/reply: "
    )
    assert re.search(
        r"BSD sockets is 1\.3\d*x faster than ZeroMQ and 4\.\d+x faster than HTTP\.",
        said,
    )
    assert "slower" not in said


def test_the_machine_is_named_where_several_are_published(data: Data) -> None:
    cpu = str(data.run.about["machine"]["cpu"])
    both = replace(data, beside=[data.side])
    assert f"before the run, on {over.over_machines.cpu(cpu)}." in group(both, "Speed")


def test_a_faster_program_that_was_not_declared_is_named(data: Data) -> None:
    (found,) = undeclared.faster(data, "request_reply")
    assert (found.label, found.declared) == ("HTTP (http.client)", "HTTP (uwsgi)")
    assert all(1.5 < times < 1.7 for times in found.times)
    said = "HTTP (http.client) is 1."
    assert said in group(data, "Speed")
    fastest = asked(data, "fastest for small requests")
    assert said in fastest.said
    assert fastest.said.startswith("Programs declared before the run. ")
    declared = [r for r in data.estimates if r.case.variant != "stdlib_client"]
    assert not undeclared.faster(replace(data, estimates=declared), "request_reply")


def test_level_stacks_are_named_together_and_a_place_where_all_are_level_has_no_leader(
    data: Data,
) -> None:
    three = ["zmq", "http", "raw_socket"]
    assert leaders([Led("in a", ["zmq"], 3)], data) == "ZeroMQ"
    assert leaders([Led("in a", ["zmq", "http"], 3)], data) == (
        "undecided between ZeroMQ and HTTP"
    )
    assert leaders([Led("in a", three, 3)], data) == "no difference shown"
    assert leaders([Led("in a", ["zmq"], 3), Led("in b", three, 3)], data) == (
        "ZeroMQ in a, no difference shown in b"
    )


def test_the_least_cpu_time_is_found_among_all_programs_with_round_trips(
    data: Data,
) -> None:
    (found,) = least_cpu(data)
    assert "HTTP (http.client)" in found.said
    assert "Not measured" not in found.said
    without = [
        row
        for row in data.estimates
        if (row.measure, row.case.variant) != ("cpu", "stdlib_client")
    ]
    (found,) = least_cpu(replace(data, estimates=without))
    assert found.said.endswith("Not measured so: HTTP (http.client) in request/reply.")


# -- whether to cite ---------------------------------------------------------------------


def test_a_run_of_few_repetitions_has_no_ratio_to_cite(data: Data) -> None:
    few = [with_times(pair, blocks=6) for pair in data.compared]
    (said, *_) = citing.sentences(replace(data, compared=few))
    assert (
        said
        == "Ratios: no. A declared comparison needs 10 repetitions, and this run has 6."
    )
    (said, *_) = citing.sentences(replace(data, compared=[]))
    assert said.startswith("Ratios: no. This run measured no declared comparison")


def test_ratios_may_be_cited_with_their_conditions(data: Data) -> None:
    declared = [pair for pair in data.compared if pair.kind == Kind.DECLARED]
    said = group(data, citing.QUESTION)
    assert said.startswith(
        f"Ratios: yes, {len(declared)} of {len(declared)} declared comparisons name a "
        "winner. Cite each with its interval, machine and run"
    )
    assert "only with this machine's name" in said
    assert f"Grade {data.grade.letter}: " in said
    assert "With care" not in said


def test_a_ratio_smaller_than_the_difference_of_copies_is_cited_with_care(
    data: Data,
) -> None:
    coarse = [
        replace(with_times(copy, low=1 / 1.5, high=1.5), check=Check.COARSE)
        for copy in data.copies
    ]
    said = " ".join(citing.sentences(replace(data, copies=coarse)))
    assert re.search(
        r"With care: \d+ ratios? in request/reply, smaller than the 50\.0 % by which", said
    )


def test_a_ratio_in_doubt_is_not_to_be_cited(data: Data) -> None:
    first, *rest = data.compared
    assert first.kind == Kind.DECLARED
    wide = with_times(data.copies[0], low=0.1, high=10.0)
    doubtful = replace(first, check=Check.FAILED, copies=(wide,))
    assert not doubtful.stands
    said = " ".join(citing.sentences(replace(data, compared=[doubtful, *rest])))
    assert "Do not cite 1 ratio: A/A check failed." in said


@pytest.mark.parametrize("letter", ["A", "B", "C"])
def test_every_grade_has_a_consequence_and_a_rule(data: Data, letter: str) -> None:
    graded = replace(data, grade=Grade(letter, ("Why.",)))
    assert citing.sentences(graded)[-1].startswith(f"Grade {letter}: ")
    said = " ".join(environment(graded).paragraphs)
    assert f"Grade {letter}: Why." in said
    assert f"Grade {letter} means that " in said
    assert GRADE_RULE in said
    assert f"{letter}: " in GRADE_RULE


# -- the machine by rounds ---------------------------------------------------------------


def ensemble(block: int, **changed: Any) -> dict[str, Any]:
    made = {
        "block": block,
        "number": [0, 1, 0],
        "repeat": [0, 0, 1],
        "flags": [["12 % of the CPU time stolen"], ["canary 60 % slower than usual"], []],
        "canary_ms": [1.0, 3.0, 2.0],
        "cpu_s": [0.1, 0.1, 0.2],
        "stolen_s": [0.012, 0.0, 0.0],
        "others_s": [0.0, 0.02, 0.0],
    }
    return {**made, **changed}


def test_a_block_counts_its_rounds_and_those_made_again() -> None:
    further = ensemble(1, cpu_s=[None] * 3, stolen_s=[None] * 3, others_s=[None] * 3)
    first, second = rounds.blocks([further, ensemble(0), ensemble(0)])
    assert (first.block, second.block) == (0, 1)
    assert (first.rounds, first.flagged, first.again, first.left) == (6, 4, 2, 2)
    assert first.canary_ms == 2.0
    assert first.stolen == pytest.approx(0.03)
    assert first.others == pytest.approx(0.05)
    assert first.reasons == {"CPU time stolen": 2, "slow canary": 2}
    assert (second.stolen, second.others) == (None, None)
    rows = rounds.table([ensemble(0)]).rows
    assert rows[0][0] == "1"
    assert rows[0][-1] == "CPU time stolen: 1; slow canary: 1"


def test_a_flag_of_a_new_kind_keeps_its_text() -> None:
    assert rounds.kind("the sun rose") == "the sun rose"


def test_a_run_in_turns_shows_its_rounds_and_no_record_of_blocks(tmp_path: Path) -> None:
    def sockets(case: Case) -> bool:
        return round_trips(case) and case.cell.stack.name == "raw_socket"

    made = synthetic.make_in_turns(tmp_path / "run", keep=sockets, flagged=(1,))
    run = load(made)
    data = derive(run, draw=False)
    (table,) = environment(data).tables
    assert table.caption == rounds.CAPTION
    assert sum(int(row[1]) for row in table.rows) == sum(
        len(each["number"]) for each in run.ensembles
    )
    assert all("other processes took" not in row[-1] for row in table.rows)
    assert any(row[-1].startswith("CPU time stolen") for row in table.rows)


# -- several machines --------------------------------------------------------------------


def compared(*verdicts: str) -> dict[str, Any]:
    """Return an entry whose machines have these verdicts, each once."""
    groups = [
        {"verdict": said, "value": 1.5, "machines": [str(number)]}
        for number, said in enumerate(verdicts)
    ]
    return {"kind": Kind.DECLARED, "machines": [], "over_machines": groups}


def alike(verdict: str, value: float | None = 1.5) -> dict[str, Any]:
    both = {"verdict": verdict, "value": value, "machines": ["0", "1"]}
    return {"kind": Kind.DECLARED, "machines": [], "over_machines": [both]}


FASTER, SLOWER, OPEN, EQUAL = (
    Verdict.FASTER, Verdict.SLOWER, Verdict.INCONCLUSIVE, Verdict.EQUIVALENT,
)  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (
            [alike(FASTER), alike(OPEN)],
            "On 2 of 2 declared comparisons both machines agree. On none, the winner on "
            "one machine is the loser on another.",
        ),
        (
            [alike(FASTER, None), compared(FASTER, OPEN), compared(SLOWER, EQUAL)],
            "On 1 of 3 declared comparisons both machines agree, and on 1 of these the "
            "winner is ahead by different ratios. On 2, one machine shows a winner and "
            "another's difference is too small to call. On none, the winner on one machine "
            "is the loser on another.",
        ),
        (
            [compared(FASTER, SLOWER), compared(OPEN, EQUAL)],
            "On none of 2 declared comparisons both machines agree. On 1, one machine "
            "finds no difference and another cannot tell. On 1, the winner on one machine "
            "is the loser on another.",
        ),
    ],
)
def test_machines_are_counted_by_the_verdicts_that_they_share(
    entries: list[dict[str, Any]], said: str
) -> None:
    assert " ".join(over.summary(entries)) == said


# -- failures ----------------------------------------------------------------------------


def test_failures_have_their_worst_outcome_and_no_word_of_a_contract(
    failed: Data,
) -> None:
    killed = asked(failed, "killed server, back after 0.5 s")
    assert killed.found.startswith("At worst, minimal: HTTP and BSD sockets report trouble")
    assert "ZeroMQ hangs" in killed.found
    assert killed.found.endswith("resilient: all survive (programs in Python)")
    waits = "If its server dies with requests in hand, ZeroMQ (minimal) waits forever"
    assert waits in killed.said
    assert waits in group(failed, "Failures")
    hangs = asked(failed, "hangs for 2 s, then goes on")
    assert "contract" not in killed.found + killed.said + hangs.found + hangs.said


def test_a_program_that_recovers_does_not_wait_forever(failed: Data) -> None:
    calm = [replace(row, not_recovered=0) for row in failed.recoveries]
    said = group(replace(failed, recoveries=calm), "Failures")
    assert "waits forever" not in said


def test_the_map_of_failures_counts_as_the_first_screen_does(failed: Data) -> None:
    look = look_of(failed.run, "C")
    chart = failures_chart.overview(failed.recoveries, look)
    assert chart is not None
    counted = re.search(r"Minimal programs survive (\d+) of (\d+) faults", chart.title)
    assert counted
    told = re.search(r"Minimal programs survive: ([^.]*)\.", group(failed, "Failures"))
    assert told
    pairs = [map(int, each) for each in re.findall(r"(\d+) of (\d+)", told[1])]
    assert [sum(column) for column in zip(*pairs, strict=True)] == [
        int(counted[1]),
        int(counted[2]),
    ]


def test_equal_guarantees_name_the_fault_that_still_breaks_a_program(failed: Data) -> None:
    found = asked(failed, "equal guarantees")
    but = (
        "But ZeroMQ (resilient) hangs under one more fault, new connections refused by "
        "ICMP for 0.5 s; "
    )
    assert but in found.short
    assert re.search(r"(HTTP|the others)[^;]* survives? that", found.short)
    assert "left out" not in found.short
    assert f"Shortest at equal guarantees: {found.short}." in group(failed, "Code")
    assert "link_refused" not in found.found + found.said
    whole = [row for row in failed.recoveries if row.fault.name != "link_refused"]
    levels = [replace(row, beside=()) for row in failed.levels]
    calm = asked(replace(failed, recoveries=whole, levels=levels), "equal guarantees")
    assert "But" not in calm.found


# -- code --------------------------------------------------------------------------------


def test_surviving_costs_statements_and_no_speed_that_was_not_compared(
    failed: Data,
) -> None:
    (found,) = surviving(failed)
    levels = failed.cheapest["request_reply", "zmq"]
    most, least = levels["L2"].statements, levels["L0"].statements
    assert f"ZeroMQ {most} instead of {least} (" in found.said
    assert found.said.endswith(NOT_TIMED)
    assert found.found.endswith("; speed was not compared")
    timed = CaseRow(id="timed", stack="zmq", variant="resilient")
    run = replace(failed.run, cases={**failed.run.cases, "timed": timed})
    (found,) = surviving(replace(failed, run=run))
    assert found.said.endswith(NOT_COMPARED)
    assert not [*surviving(replace(failed, levels=[]))]


def test_surviving_costs_the_speed_that_was_compared(data: Data, failed: Data) -> None:
    pair = next(pair for pair in data.compared if pair.verdict in (FASTER, SLOWER))
    slow = replace(pair.a, stack="http", variant="resilient")
    quick = replace(pair.b, stack="http", variant="minimal")
    twice = with_times(pair, estimate=2.0, low=1.9, high=2.1)
    made = replace(twice, a=slow, b=quick, verdict=SLOWER)
    (found,) = surviving(replace(failed, compared=[made]))
    assert found.found.endswith("; the minimal program is 2.00x faster")
    assert "Speed: " in found.said
    assert "HTTP (minimal: requests) is 2.0" in found.said


def rows_of(levels: Iterable[Any], cells: Iterable[str]) -> list[Any]:
    wanted = set(cells)
    return [row for row in levels if row.program.cell in wanted]


def test_a_program_that_loses_in_silence_is_not_its_stacks_cheapest(failed: Data) -> None:
    minimal, resilient = (f"zmq/{name}/fan_out.py" for name in ("minimal", "resilient"))
    (lossy,) = rows_of(failed.levels, [minimal])
    assert "loses" in lossy.program.promise
    whole = replace(lossy, program=replace(
        lossy.program, variant="lossless", promise="batches", cell="zmq/lossless/fan_out.py"
    ))  # fmt: skip
    counted = {**failed.statements, whole.program.cell: 1}
    rows = rows_of(failed.levels, [minimal, resilient])
    alone = price.cheapest(rows, counted)["fan_out", "zmq"]
    assert alone["L0"].program.variant == "minimal"
    both = price.cheapest([*rows, whole], counted)["fan_out", "zmq"]
    assert both["L0"].program.variant == "lossless"
    assert both["L2"].program.variant == "resilient"


# -- nginx -------------------------------------------------------------------------------


def provoked(**changed: dict[str, float | None]) -> dict[str, Any]:
    """Return experiments of six blocks with made-up values of ``in_front``."""
    values: dict[str, dict[str, float | None]] = {
        "round_trip_us": {"alone": 100.0, "nginx": 150.0},
        "configuration_lines": {"nginx": 14.0},
        "slow_closed_s": {"alone": None, "nginx": 1.5},
        "failed_restart": {"alone": 30.0, "nginx": 0.0, "reuse_port": 0.0},
    }
    values |= changed
    row = {
        "subjects": {"alone": "a", "nginx": "b", "reuse_port": "c"},
        "quantities": {name: {} for name in values},
        "blocks": [values] * 6,
    }
    return {"experiments": {"in_front": row}}


def test_nginx_costs_time_and_gives_protection_as_measured() -> None:
    found = front.answer(provoked(), None)
    assert found
    assert found.found == (
        "Without nginx a server answers 1.50x faster. nginx closes clients that never "
        "finish a request. It hides a restart of the server, and SO_REUSEPORT does so "
        "without nginx"
    )
    for said in (
        "aiohttp alone answers 1.50x faster than behind nginx (100 \N{MICRO SIGN}s against "
        "150 \N{MICRO SIGN}s)",
        "nginx adds 14 lines of configuration.",
        "never ends after 1.50 s",
        "30 requests fail alone, and none behind nginx. With SO_REUSEPORT and no nginx, "
        "none fail.",
    ):
        assert said in found.said


def test_nginx_is_credited_with_nothing_that_it_did_not_do() -> None:
    found = front.answer(
        provoked(
            round_trip_us={"alone": 100.0, "nginx": 100.0},
            slow_closed_s={"alone": None, "nginx": None},
            failed_restart={"alone": 0.0, "nginx": 0.0},
        ),
        None,
    )
    assert found
    assert found.found == "The data show no difference in round trips"
    assert "The data show no difference in round trips with nginx." in found.said
    for word in ("closes", "restart", "faster"):
        assert word not in found.said
    assert front.answer(None, None) is None


def test_nginx_before_several_servers_has_the_cost_of_its_own_death() -> None:
    survey = surveyed(6, [each for each in EVERY if each[1].stack.name == "http"])
    survey["machine"]["cpu"] = "Some(R) Xeon(R) Processor"
    for row in survey["rows"]:
        if row["fault"] == "box_killed_middle":
            row["survival"] = 0.0
        elif row["key"] == "http.nginx_least.python":
            row["survival"] = 0.92
    found = front.answer(None, survey)
    assert found
    assert found.section == "topologies"
    assert found.said.endswith("The survey was made on Some Xeon.")
    assert found.found == (
        "With a frozen server among several, nginx with least_conn answers 92 % of "
        "requests. If nginx itself dies, nothing answers"
    )
    assert "plain nginx answers 50 % of requests" in found.said
    assert "clients that know all servers, without nginx, answer 50 %" in found.said
    for row in survey["rows"]:
        row["survival"] = 0.5
    alive = front.answer(None, survey)
    assert alive
    assert alive.found.endswith("If nginx itself dies, 50 % of requests are answered")


def test_a_section_begins_with_the_answer_that_it_gives() -> None:
    section = Section("topologies", "Boxes", ["Lead."])
    found = with_answer(section, Answer("Why?", "So", "Because.", "topologies"))
    assert found.paragraphs == ["Why? So. Because.", "Lead."]
    assert with_answer(section, None) is section


# -- claims and words --------------------------------------------------------------------


def test_a_claim_is_quoted_with_the_part_that_decides_it(data: Data) -> None:
    judged = [
        one
        for one in judge(read_claims(), data.entries)
        if one.verdict in (UPHELD, REFUTED)
    ]
    assert judged
    for one in judged:
        said = story.quoted(one)
        assert f"{one.verdict.capitalize()} (" in said
        before = {UPHELD: "This holds: ", REFUTED: "This fails: "}[one.verdict]
        part = said.split(before)[1].removesuffix(".")
        (found,) = (p for p in one.parts if p.condition.says == part)
        assert found.outcome == before.removeprefix("This ").removesuffix(": ")


def test_the_talk_has_its_title_where_its_claims_are_counted(data: Data) -> None:
    screens = story.screens(data, judge(read_claims(), data.entries))
    (claims,) = (screen for screen in screens if screen.id == "claims")
    assert "of the talk \u201cThe internet has no middle\u201d tested" in claims.title


def test_words_of_the_pages_are_explained_in_short_tables() -> None:
    tables = glossary.section().tables
    words = [row[0] for table in tables for row in table.rows]
    for word in ("A/A check", "declared", "block", "lossless", "uwsgi", "direct_default"):
        assert word in words
    assert {"lru", "shared, one CPU", "split, separate CPUs"} < set(words)
    for table in tables:
        assert len(table.rows) <= 12, "a longer table is folded"
        assert [row[0].lower() for row in table.rows] == sorted(
            row[0].lower() for row in table.rows
        )
