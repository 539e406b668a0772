"""A comparison as one file, and all pages as one: what a person sends to another."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from once import once, run_made_once
from words_of import build_words

from bench.analysis.results import load
from bench.cli.main import main
from bench.contract.model import IMPLEMENTATIONS
from bench.errors import UsageError
from bench.report.numbers.alias import alias
from bench.report.numbers.citation import fitting
from bench.report.pages.comparison import write
from bench.report.pages.site import joined

BYTES_MAX = 1e6
PAIR = (
    "request_reply.latency.64B.tcp.1_clients.shared.{}.minimal.python.vs.{}.minimal.python"
)
ID = PAIR.format("zmq", "raw_socket")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_made_once(tmp_path_factory, "page run")


@pytest.fixture(scope="module")
def out(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "comparison words", lambda out: build_words([run], out))


def test_a_comparison_is_one_page_with_both_programs_and_every_value(
    run: Path, out: Path, tmp_path: Path
) -> None:
    made = write(alias(ID), out / "numbers.json", run.parent, tmp_path / "comparison.html")
    text = made.read_text()
    assert len(text) < BYTES_MAX
    assert not re.search(r"(https?:)?//[a-z]", text)
    assert not re.search(r"""(?:src|href)=["'](?!#)""", text)
    plain = unescape(re.sub(r"<[^>]*>", "", text))
    for stack in ("zmq", "raw_socket"):
        program = IMPLEMENTATIONS / stack / "minimal" / "request_reply.py"
        assert program.read_text().strip() in plain
        assert f"--only '{stack}/minimal/request_reply.py'" in plain
    data = load(run)
    assert f"--seed {data.about['seed']}" in plain
    for value in data.values_s(ID.split(".vs.")[0]):
        assert f"{value:.6g}" in plain


def test_a_page_of_no_comparison_or_without_data_is_refused(
    run: Path, out: Path, tmp_path: Path
) -> None:
    numbers = out / "numbers.json"
    (other,) = fitting("request_reply.size.statements.zmq.minimal.python", numbers)
    with pytest.raises(UsageError, match="is no comparison of two programs"):
        write(other, numbers, run.parent)
    with pytest.raises(UsageError, match=f"the run {run.name} is not in"):
        write(ID, numbers, tmp_path)
    done = CliRunner().invoke(main, ["report", "--claim", ID, str(run), str(run)])
    assert done.exit_code != 0
    assert "name at most one RUN" in done.output


def test_one_file_has_the_text_of_every_page_and_leads_within_itself(out: Path) -> None:
    text = joined(out).read_text()
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for address in re.findall(r'href="([^"]*)"', text):
        name, _, target = address.partition("#")
        assert name in ("", "explore.html") or name.startswith("side_by_side/"), address
        assert not target or name or target in ids, address
    for page in ("workloads", "code", "claims", "method"):
        heading = re.search(r"<h1>(.*?)</h1>", (out / f"{page}.html").read_text())
        assert heading
        assert heading[1] in text
