"""aiohttp speaks TLS and uses two processes without a server in front of it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.tls_and_cores.experiment import Client, asked, site


@pytest.mark.parametrize(
    ("subject", "processes"), [("plain", 1), ("alone", 1), ("several", 2), ("nginx", 2)]
)
def test_as_many_processes_answer_as_share_the_port(
    subject: str, processes: int, tmp_path: Path
) -> None:
    try:
        with site(subject, tmp_path) as client:
            _, answering = client.new()
    except NotMeasurable as error:
        pytest.skip(str(error))
    assert answering == processes


def test_a_client_without_the_certificate_is_turned_away(tmp_path: Path) -> None:
    try:
        with site("alone", tmp_path) as client, client.connected() as connection:
            assert asked(connection)
            (other := tmp_path / "other").mkdir()
            with site("nginx", other):
                stranger = Client(client.port, other / "keys" / "server.pem")
                with pytest.raises(ssl.SSLError), stranger.connected():
                    pass
    except NotMeasurable as error:
        pytest.skip(str(error))
