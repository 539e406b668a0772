"""Ratios on loopback and over links with a delay stand side by side, and only there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import synthetic
from altered import made
from once import once
from words_of import build_words

from bench.analysis.networks import places
from bench.analysis.results import load
from bench.analysis.side import Side
from bench.analysis.two_runs import TwoRuns
from bench.contract.model import APART, Case
from bench.report.build import derive
from bench.report.charts import networks as charts
from bench.report.charts.all import look_of
from bench.report.charts.over_runs import overlays
from bench.report.model import Data, Section
from bench.report.sections import networks
from bench.trial.site import LinkCounts

DELAYS_MS = (10.0, None, 0.1)
"""In the order in which the runs are named: not that of their delays."""


def over(delay_ms: float | None) -> Callable[[Case], float]:
    """Return times of programs that take one round trip of the link for each request."""

    def seconds(case: Case) -> float:
        here_s = synthetic.usual_s(case)
        return here_s + (2e-3 * (delay_ms or 0) if case.placement == APART else 0)

    return seconds


def counts(delay_ms: float) -> LinkCounts:
    return LinkCounts(delay_ms, 123_456, 10**7, 2, 1, 1000, 12.0, 3456.0, 7.5)


def run(folder: Path, delay_ms: float | None, seed: int = 1) -> Path:
    delayed = {} if delay_ms is None else {"delay_ms": delay_ms, "link": counts(delay_ms)}
    return made(
        folder,
        seed,
        profile=synthetic.ROUND_TRIPS,
        seconds=over(delay_ms),
        hosts="namespaces",
        **delayed,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    def make(folder: Path) -> None:
        for number, delay_ms in enumerate(DELAYS_MS):
            run(folder / f"run{number}", delay_ms, 30 + number)

    folder = once(tmp_path_factory, "networks", make)
    return [folder / f"run{number}" for number in range(len(DELAYS_MS))]


@pytest.fixture(scope="module")
def data(runs: list[Path]) -> list[Data]:
    return [derive(load(folder), draw=False) for folder in runs]


@pytest.fixture(scope="module")
def sides(data: list[Data]) -> list[Side]:
    return [each.side for each in data]


@pytest.fixture(scope="module")
def section(sides: list[Side]) -> Section:
    return networks.section(sides, [])


PLACES = [
    "loopback, one CPU",
    "loopback, separate CPUs",
    "hosts apart, no delay",
    "hosts apart, 0.1 ms each way",
    "hosts apart, 10 ms each way",
]


def test_columns_go_from_loopback_to_the_longest_delay(section: Section) -> None:
    for table in section.tables:
        assert table.columns[2:] == PLACES


def test_a_long_delay_leaves_nothing_of_a_ratio(section: Section) -> None:
    ratios = section.tables[0].rows
    assert len(ratios) == 3
    (against_http,) = (row for row in ratios if "requests" in row[1])
    here, _, apart, _, far = against_http[2:]
    assert here.startswith("ZeroMQ 4.6")
    assert apart.startswith("ZeroMQ 4.6")
    assert far.startswith("equivalent")


def test_times_are_given_in_round_trips_of_the_link(section: Section) -> None:
    times = {row[1]: row[2:] for row in section.tables[1].rows}
    assert len(times) == 4
    sockets = times["BSD sockets (minimal)"]
    assert "link" not in "".join(sockets[:3])
    assert sockets[3].endswith("(1.90x the link's)")
    assert sockets[4].endswith("(1.01x the link's)")


def test_each_pair_has_a_sentence_with_all_its_places(section: Section) -> None:
    assert len(section.bullets) == 3
    for said in section.bullets:
        assert all(f"{place}: " in said for place in PLACES)


def test_the_report_gives_the_counts_of_each_link(section: Section) -> None:
    assert len(section.notes) == 2
    assert "123,456 packets and dropped 3" in section.notes[0]
    assert "7.50 s of CPU time" in section.notes[0]


def test_the_chart_has_every_ratio_of_every_place(
    sides: list[Side], data: list[Data]
) -> None:
    (chart,) = charts.charts(sides, look_of(data[0].run, "A"))
    assert len(chart.table) == 3 * len(PLACES)
    assert re.fullmatch(
        r"ZeroMQ vs HTTP \((requests|uwsgi)\): 4\.6\dx faster on loopback, one CPU, "
        "equivalent on hosts apart with 10 ms each way",
        chart.title,
    )


def test_labels_of_runs_on_one_network_have_their_names(tmp_path: Path) -> None:
    folders = [run(tmp_path / name, 1.0, number) for number, name in enumerate("ab")]
    both = [Side.of(load(folder)) for folder in folders]
    assert networks.labels(places(both))[2:] == [
        "hosts apart, 1 ms each way (a)",
        "hosts apart, 1 ms each way (b)",
    ]


def test_a_run_without_hosts_apart_has_no_such_section(tmp_path: Path) -> None:
    side = Side.of(load(made(tmp_path / "run", profile=synthetic.ROUND_TRIPS)))
    assert not networks.section([side], [])
    assert not charts.charts([side], look_of(side.run, "A"))


def test_a_report_has_the_section_and_its_chart(runs: list[Path], tmp_path: Path) -> None:
    out = build_words(runs, tmp_path)
    page = (out / "workloads.html").read_text()
    assert networks.TITLE in page
    assert "holds each packet for 10 ms in each direction" in page
    assert (out / "figures" / "over_networks.svg").exists()


def test_a_number_of_hosts_apart_has_the_delay_of_their_link(data: list[Data]) -> None:
    far, near, _ = data
    told = [entry for entry in far.entries if "delay_ms" in entry]
    assert {entry["delay_ms"] for entry in told} == {10.0}
    assert all(".apart" in entry["id"] for entry in told)
    assert all(e["sentence"].endswith("over a link with 10 ms each way") for e in told)
    kinds = {entry["kind"] for entry in told}
    assert {"absolute", "claim"} <= kinds
    assert not [entry for entry in near.entries if "delay_ms" in entry]


# -- between runs --------------------------------------------------------------------------


def test_cases_apart_are_changes_on_one_network_only(
    sides: list[Side], tmp_path: Path
) -> None:
    far, near, _ = sides
    other = TwoRuns(here=far, there=near)
    assert {row.case.placement for row in other.cases} == {"split", "shared"}
    apart = [one for one in other.declared if one.there.a.placement == APART]
    assert {one.agreement.reason for one in apart} == {"hosts apart have another network"}
    again = TwoRuns(here=Side.of(load(run(tmp_path / "again", 10.0, 40))), there=far)
    assert APART in {row.case.placement for row in again.cases}
    assert {one.agreement.result for one in again.declared} == {"agrees"}


def test_runs_on_several_networks_are_not_laid_over_each_other(
    sides: list[Side], data: list[Data]
) -> None:
    look = look_of(data[0].run, "A")
    named = {side.name: side for side in sides}
    drawn = overlays(named, "run", lambda _: True, look)
    assert {chart.name for chart in drawn} == {"runs_split", "runs_shared"}
