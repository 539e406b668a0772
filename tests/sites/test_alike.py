"""Hosts with other versions are refused, with a table of what differs."""

from __future__ import annotations

import pytest
from helpers_bench import find_cell

from bench.errors import NotMeasurable
from bench.sites import alike
from bench.sites.far import Far
from bench.trial.addresses import LOOPBACK
from bench.trial.versions import version_of


def test_a_program_needs_python_its_packages_and_libraries_inside_of_them() -> None:
    cells = [find_cell("zmq/minimal/request_reply.py")]
    assert alike.names_behind(cells) == ["python", "pyzmq", "libzmq"]
    in_c = alike.names_behind([find_cell("zmq/minimal/request_reply.c")])
    assert {"gcc", "libzmq in C"} <= {*in_c}


def test_the_same_software_is_no_reason_to_refuse() -> None:
    with Far("a", LOOPBACK) as site:
        alike.refuse_unlike(["python", "aiohttp", "no-such-package"], [site])


def test_versions_that_differ_are_shown_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def other(name: str) -> str | None:
        return "0.1" if name == "aiohttp" else version_of(name)

    monkeypatch.setattr(alike, "version_of", other)
    refusing = pytest.raises(NotMeasurable, match="install the same everywhere")
    with Far("a", LOOPBACK) as one, Far("b", LOOPBACK) as two, refusing as refused:
        alike.refuse_unlike(["python", "aiohttp", "pyzmq"], [one, two])
    lines = str(refused.value).splitlines()[1:]
    here = version_of("aiohttp")
    assert [line.split() for line in lines] == [
        ["harness", "a", "b"],
        ["aiohttp", "0.1", here, here],
    ]
