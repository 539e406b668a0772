"""Which answers of ZeroMQ change with the transport; the kernel's change with few."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.surveys.experiments.catalogue.transports import experiment
from bench.surveys.experiments.catalogue.transports.questions import (
    HWM,
    IPC,
    QUESTIONS,
    TCP,
    TRANSPORTS,
)
from bench.surveys.experiments.experiment import Block


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("transports")
    return experiment.measure(Block.of(0, "transports", folder)).values


def test_every_transport_answers_every_question(answers) -> None:
    assert len(QUESTIONS) == 12
    for question in QUESTIONS:
        assert answers[question].keys() >= {*TRANSPORTS}, question


@pytest.mark.parametrize(
    ("question", "tcp", "ipc", "inproc"),
    [
        ("connects_first", 1, 1, 1),
        ("last_arrives", 1, 1, 1),
        ("second_bind_refused", 1, 0, 1),
        ("follows_restart", 1, 1, 0),
        ("crosses_contexts", 1, 1, 0),
        ("curve_enforced", 1, 1, 0),
        ("monitored", 1, 1, 0),
    ],
)
def test_an_answer_depends_on_the_transport(
    answers, question: str, tcp: int, ipc: int, inproc: int
) -> None:
    assert [answers[question][name] for name in TRANSPORTS] == [tcp, ipc, inproc]


def test_inproc_holds_the_sum_of_both_high_water_marks(answers) -> None:
    assert answers["accepted"]["inproc"] == 2 * HWM
    assert answers["accepted"][TCP] > 2 * answers["accepted"][IPC]


def test_the_kernel_refuses_a_second_listener_on_either_path(answers) -> None:
    refused = answers["second_bind_refused"]
    assert refused["sockets_tcp"] == refused["sockets_ipc"] == 1
    assert answers["differing"]["sockets"] < answers["differing"]["zmq"]


def test_counts_of_messages_differ_from_a_ratio_of_two_on() -> None:
    values = {name: {TCP: 1.0, IPC: 1.0} for name in QUESTIONS}
    values["accepted"] = {TCP: 199.0, IPC: 100.0}
    assert experiment.differing(values, (TCP, IPC)) == 0
    values["accepted"][TCP] = 200.0
    values["monitored"][IPC] = 0.0
    assert experiment.differing(values, (TCP, IPC)) == 2
