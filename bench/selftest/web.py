"""Pairs, news and jobs of a web are known of a program that was made for that.

It leaves one request of eleven unanswered, always of the same pairs, has every fifth piece
of news twice, and forgets every tenth job. If one of four workers is killed, its part of
the jobs is lost as well. Whichever peer is killed, the pairs of the others stay as they
were: theory gives the number that is left of all N (N - 1).

A beacon that shouts every half second is heard by the last peer within that time.
"""

from __future__ import annotations

from pathlib import Path

from bench.contract.topology import Topology, players, topologies
from bench.faults.boxes import CALM
from bench.selftest.answers import KnownAnswer
from bench.selftest.losses import FAULTY
from bench.surveys.topologies.profiles import WEBS_AT_ONCE
from bench.surveys.topologies.survey import Row, Wanted, make

NAME, PROGRAM = "web", "counted"
FINDING, BEACON, PERIOD_S = "discovery", "raw_socket.beacon.python", 0.5
SLOW_S = 0.25
"""How much later than that a busy machine may be."""
KILLED = "box_killed_medium"
OF_PAIRS = 0.03
"""A window of two seconds may have no request of some pair."""
OF_JOBS = 0.06
"""Some two hundred jobs: three standard errors, and those that cross the blow."""
OF_NEWS = 0.03
ANSWERED, TWICE, DONE = 10 / 11, 1 / 5, 9 / 10


def expected(topology: Topology) -> dict[str, dict[str, tuple[float, float]]]:
    """Return what is known of each situation: by measure the value, and how near it is."""
    peers = topology.asking
    workers = next(box.count for box in topology.boxes if "work" in box.roles)
    left = (peers - 1) * (peers - 2) / (peers * (peers - 1))
    every = {
        "pairs_alive": (ANSWERED, OF_PAIRS),
        "survival": (ANSWERED, OF_PAIRS),
        "news_doubled": (TWICE, OF_NEWS),
        "news_lost": (0.0, 0.0),
    }
    return {
        CALM: every | {"pairs_of_all": (ANSWERED, OF_PAIRS), "jobs_once": (DONE, OF_NEWS)},
        KILLED: every
        | {
            "pairs_of_all": (ANSWERED * left, OF_PAIRS),
            "jobs_once": (DONE * (1 - 1 / workers), OF_JOBS),
        },
    }


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make a trial of each situation, side by side as in a survey."""
    del blocks, logs
    topology = topologies()[NAME]
    (cell,) = (c for c in players(topology, FAULTY) if c.variant.name == PROGRAM)
    known = expected(topology)
    rows: dict[str, Row] = {}
    wanted = [Wanted(topology, cell, fault, 0) for fault in known]
    make(wanted, seed, lambda row: rows.update({row["fault"]: row}), WEBS_AT_ONCE)
    return [
        *(
            _answer(rows[fault], measure, *value)
            for fault, values in known.items()
            for measure, value in values.items()
        ),
        _heard(seed),
    ]


def _heard(seed: int) -> KnownAnswer:
    """Compare the time in which peers find each other by a beacon with its period."""
    topology = topologies()[FINDING]
    (cell,) = (c for c in players(topology) if c.key == BEACON)
    rows: list[Row] = []
    make([Wanted(topology, cell, CALM, 0)], seed, rows.append, 1)
    question, most = "time to find each other by a beacon", PERIOD_S + SLOW_S
    if "error" in rows[0]:
        return KnownAnswer(question, "", rows[0]["error"], "a value", passed=None)
    joined_s = rows[0]["joined_s"]
    return KnownAnswer(
        question,
        f"each {PERIOD_S:g} s",
        f"{joined_s:.3f} s",
        f"0 to {most:g} s",
        0 < joined_s <= most,
        needs_quiet=True,
    )


def _answer(row: Row, measure: str, value: float, within: float) -> KnownAnswer:
    question = f"{measure} of a web, {row['fault']}"
    if "error" in row:
        return KnownAnswer(question, "", row["error"], "a value", passed=False)
    return KnownAnswer(
        question,
        f"{value:.3f}",
        f"{row[measure]:.3f}",
        f"{value - within:.3f} to {value + within:.3f}",
        abs(row[measure] - value) <= within,
        needs_quiet=True,
    )
