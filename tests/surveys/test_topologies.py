"""A survey of topologies goes on where it stopped, and its numbers say what was seen."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import bench, finish, processes_with, start_bench
from made_up_topologies import EVERY, ZMQ, of, rows, surveyed
from matplotlib.backends.backend_agg import FigureCanvasAgg

from bench.errors import ResultsError, UsageError
from bench.report.charts import boxes, drawings, topology_facts, webs
from bench.report.charts.export import svg
from bench.report.sections import topologies as section
from bench.report.sections import topology_words
from bench.surveys.topologies import survey, tally
from bench.surveys.topologies.kept import Unfinished, going_on, opening
from bench.surveys.topologies.profiles import (
    CROWDED_AT_ONCE,
    PROFILES,
    TIMED_AT_ONCE,
    WEBS_AT_ONCE,
)
from bench.surveys.topologies.survey import left, plan

WEBS = ("web", "discovery")


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
    file.begin(going_on(None, opened))
    done = rows(wanted[:3])
    for row in done:
        file.add(row)
    with (tmp_path / "deep" / "some.unfinished").open("a") as cut_off:
        cut_off.write('{"topology": "ser')
    begun = file.begun()
    assert begun is not None
    found = going_on(begun, opened)
    assert [{**row, "sitting": 0} for row in done] == found["rows"]
    assert [*left(wanted, found["rows"])] == wanted[3:]
    file.add(rows(wanted[3:4])[0])
    assert len(file.begun()["rows"]) == 4  # type: ignore[index]


def rows_kept(
    then: dict[str, Any], some: Any = ZMQ, **options: Any
) -> list[dict[str, Any]]:
    """Return the rows with which a survey of some programs begins."""
    found: list[dict[str, Any]] = going_on(then, opening(some, of(6), 1), **options)["rows"]
    return found


def test_trials_of_the_same_programs_are_not_made_again() -> None:
    then = surveyed()
    assert len(rows_kept(then)) == len(then["rows"])
    assert len(rows_kept(then, EVERY)) == len(then["rows"])
    assert rows_kept(then, again=True) == []


@pytest.mark.parametrize("what", ["digest", "configured"])
def test_rows_of_a_program_that_changed_are_made_again(what: str) -> None:
    then = surveyed()
    then["programs"][0][what] = "another"
    changed = then["programs"][0]
    left_over = {(row["topology"], row["key"]) for row in rows_kept(then)}
    assert left_over == {(row["topology"], row["key"]) for row in then["programs"][1:]}
    assert (changed["topology"], changed["key"]) not in left_over


def test_rows_from_before_configuration_had_a_checksum_are_kept() -> None:
    then = surveyed()
    for program in then["programs"]:
        del program["configured"]
    assert len(rows_kept(then)) == len(then["rows"])


def test_rows_that_failed_or_were_disturbed_are_made_again() -> None:
    then = surveyed()
    then["rows"][0]["busy"] = True
    then["rows"][1]["error"] = "no ports"
    assert len(rows_kept(then)) == len(then["rows"]) - 2


def test_rows_of_programs_that_are_not_asked_for_stay() -> None:
    then = surveyed()
    some, others = ZMQ[:1], {(topology.name, cell.key) for topology, cell in ZMQ[1:]}
    found = going_on(then, opening(some, of(6), 1), again=True)
    assert {(row["topology"], row["key"]) for row in found["rows"]} == others
    assert len(found["programs"]) == len(then["programs"])
    assert {**found["topologies"]} == then["topologies"]


def test_rows_of_other_boxes_are_made_again() -> None:
    then = surveyed()
    name = then["rows"][0]["topology"]
    then["topologies"][name]["boxes"][0]["count"] += 1
    assert name not in {row["topology"] for row in rows_kept(then)}


@pytest.mark.parametrize(
    "other", [{"cpu": "Another CPU"}, {"cpus": [0, 1, 2]}, {"kernel": "1.0"}]
)
def test_rows_of_another_kind_of_machine_are_made_again(other: dict[str, Any]) -> None:
    then = surveyed()
    then["machine"] |= other
    assert rows_kept(then) == []


def test_a_kernel_built_anew_and_a_program_installed_since_are_no_other_machine() -> None:
    then = surveyed()
    then["machine"]["kernel"] += "-build7"
    then["machine"]["versions"].pop("pyzmq")
    assert len(rows_kept(then)) == len(then["rows"])
    then["machine"]["versions"]["aiohttp"] = "0.1"
    assert rows_kept(then) == []


def test_other_options_make_another_survey() -> None:
    then = surveyed()
    assert going_on(then, opening(ZMQ, of(6), 2))["rows"] == []
    assert going_on(then, opening(ZMQ, PROFILES["quick"], 1))["rows"] == []


def test_a_row_names_the_sitting_in_which_it_was_made() -> None:
    then = surveyed()
    found = going_on(then, opening(EVERY, of(6), 1))
    assert {row["sitting"] for row in found["rows"]} == {0}
    assert found["sittings"][0]["started"] == then["started"]
    assert found["sittings"][-1]["started"] == found["started"]
    assert len(found["sittings"]) == 2


def test_a_survey_of_some_situations_makes_no_others() -> None:
    wanted = plan(EVERY, of(1), 1)
    chosen = survey.choose(wanted, ["chaos", "box_killed*"])
    assert {each.fault.removesuffix("_busy").split("_")[0] for each in chosen} == {
        "box",
        "chaos",
    }
    assert {each.key for each in chosen} < {each.key for each in wanted}
    assert survey.choose(wanted, []) == wanted
    with pytest.raises(UsageError, match=r"no situation is like 'box_sunk'.* chaos"):
        survey.choose(wanted, ["chaos", "box_sunk"])


def test_sittings_without_a_row_are_forgotten() -> None:
    then = surveyed()
    interrupted = going_on(then, opening(EVERY, of(6), 1))
    interrupted["rows"][0]["sitting"] = 1
    found = going_on(interrupted, opening(EVERY, of(6), 1), again=False)
    assert len(found["sittings"]) == 3, "a row is left of either"
    empty = going_on(then, opening(EVERY, of(6), 1))
    assert len(going_on(empty, opening(EVERY, of(6), 1))["sittings"]) == 2


def test_a_standard_survey_leaves_out_nothing_but_large_webs() -> None:
    """All that claims look at is there often enough for an interval."""
    standard, full = (
        {each.key for each in plan(EVERY, PROFILES[name], 1)}
        for name in ("standard", "full")
    )
    assert {key[:2] for key in full - standard} == {("web", 24)}
    assert standard < full
    others = ("servers", *WEBS)
    assert {key[1] for key in standard if key[0] not in others} == {1, 10, 50}
    assert {key[1] for key in standard if key[0] == "web"} == {12}
    quick = {each.key for each in plan(EVERY, PROFILES["quick"], 1)}
    assert {key[1] for key in quick if key[0] not in others} == {1}
    assert quick < standard


def test_trials_that_are_timed_come_first_beside_fewer_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(survey, "take", lambda wanted, _: rows([wanted])[0])
    wanted, made = plan(ZMQ, of(1), 1), list[dict[str, Any]]()
    survey.make(wanted, 1, made.append, PROFILES["standard"].at_once)
    assert len(made) == len(wanted)
    webs_too = [row for row in made if row["at_once"] <= TIMED_AT_ONCE]
    assert made[: len(webs_too)] == webs_too
    webs = {row["at_once"] for row in made if row["topology"] in WEBS}
    assert webs == {1, WEBS_AT_ONCE}
    timed = [row for row in webs_too if row["topology"] not in WEBS]
    assert {(row["topology"], row["fault"]) for row in timed} == {
        ("single", "calm"),
        ("database", "calm"),
        ("database", "calm_postgres"),
    }
    crowded = {row["at_once"] for row in timed if row["clients"] == 50}
    assert crowded == {CROWDED_AT_ONCE}, "a crowd takes much of a core"


def test_timed_trials_have_no_web_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    beside: list[set[bool]] = []

    def note(some: Any, *_: Any) -> None:
        beside.append({bool(each.topology.peers) for each in some})

    monkeypatch.setattr(survey, "_side_by_side", note)
    survey.make(plan(EVERY, of(1), 1), 1, print, PROFILES["standard"].at_once)
    assert all(len(kinds) == 1 for kinds in beside)


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
        *(
            f"request_reply.{what}.{store}{clients}_clients.zmq.minimal.python"
            for what in ("network_share", "service", "service_p99")
            for store in ("", "sqlite.", "postgres.")
            for clients in (1, 10, 50)
        ),
    ):
        assert name in found
    assert found[f"servers.state_missed.{of}"]["value"] == 0.66
    assert not numbers(None)


def test_a_web_is_judged_by_the_box_on_which_most_pairs_depend() -> None:
    found = surveyed()
    for row in found["rows"]:
        if row["topology"] == "web" and row["fault"] == "box_killed_hub":
            row["pairs_alive"] = 0.0
        if row["topology"] == "web" and row["fault"] == "box_killed_small":
            row["pairs_alive"] = 0.7
    told = numbers(found)
    of = "12_peers.zmq"
    assert told[f"web.pairs_alive.each_killed.{of}.mesh.python"]["value"] == 0.7
    assert told[f"web.pairs_alive.each_killed.{of}.star.python"]["value"] == 0
    assert told[f"web.pairs_alive.each_frozen.{of}.star.python"]["value"] == 1
    assert told[f"web.pairs_alive.box_killed_hub.{of}.star.python"]["value"] == 0
    assert told[f"web.chaos_once.{of}.star.python"]["value"] == 0.9
    assert told["discovery.joined_s.12_peers.zmq.registry.python"]["value"] == 0.4
    assert told["discovery.addresses_given.12_peers.zmq.registry.python"]["value"] == 1
    assert told[f"web.joined_s.{of}.mesh.python"]["unit"] == "s"
    assert told[f"web.descriptors.small.{of}.mesh.python"]["value"] == 3
    assert "web.size.statements.zmq.mesh.python" in told


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


def test_times_count_only_in_trials_with_few_others_beside_them() -> None:
    found = numbers(surveyed(at_once=PROFILES["standard"].at_once))
    assert not any(".service" in name or ".network_share" in name for name in found)
    assert any(".state_missed." in name for name in found)


def took(times_ms: dict[str, float], **changed: Any) -> dict[str, Any]:
    """Return a survey of the programs of which there are times."""
    some = [(t, c) for t, c in EVERY if c.key.removesuffix(".python") in times_ms]
    made = surveyed(6, some, **changed)
    for row in made["rows"]:
        row["p50_ms"] = times_ms[row["key"].removesuffix(".python")]
    return made


def test_the_share_of_a_stack_is_of_its_best_program() -> None:
    """The quicker of two clients of HTTP counts; ZeroMQ takes half of its time."""
    found = numbers(
        took({"http.minimal": 8.0, "http.aiohttp_client": 4.0, "zmq.minimal": 2.0})
    )
    shares = {name: e["value"] for name, e in found.items() if ".stack_share." in name}
    places = [f"{s}{n}_clients" for s in ("", "sqlite.", "postgres.") for n in (1, 10, 50)]
    assert shares == {f"request_reply.stack_share.{place}": 0.5 for place in places}
    said = found["request_reply.stack_share.1_clients"]["sentence"]
    assert "1 client: with ZeroMQ (minimal) instead of HTTP (aiohttp_client)" in said


def test_a_server_that_handles_several_requests_at_a_time_is_for_one_client_alone() -> None:
    made = took({"raw_socket.minimal": 1.0, "raw_socket.streams": 2.0, "zmq.minimal": 4.0})
    found = numbers(made)
    for clients, share in ((1, 0.75), (10, 0.5), (50, 0.5)):
        assert found[f"request_reply.stack_share.{clients}_clients"]["value"] == share
    (said,) = (
        p for p in section.section(made).paragraphs if p.startswith("One server and")
    )
    assert "With 1 client, 70 % of a call is network, and BSD sockets (minimal) is" in said
    assert (
        "With 50 clients, 70 % of a call is network, and BSD sockets (streams) is" in said
    )


def test_sentences_count_boxes_and_name_the_blow() -> None:
    said = {
        name: entry["sentence"].split(", ", 1)[1].split(": ")[0]
        for name, entry in numbers(surveyed()).items()
        if ".size." not in name and ".stack_share." not in name
    }
    minimal, lru = "zmq.minimal.python", "3_servers_20_clients.zmq.lru.python"
    star = "12_peers.zmq.star.python"
    assert said[f"request_reply.service.1_clients.{minimal}"] == "1 client"
    assert said[f"request_reply.service.postgres.10_clients.{minimal}"] == (
        "10 clients and PostgreSQL"
    )
    assert said[f"servers.survival.box_killed_busy_server.{lru}"] == (
        "3 servers and 20 clients, a server killed while busy"
    )
    assert said[f"servers.edits.server_added.{lru}"].endswith(", a server added")
    assert said[f"web.pairs_alive.each_killed.{star}"] == "12 peers, any one killed"
    assert said[f"web.pairs_alive.box_frozen_hub.{star}"] == "12 peers, the hub frozen"
    assert said[f"web.jobs_once.box_killed_large.{star}"] == (
        "12 peers, a large peer killed"
    )


def test_a_value_has_its_unit_and_a_share_is_rounded_down() -> None:
    assert topology_words.value(0.9999, "share") == "99.9 %"
    assert topology_words.value(1.0, "share") == "100 %"
    assert topology_words.value(1.8512, "ms") == "1.85 ms"
    assert topology_words.value(20.0, "clients") == "20"
    assert topology_words.value(26_214_400.0, "bytes") == "26,214,400"


def test_a_page_of_a_survey_is_headed_by_the_survey_and_not_by_a_run() -> None:
    found = surveyed()
    found["machine"]["cpu"] = "Some CPU"
    said = section.header(found)
    assert said.startswith("surveyed on 20")
    assert "Some CPU" in said
    assert said.endswith("in networks of its own")
    assert section.header(None) == ""


def test_the_faster_stack_of_a_call_is_named_with_a_ratio_above_1() -> None:
    found = surveyed(6, EVERY)
    for row in found["rows"]:
        if row["key"] == "raw_socket.minimal.python" and "p50_ms" in row:
            row["p50_ms"] = 0.25
    said = " ".join(topology_words.shares_said(found, "single"))
    assert re.search(r"BSD sockets \(minimal\) is 4\.00x faster than \w+", said)
    assert "less time" not in said


def test_the_section_names_each_program_or_the_missing_survey() -> None:
    said = section.section(surveyed())
    shown = [[row[0] for row in table.rows] for table in said.tables]
    variants = ("direct", "direct_default", "heartbeats", "lru", "proxied")
    assert [f"ZeroMQ ({name})" for name in variants] in shown
    assert ["ZeroMQ (mesh)", "ZeroMQ (mesh_default)", "ZeroMQ (star)"] in shown
    assert ["ZeroMQ (gossip)", "ZeroMQ (registry)"] in shown
    assert any("2 large, 4 medium and 6 small peers" in text for text in said.paragraphs)
    assert "nomiddle topologies" in section.section(None).paragraphs[0]


def test_the_heat_map_shows_the_share_that_each_program_served_under_each_blow() -> None:
    (chart,) = boxes.charts(surveyed(survival=0.3), "some machine")
    words = svg(chart.figure)
    assert not re.search(r"font-size: [\d.]+px,", words), "a browser cannot read it"
    assert chart.title == (
        "If one of 3 servers freezes for good, 5 of 5 programs answer at most 30 % of "
        "requests; if a busy one is killed, 5 of 5 answer under half"
    )
    (fewer,) = boxes.charts(surveyed(survival=0.099), "")
    assert "5 of 5 programs answer under 10 % of requests" in fewer.title
    assert words.count("30 %, 2 hurt") == len(chart.table)
    told = boxes.struck(surveyed(lost=0, held=0), "servers")
    assert {row.said for row in told} == {"50 %, 2 told"}
    (calmer,) = boxes.charts(surveyed(survival=1.0, hurt=0), "")
    assert "all 5 programs answer half of the requests or more" in calmer.title
    assert calmer.title.endswith("0 of 5 answer under half")
    assert not [*boxes.charts(None, "")]


def test_a_share_on_the_heat_map_agrees_with_its_colour() -> None:
    """One lost request of 400 does not read 100 %, nor 99 % in the lower colour."""
    (missed_one, *_) = boxes.struck(surveyed(survival=0.9975, hurt=0.5), "servers")
    assert missed_one.said == "99.7 %, 0.5 hurt"
    for per_mille in range(1001):
        shown = float(boxes.share(per_mille / 1000).split()[0])
        assert shown == (per_mille / 10 if per_mille > 990 else per_mille // 10)
        assert boxes.grade(per_mille / 1000) == boxes.grade(shown / 100)


# -- drawings ------------------------------------------------------------------------------


def drawn(found: dict[str, Any]) -> dict[str, topology_facts.Drawing]:
    return {each.name: each for each in topology_facts.drawings(found)}


def test_a_drawing_has_the_programs_that_list_servers_in_the_same_box() -> None:
    found = drawn(surveyed(1, EVERY))
    assert [*found] == [
        "topology_single",
        "topology_database",
        "topology_servers_client",
        "topology_servers_middle",
        "topology_servers_nobody",
    ]
    by = {name: {row.key for row in each.rows} for name, each in found.items()}
    assert by["topology_servers_nobody"] == {
        f"zmq.{name}.python" for name in ("heartbeats", "lru", "proxied")
    }
    assert "http.apache.python" in by["topology_servers_middle"]
    assert {key.split(".")[0] for key in by["topology_servers_client"]} == {
        "http", "raw_socket", "zmq",
    }  # fmt: skip


def test_arrows_point_from_the_end_that_connects_to_the_one_that_listens() -> None:
    links = {
        row.key: {*row.links}
        for each in drawn(surveyed(1, EVERY)).values()
        for row in each.rows
        if each.topology == "servers"
    }
    database = ("server", "database")
    assert links["zmq.lru.python"] == {
        ("client", "middle"), ("server", "middle"), database,
    }  # fmt: skip
    assert links["http.nginx.python"] == {
        ("client", "middle"), ("middle", "server"), database,
    }  # fmt: skip
    assert links["zmq.direct.python"] == {("client", "server"), database}


def test_a_drawing_shows_each_median_on_its_box_and_has_a_text_alternative() -> None:
    found = surveyed(survival=0.3, edits=0)
    each = drawn(found)["topology_servers_nobody"]
    wide, narrow = (
        chart
        for chart in drawings.charts(found, "some machine")
        if chart.name.startswith(each.name)
    )
    assert wide.title == (
        "If servers connect to the middle, one joins without an edit; "
        "with a busy one killed, 30 % of requests are served"
    )
    assert (wide.page_only, narrow.page_only) == (False, True)
    for chart in (wide, narrow):
        words = svg(chart.figure)
        assert not re.search(r"font-size: [\d.]+px,", words), "a browser cannot read it"
        for blow in ("killed", "busy", "frozen", "cut"):
            boxes = 3 if blow == "killed" else 1 if blow == "busy" else 2
            assert words.count(f"{blow} 30 %") == boxes * len(each.rows)
        assert words.count("66 %") == len(each.rows), "state missed stands on an arrow"
    said = topology_facts.told(each)
    assert "ZeroMQ (lru); middle killed 30 %, frozen 30 %, cut 30 %; server killed" in said


def test_no_letters_of_a_drawing_lie_on_others_or_outside() -> None:
    found = surveyed(6, EVERY, survival=1.0)
    for chart in drawings.charts(found, "a machine with a name that is long"):
        figure = chart.figure
        assert isinstance(figure.canvas, FigureCanvasAgg)
        renderer = figure.canvas.get_renderer()
        texts = [text for text in figure.axes[0].texts if text.get_text()]
        frames = [text.get_window_extent(renderer).shrunk(0.98, 0.8) for text in texts]
        for text, frame in zip(texts, frames, strict=True):
            assert frame.x0 >= 0, (chart.name, text.get_text())
            assert frame.x1 <= figure.bbox.width, (chart.name, text.get_text())
            over = [o.get_text() for o, f in zip(texts, frames, strict=True)
                    if o is not text and f.overlaps(frame)]  # fmt: skip
            assert not over, (chart.name, text.get_text(), over)


def test_a_survey_without_a_calm_trial_has_no_drawing() -> None:
    assert not [*drawings.charts(None, "")]
    found = surveyed(busy=True)
    assert not [*drawings.charts(found, "")]


def test_the_charts_of_a_web_say_how_many_keep_their_pairs() -> None:
    found = surveyed()
    for row in found["rows"]:
        if row["topology"] == "web" and row["fault"] == "box_killed_hub":
            row["pairs_alive"] = 0.0
    struck, chaos = webs.charts(found, "some machine")
    assert struck.title == (
        "2 of 2 meshes keep the pairs of all unharmed peers; "
        "with its hub, 1 of 1 stars lose all"
    )
    assert svg(struck.figure).count("100 %") == len(struck.table) - 1
    assert (
        chaos.title
        == "Of 3 programs under a monkey, 90.0 to 90.0 % of all pairs talk on average"
    )
    assert "ZeroMQ (star)" in svg(chaos.figure)
    assert not [*webs.charts(None, "")]


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
    assert "trials are there" in ended.stdout
    assert not unfinished.exists()
    assert tally.read(out)


@pytest.mark.thorough
def test_a_survey_that_is_killed_amid_a_web_leaves_no_peer_and_no_network(
    tmp_path: Path,
) -> None:
    words = ("topologies", "--only", "zmq/mesh/web.py", "--trials", 1)
    process = start_bench(*words, "--out", tmp_path / "z.json")
    deadline = time.monotonic() + 60
    while len([*processes_with("bench.hosts.peer", f'"parent": {process.pid},')]) < 12:
        assert process.poll() is None
        assert time.monotonic() < deadline, "no web began"
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    finish(process)
    left = ("bench.hosts.peer", "bench.faults.network.holder")
    while any([*processes_with(module, f'"parent": {process.pid}')] for module in left):
        assert time.monotonic() < deadline + 20, "a process outlived the harness"
        time.sleep(0.1)


def test_a_program_that_does_not_exist_is_refused_with_those_like_it() -> None:
    ended = bench("topologies", "--only", "zmq/lur/*")
    assert ended.returncode == 1
    assert "no program matches 'zmq/lur/*'; did you mean zmq/lru/servers.py" in ended.stderr
