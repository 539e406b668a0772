"""``size`` as a user sees it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.analysis.language_cost import QUOTE
from bench.cli import size as cli_size
from bench.cli.main import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["size", *arguments], env={"COLUMNS": "200"})


def test_the_table_has_a_row_for_each_program_and_totals() -> None:
    result = run("zmq/minimal/*", "zmq/slide/*")
    assert result.exit_code == 0, result.output
    for part in ("zmq/minimal/fan_out.py", "zmq/minimal, all in python", "connection"):
        assert part in result.output
    assert "zmq request_reply:" not in result.output  # Python against C was not asked for
    assert "lossless" not in result.output


def test_programs_are_chosen_by_stack_and_workload() -> None:
    result = run("--stack", "zmq", "--workload", "pipeline", "--json")
    rows = json.loads(result.output)
    assert {(row["stack"], row["workload"]) for row in rows} == {("zmq", "pipeline")}
    assert {row["language"] for row in rows} == {"python", "c"}


def test_csv_has_the_same_numbers_as_json() -> None:
    whole = json.loads(run("--stack", "http", "--json").output)
    rows = list(csv.DictReader(io.StringIO(run("--stack", "http", "--csv").output)))
    assert [row["cell"] for row in rows] == [row["cell"] for row in whole]
    for row, full in zip(rows, whole, strict=True):
        assert int(row["statements"]) == full["statements"]
        assert int(row["names"]) == len(full["names"])
        shares = (int(row[kind]) for kind in full["shares"])
        assert sum(shares) == full["statements"]


def test_size_compares_python_with_c_on_request() -> None:
    said = run("zmq/minimal/*", "zmq/slide/*", "--c-ports").output
    assert QUOTE in said
    assert "zmq request_reply:" in said
    assert (
        "None of these programs has a C port."
        in run("http/websocket/*", "--c-ports").output
    )


def test_size_lists_names_of_libraries_on_request() -> None:
    assert (
        "names: Context, REP, REQ," in run("zmq/minimal/request_reply.py", "--names").output
    )


def test_a_stack_may_be_named_as_charts_name_it() -> None:
    assert run("--stack", "BSD sockets", "--json").output == (
        run("--stack", "raw_socket", "--json").output
    )


def test_an_unknown_stack_is_named_with_the_next_step() -> None:
    result = run("--stack", "carrier_pigeon")
    assert result.exit_code == 1
    assert "see `nomiddle list`" in result.output
    assert run("zmq/minimal/request_repl.py").exit_code == 1


def test_size_has_a_row_of_weights_for_each_stack() -> None:
    result = run("--stack", "raw_socket", "--weight", "--json")
    (weight,) = json.loads(result.output).values()
    assert weight["packages"] == []
    assert weight["threads"] == 1


def test_a_file_that_cannot_be_counted_is_named_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {
        "own/stack.toml": 'label = "Own"\n[variants.minimal]\ntransports = ["tcp"]\n'
        "promises.request_reply = []\n",
        "own/minimal/request_reply.py": "def serve(:\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(cli_size, "IMPLEMENTATIONS", tmp_path)
    result = run()
    assert result.exit_code == 1
    assert "request_reply.py:1: " in result.output
