"""A survey of topologies goes on where it stopped, and its numbers say what was seen."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import bench, finish, processes_with, start_bench

from bench.contract.topology import players, topologies
from bench.errors import ResultsError
from bench.report.charts import boxes
from bench.report.charts.export import svg
from bench.report.sections import topologies as section
from bench.surveys.topologies import survey, tally
from bench.surveys.topologies.profiles import PROFILES, TIMED_AT_ONCE, Profile
from bench.surveys.topologies.survey import Unfinished, left, opening, plan, same

EVERY = [(t, cell) for t in topologies().values() for cell in players(t)]
ZMQ = [(topology, cell) for topology, cell in EVERY if cell.stack.name == "zmq"]
VALUES = {
    "survival": 0.5, "hurt": 2, "handle_ms": 0.1, "network_share": 0.7, "reported": 1,
    "lost": 2, "held": 3, "doubled": 0, "told": True, "p50_ms": 1.0, "p99_ms": 2.0,
    "late_ms": 1.0, "missed": 0.66,
    "shares": {"serve.0": 0.3, "serve.1": 0.3, "serve.2": 0.4},
    "edits": 20, "reloads": 0, "restarts": 20, "due": 400, "busy": False, "at_once": 1,
}  # fmt: skip


def of(trials: int) -> Profile:
    return replace(PROFILES["full"], trials=trials)


def rows(wanted: list[survey.Wanted], **changed: Any) -> list[dict[str, Any]]:
    return [
        VALUES | dict(zip(survey.PLACE, each.key, strict=True)) | changed for each in wanted
    ]


def surveyed(trials: int = 6, **changed: Any) -> dict[str, Any]:
    made = {
        **opening(ZMQ, of(trials), 1),
        "rows": rows(plan(ZMQ, of(trials), 1), **changed),
    }
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found


def test_a_round_has_each_program_in_each_situation_once() -> None:
    wanted = plan(ZMQ, of(2), seed=1)
    half = len(wanted) // 2
    assert {each.key[:4] for each in wanted[:half]} == {each.key[:4] for each in wanted}
    assert len({each.key for each in wanted}) == len(wanted)
    assert [w.key for w in plan(ZMQ, of(2), seed=2)] != [w.key for w in wanted]


def test_a_survey_continues_after_its_last_whole_row(tmp_path: Path) -> None:
    opened, wanted = opening(ZMQ, of(1), 1), plan(ZMQ, of(1), 1)
    file = Unfinished(tmp_path / "deep" / "some.unfinished")
    assert file.begun() is None
    file.begin(opened)
    done = rows(wanted[:3])
    for row in done:
        file.add(row)
    with (tmp_path / "deep" / "some.unfinished").open("a") as cut_off:
        cut_off.write('{"topology": "ser')
    begun = file.begun()
    assert begun is not None
    assert same(begun[0], opened)
    assert begun[1] == done
    assert [*left(wanted, begun[1])] == wanted[3:]
    file.add(rows(wanted[3:4])[0])
    assert len(file.begun()[1]) == 4  # type: ignore[index]


def test_other_programs_or_options_make_another_survey() -> None:
    opened = json.loads(json.dumps(opening(ZMQ, of(1), 1)))
    assert same(opened, opening(ZMQ, of(1), 1))
    assert not same(opened, opening(ZMQ, of(2), 1))
    assert not same(opened, opening(EVERY, of(1), 1))
    assert not same(opened, opening(ZMQ, replace(PROFILES["standard"], trials=1), 1))


def test_a_standard_survey_leaves_out_nothing_but_further_clients() -> None:
    """Whatever claims look at is there often enough for an interval."""
    standard, full = (plan(EVERY, PROFILES[name], 1) for name in ("standard", "full"))
    missing = {each.key for each in full} - {each.key for each in standard}
    assert {key[1] for key in missing} == {10, 50}
    assert {key[0] for key in missing} == {"single", "database"}
    quick = plan(EVERY, PROFILES["quick"], 1)
    assert {each.key for each in quick} < {each.key for each in standard}


def test_trials_that_are_timed_come_first_and_have_less_company(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(survey, "take", lambda wanted, _: rows([wanted])[0])
    wanted, made = plan(ZMQ, PROFILES["quick"], 1), list[dict[str, Any]]()
    survey.make(wanted, 1, made.append, PROFILES["quick"].at_once)
    assert len(made) == len(wanted)
    timed = [row for row in made if row["at_once"] <= TIMED_AT_ONCE]
    assert {(row["topology"], row["fault"]) for row in timed} == {
        ("single", "calm"),
        ("database", "calm"),
        ("database", "calm_postgres"),
    }
    assert made[: len(timed)] == timed


def test_a_damaged_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "some.unfinished"
    path.write_text("[]\n[]\n", encoding="utf-8")
    with pytest.raises(ResultsError, match="damaged: remove it to begin again"):
        Unfinished(path).begun()
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ResultsError, match=r"make it again: .* topologies"):
        tally.read(path)


# -- what it comes to ----------------------------------------------------------------------


def numbers(found: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in section.numbers(found)}


def test_the_ids_that_claims_name_are_there() -> None:
    found = numbers(surveyed())
    of = "3_servers_20_clients.zmq.lru.python"
    for name in (
        f"servers.state_missed.{of}",
        f"servers.survival.box_killed_server.{of}",
        f"servers.survival.box_killed_middle.{of}",
        f"servers.edits.server_added.{of}",
        "servers.size.statements.zmq.lru.python",
        f"servers.survival.box_killed_database.{of}",
        "request_reply.network_share.1_clients.zmq.minimal.python",
        "request_reply.network_share.sqlite.1_clients.zmq.minimal.python",
        "request_reply.network_share.postgres.1_clients.zmq.minimal.python",
        "request_reply.service_p99.sqlite.50_clients.zmq.minimal.python",
        "request_reply.survival.box_killed_server.sqlite.1_clients.zmq.minimal.python",
    ):
        assert name in found
    assert found[f"servers.state_missed.{of}"]["value"] == 0.66
    assert not numbers(None)


def test_a_median_of_few_trials_has_no_interval() -> None:
    name = "servers.state_missed.3_servers_20_clients.zmq.lru.python"
    few, enough = numbers(surveyed(3))[name], numbers(surveyed(6))[name]
    assert (few["ci_low"], few["ci_high"], few["blocks"]) == (None, None, 3)
    assert (enough["ci_low"], enough["ci_high"], enough["blocks"]) == (0.66, 0.66, 6)


def test_trials_on_a_machine_that_was_too_busy_count_for_nothing() -> None:
    found = numbers(surveyed(busy=True))
    assert all(".size." in name for name in found)
    late = numbers(surveyed(late_ms=50.0))
    assert not any(".service" in name for name in late), "a time needs a calmer one"
    assert any(".survival." in name for name in late)


def test_times_count_only_in_trials_with_little_company() -> None:
    found = numbers(surveyed(at_once=PROFILES["standard"].at_once))
    assert not any(".service" in name or ".network_share" in name for name in found)
    assert any(".state_missed." in name for name in found)


def test_the_section_names_each_program_or_the_missing_survey() -> None:
    said = section.section(surveyed())
    shown = [[row[0] for row in table.rows] for table in said.tables]
    assert shown[-1] == ["ZeroMQ (direct)", "ZeroMQ (direct_default)", "ZeroMQ (lru)",
                     "ZeroMQ (proxied)"]  # fmt: skip
    assert "nomiddle topologies" in section.section(None).paragraphs[0]


def test_the_heat_map_shows_the_share_that_each_program_served_under_each_blow() -> None:
    (chart,) = boxes.charts(surveyed(survival=0.3), "some machine")
    words = svg(chart.figure)
    assert chart.title == (
        "One frozen server of 3 stops most requests of 4 of 4 programs, "
        "a busy one killed those of 4"
    )
    assert words.count("30 %, 2 hurt") == len(chart.table)
    told = boxes.struck(surveyed(lost=0, held=0), "servers")
    assert {row.said for row in told} == {"50 %, 2 told"}
    (calmer,) = boxes.charts(surveyed(survival=1.0, hurt=0), "")
    assert " 0 of 4 programs" in calmer.title
    assert not [*boxes.charts(None, "")]


def test_a_share_on_the_heat_map_agrees_with_its_colour() -> None:
    """Whoever lost one request of 400 does not read 100 %, nor 99 % in the lower colour."""
    (missed_one, *_) = boxes.struck(surveyed(survival=0.9975, hurt=0), "servers")
    assert missed_one.said == "99 %"
    for per_mille in range(1001):
        whole = int(boxes.share(per_mille / 1000).split()[0])
        assert whole == per_mille // 10
        assert boxes.grade(per_mille / 1000) == boxes.grade(whole / 100)


# -- the command ---------------------------------------------------------------------------


@pytest.mark.thorough
def test_a_killed_survey_leaves_nothing_behind_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "z.json"
    words = ("topologies", "--only", "zmq/lru/*", "--trials", 1, "--out", out)
    process = start_bench(*words)
    unfinished = tmp_path / "z.unfinished"
    while not unfinished.exists() or len(unfinished.read_text().splitlines()) < 2:
        assert process.poll() is None
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    finish(process)
    deadline = time.monotonic() + 20
    while [*processes_with("bench.hosts.host", str(process.pid))]:
        assert time.monotonic() < deadline, "a host outlived the harness"
        time.sleep(0.1)
    ended = bench(*words)
    assert ended.returncode == 0, ended.stderr
    assert "going on: " in ended.stdout
    assert not unfinished.exists()
    assert tally.read(out)


def test_a_program_that_does_not_exist_is_refused_with_those_like_it() -> None:
    ended = bench("topologies", "--only", "zmq/lur/*")
    assert ended.returncode == 1
    assert "no program matches 'zmq/lur/*'; did you mean zmq/lru/servers.py" in ended.stderr
