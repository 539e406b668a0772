"""The examples of docs/adding-a-topology.md are whole: each is taken from it, and runs."""

from __future__ import annotations

import os
import shutil
import textwrap
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import hosts_of
from helpers_faults import run_undisturbed

from bench.contract.model import IMPLEMENTATIONS, PROJECT, Case, Cell
from bench.contract.topology import (
    Topology,
    edited,
    players,
    read_topology,
    reconfigures,
    topologies,
)
from bench.errors import NotMeasurable
from bench.faults.boxes import ADDED, CALM, faults
from bench.measure.code.configuration import configuration
from bench.measure.survival import measure
from bench.surveys.topologies.survey import lacks

PAGE = PROJECT / "docs" / "adding-a-topology.md"


def shown(after: str) -> str:
    """Return the indented text that comes next after some words of the page."""
    text = PAGE.read_text(encoding="utf-8")
    lines = text[text.index(after) :].splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("    "))
    block = []
    for line in lines[first:]:
        if line and not line.startswith("    "):
            break
        block.append(line)
    return textwrap.dedent("\n".join(block)).strip() + "\n"


@pytest.fixture(scope="module")
def variant(tmp_path_factory: pytest.TempPathFactory) -> Cell:
    """The program of the page's folder, in a copy of the stack of HTTP."""
    root = tmp_path_factory.mktemp("implementations")
    shutil.copytree(IMPLEMENTATIONS / "http", root / "http")
    folder = root / "http" / "haproxy_sticky"
    folder.mkdir()
    (folder / "servers.py").write_text(shown("The first is"))
    (folder / "haproxy.cfg").write_text(shown("The second is"))
    with (root / "http" / "stack.toml").open("a") as manifest:
        manifest.write(f"\n{shown('gets a table')}")
    found = players(topologies()["servers"], root)
    return next(cell for cell in found if cell.variant.name == "haproxy_sticky")


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Topology, Cell]:
    """The page's topology, and its program."""
    root = tmp_path_factory.mktemp("sites")
    (root / "sites.toml").write_text(shown("Make a file `sites.toml`"))
    folder = root / "zmq" / "minimal"
    folder.mkdir(parents=True)
    (folder / "sites.py").write_text(shown("On ZeroMQ it is"))
    shutil.copy(IMPLEMENTATIONS / "zmq" / "stack.toml", root / "zmq")
    topology = read_topology(root / "sites.toml")
    (cell,) = players(topology, root)
    return topology, cell


def tried(topology: Topology, cell: Cell, name: str, folder: Path) -> dict[str, Any]:
    if lacking := lacks(cell):
        pytest.skip(lacking)
    fault = faults(topology, cell)[name]
    facts = ("tcp", fault.setup.size_bytes, fault.setup.instances, "free")
    case = Case(cell, "survival", *facts, fault=name)
    try:
        return measure(run_undisturbed(case, fault, folder))
    except NotMeasurable as error:
        pytest.skip(str(error))


def test_the_variant_is_known_by_its_folder_and_its_signatures(variant: Cell) -> None:
    servers = topologies()["servers"]
    assert variant.id == "http/haproxy_sticky/servers.py"
    assert [box.name for box in edited(servers, variant)] == ["middle"]
    assert reconfigures(variant)
    assert {"box_killed_middle", "box_frozen_middle"} <= {*faults(servers, variant)}
    assert configuration(variant.path.parent).directives == 12


def test_situations_of_the_topology_follow_from_its_boxes(
    sites: tuple[Topology, Cell],
) -> None:
    topology, cell = sites
    names = {*faults(topology, cell)}
    assert {"box_killed_gate", "box_frozen_hub", "box_cut_server", ADDED, CALM} <= names
    assert "box_killed_database" not in names
    assert edited(topology, cell) == ()


@pytest.mark.thorough
@pytest.mark.parametrize("name", [CALM, ADDED])
def test_the_variant_serves_every_request(name: str, variant: Cell, tmp_path: Path) -> None:
    found = tried(topologies()["servers"], variant, name, tmp_path)
    assert found["reported"] == 0
    assert found["missed"] == 0, "a client keeps its server"
    if name == ADDED:
        assert (found["edits"], found["reloads"], found["restarts"]) == (1, 1, 0)
        assert sum(share > 0 for share in found["shares"].values()) == 3
    assert not hosts_of(os.getpid())


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "served"), [(CALM, 1.0), ("box_killed_gate", 0.0)])
def test_the_topology_is_played_and_struck(
    name: str, served: float, sites: tuple[Topology, Cell], tmp_path: Path
) -> None:
    found = tried(*sites, name, tmp_path)
    assert found["survival"] == pytest.approx(served, abs=0.1)
