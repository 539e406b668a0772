"""Every server echoes, and the client's half of a program does not count."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.embedded_servers import experiment
from bench.surveys.experiments.experiment import Block

BODY = bytes(range(256)) * 100


@pytest.mark.parametrize("subject", experiment.SUBJECTS)
def test_a_server_echoes_two_bodies_over_one_connection(
    subject: str, tmp_path: Path
) -> None:
    try:
        with experiment.SERVERS[subject](subject, tmp_path) as port:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            for body in (BODY, BODY[::-1]):
                client.request("POST", "/", body)
                assert client.getresponse().read() == body
            client.close()
    except NotMeasurable as error:
        pytest.skip(str(error))


def test_the_clients_half_of_a_program_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        "import asked\nimport served\nfrom limits import LONGEST, allowed\n"
        "def serve():\n    served.run(LONGEST)\n"
        "def call():\n    allowed(asked.one())\n"
    )
    assert experiment.server_half(path).split("\n") == [
        "import served",
        "from limits import LONGEST",
        "",
        "def serve():",
        "    served.run(LONGEST)",
    ]


@pytest.mark.thorough
def test_only_fastcgi_takes_a_second_server_and_its_configuration(tmp_path: Path) -> None:
    """The others are the control: one program each, which the same client reaches."""
    found = experiment.measure(Block.of(0, "embedded_servers", tmp_path))
    lines = found.values["configuration_lines"]
    assert {name for name, count in lines.items() if count} == {"fastcgi"}
    timed = found.values["round_trip_us"].keys()
    assert timed | found.left_out.keys() == experiment.SUBJECTS.keys()
    assert timed & {"aiohttp", "http_server"}


def test_each_server_has_a_release_and_an_answer() -> None:
    assert experiment.RELEASES.keys() == experiment.SUBJECTS.keys()
    assert experiment.GOES_ON.keys() == experiment.SUBJECTS.keys()
    assert experiment.PROGRAMS.keys() == experiment.SERVERS.keys()
