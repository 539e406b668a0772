"""Every format returns what it was given; the control costs next to nothing."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("cbor2", reason="pip install '.[formats]'")

from bench.surveys.experiments.catalogue.serialization import experiment
from bench.surveys.experiments.catalogue.serialization.payloads import (
    ARRAY,
    PAYLOADS,
    SIZE_BYTES,
    make,
    same,
)

formats = pytest.importorskip(
    "bench.surveys.experiments.catalogue.serialization.formats",
    reason="pip install '.[formats]'",
)

MICROSECONDS = {
    f"{name}.{payload}.{direction}": 10.0
    for name in experiment.FORMATS
    for payload in PAYLOADS
    for direction in ("encode", "decode", "hop")
}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("one", formats.FORMATS, ids=lambda one: one.name)
def test_a_format_returns_the_payload_that_it_was_given(one, payload) -> None:
    encode, decode = one.functions[payload]
    value = make(payload)
    sent = [bytes(frame) for frame in encode(value)]
    assert same(payload, value, decode(sent))


def test_the_formats_have_the_names_of_the_sentences() -> None:
    made = [one.name for one in (formats.BARE, *formats.FORMATS)]
    assert made == [*experiment.FORMATS]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_as_large_as_its_name(payload: str) -> None:
    value = make(payload)
    size_bytes = value.nbytes if payload == ARRAY else len(json.dumps(value).encode())
    assert size_bytes == pytest.approx(SIZE_BYTES[payload], rel=0.1)


def test_a_format_without_field_names_takes_fewer_bytes() -> None:
    size_bytes = experiment.sizes()["size_bytes"]
    for payload in PAYLOADS:
        assert size_bytes[f"struct.{payload}"] < size_bytes[f"msgpack.{payload}"]
        assert size_bytes[f"msgpack.{payload}"] < size_bytes[f"json.{payload}"]


def test_a_share_counts_both_ends_of_request_and_reply() -> None:
    assert experiment.share(10.0, 60.0) == 25.0
    assert experiment.share(0.0, 60.0) == 0.0


def test_only_multipart_pays_for_further_frames() -> None:
    dearer = {**MICROSECONDS, "multipart.record.hop": 110.0, "json.record.hop": 110.0}
    assert experiment.conversion_us(dearer, "multipart", "record") == 120.0
    assert experiment.conversion_us(dearer, "json", "record") == 20.0


def test_multipart_has_no_share_where_there_are_no_frames() -> None:
    trips = {(p, stack): 60.0 for p in PAYLOADS for stack in experiment.STACKS}
    found = dict(experiment.shares(MICROSECONDS, trips))
    assert "multipart.record.zmq" in found
    assert "multipart.record.http" not in found
    assert found.keys() <= experiment.SUBJECTS.keys()


@pytest.mark.thorough
def test_a_block_has_every_subject_and_the_control_costs_next_to_nothing(tmp_path) -> None:
    from bench.surveys.experiments.experiment import Block

    values = experiment.measure(Block.of(0, "serialization", tmp_path)).values
    assert {s for found in values.values() for s in found} == experiment.SUBJECTS.keys()
    for payload in PAYLOADS:
        bare_us = values["encode_us"][f"bytes.{payload}"]
        assert bare_us < values["encode_us"][f"json.{payload}"]
