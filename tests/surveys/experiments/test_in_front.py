"""A front closes what says nothing and hides a restart; aiohttp alone does neither."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.in_front import experiment, fronts, load

PATIENT_S = 20.0
"""How long to watch what ends by itself: a busy machine may need a while."""


@contextmanager
def accepting(closes: bool) -> Iterator[int]:
    """Yield the port of a server that closes each connection, or keeps all open."""
    with socket.create_server(("127.0.0.1", 0), backlog=load.STRANGERS) as listener:
        kept = []

        def accept() -> None:
            for _ in range(load.STRANGERS):
                connection, _ = listener.accept()
                if closes:
                    connection.close()
                else:
                    kept.append(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        for connection in kept:
            connection.close()


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("is_slow", [False, True])
@pytest.mark.parametrize("closes", [False, True])
def test_strangers_notice_whether_they_are_closed(
    closes: bool, is_slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if closes:
        monkeypatch.setattr(load, "WATCHED_S", PATIENT_S)
    with accepting(closes) as port:
        strangers = load.Strangers(port, is_slow)
        closed_s = strangers.closed_s()
        strangers.close()
    assert math.isinf(closed_s) == (not closes)


@pytest.mark.parametrize("front", fronts.FRONTS.values(), ids=fronts.FRONTS)
def test_a_site_has_as_many_lines_as_its_file(front: fronts.Front, tmp_path: Path) -> None:
    ports = {"front": 1, "first": 2, "second": 3}
    words = front.configured(tmp_path, front.site_with(ports))
    site = (tmp_path / "site.conf").read_text()
    assert "$" not in site
    assert fronts.configuration_lines(front.site) == len(site.splitlines())
    assert str(tmp_path / "main.conf") in words


@pytest.mark.thorough
@pytest.mark.parametrize("name", fronts.FRONTS)
def test_the_workers_of_a_front_die_with_it(name: str, tmp_path: Path) -> None:
    try:
        with experiment.site(name, tmp_path) as made:
            assert load.round_trip_us(made.port) < math.inf  # so it has workers
            added = made.added
    except NotMeasurable as error:
        pytest.skip(str(error))
    assert len(added) > 1
    ends_s = time.monotonic() + 20
    while any(map(alive, added)):
        assert time.monotonic() < ends_s
        time.sleep(0.01)


@pytest.mark.thorough
def test_nginx_closes_strangers_and_hides_a_restart_that_aiohttp_alone_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment, "STILL_S", 2.0)
    try:
        with monkeypatch.context() as patient:
            patient.setattr(load, "WATCHED_S", PATIENT_S)
            behind, _ = experiment.tried("nginx", tmp_path / "nginx")
    except NotMeasurable as error:
        pytest.skip(str(error))
    alone, _ = experiment.tried("alone", tmp_path / "alone")
    assert alone["failed_idle"] == behind["failed_idle"] == 0
    assert alone["failed_restart"] > behind["failed_restart"]
    assert math.isinf(alone["silent_closed_s"])
    assert behind["silent_closed_s"] < math.inf
    assert (alone["reached"], behind["reached"]) == (load.STRANGERS, 0)
