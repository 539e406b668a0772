"""Processes of experiments complain to the harness, and not to the terminal."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from bench.errors import NotMeasurable, TrialError
from bench.surveys.experiments import in_c, ports
from bench.surveys.experiments.processes import line, started
from bench.surveys.experiments.settled import settled
from bench.trial import build
from bench.trial.build import BuildError

COMPLAINS = "import sys; print('first', file=sys.stderr); sys.exit('the last word')"
GREETS = (
    "import sys; print('a warning', file=sys.stderr); print('ready', flush=True); input()"
)


def test_an_error_has_the_last_line_of_a_program_that_ended(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with (
        pytest.raises(TrialError, match=r"ended; .* wrote: the last word$"),
        started([sys.executable, "-c", COMPLAINS]) as process,
    ):
        line(process)
    assert capfd.readouterr() == ("", "")


def test_stderr_goes_to_a_named_file_and_not_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    errors = tmp_path / "errors.log"
    with started([sys.executable, "-c", GREETS], errors=errors) as process:
        assert line(process) == "ready"
    assert errors.read_text() == "a warning\n"
    assert capfd.readouterr() == ("", "")


def test_a_count_settles_when_it_no_longer_changes() -> None:
    counts = iter([1, 2, 3])
    assert settled(lambda: next(counts, 4), still_s=0.2) == 4


def test_a_port_is_awaited_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    port, other = ports.free_ports(2)
    assert port != other
    with socket.create_server(("127.0.0.1", port)) as listener:
        ports.await_listening(port)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    monkeypatch.setattr(ports, "START_S", 0.1)
    with pytest.raises(TrialError, match=f"nobody listens at port {other}"):
        ports.await_listening(other)


def test_a_program_in_c_is_built_once_and_its_error_is_the_compilers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    monkeypatch.setattr(build, "PROJECT", tmp_path)
    source = tmp_path / "program.c"
    source.write_text("int main(void) { return 0; }\n")
    try:
        program = in_c.built(source, {})
    except NotMeasurable as error:
        pytest.skip(str(error))
    built_ns = program.stat().st_mtime_ns
    assert in_c.built(source, {}).stat().st_mtime_ns == built_ns
    source.write_text("int main(void) { return missing; }\n")
    with pytest.raises(BuildError, match=r"program\.c does not compile:\n(.*\n)*.*missing"):
        in_c.built(source, {})
    with pytest.raises(NotMeasurable, match="apt-get install libnone-dev"):
        in_c.built(source, {"none-such": "libnone-dev"})
