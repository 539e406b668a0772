"""An old consumer reads a new schema; with the old schema all is right."""

from __future__ import annotations

import pytest

pytest.importorskip("cbor2", reason="pip install '.[formats]'")

from bench.surveys.experiments.catalogue import schema_change
from bench.surveys.experiments.catalogue.schema_change import CHANGES, FORMATS
from bench.surveys.experiments.experiment import Block


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory):
    block = Block.of(0, "schema_change", tmp_path_factory.mktemp("schema"))
    return schema_change.measure(block).values


def outcome(found, subject: str) -> str:
    (only,) = (kind for kind, counts in found.items() if counts[subject])
    return only


@pytest.mark.parametrize("name", FORMATS)
def test_a_consumer_reads_its_own_version_right(found, name: str) -> None:
    assert outcome(found, f"{name}.same") == "right"


@pytest.mark.parametrize(
    ("subject", "meant"),
    [
        ("json.added", "right"),
        ("protobuf.added", "right"),
        ("struct.added", "crashed"),
        ("json.removed", "crashed"),
        ("protobuf.removed", "wrong"),
        ("json.to_float", "right"),
        ("struct.to_float", "wrong"),
        ("json.to_text", "crashed"),
        ("protobuf.to_text", "wrong"),
    ],
)
def test_a_wrong_value_is_another_outcome_than_an_error(
    found, subject: str, meant: str
) -> None:
    assert outcome(found, subject) == meant


def test_every_message_has_one_outcome(found) -> None:
    for name in FORMATS:
        for change in CHANGES:
            counts = [kinds[f"{name}.{change}"] for kinds in found.values()]
            assert sum(counts) == schema_change.MESSAGES
