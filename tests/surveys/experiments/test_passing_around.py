"""Which values come back from other languages; the control returns all of them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

pytest.importorskip("msgpack", reason="pip install '.[formats]'")

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.passing_around import experiment
from bench.surveys.experiments.experiment import Block


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("passing")
    return experiment.measure(Block.of(0, "passing_around", folder))


def outcomes(found, subject: str) -> dict[str, str]:
    if subject not in found.values["same"]:
        pytest.skip(f"left out: {found.left_out}")
    return {value: said[subject] for value, said in found.answers.items()}


@pytest.mark.parametrize("way", experiment.WAYS)
def test_a_layout_that_both_ends_know_returns_every_value(found, way: str) -> None:
    assert set(outcomes(found, f"struct.{way}").values()) == {"same"}


def test_python_alone_changes_no_value(found) -> None:
    said = outcomes(found, "json.python")
    assert said.pop("bytes").startswith("refused by Python")
    assert set(said.values()) == {"same"}


def test_a_whole_number_beyond_53_bits_comes_back_different_from_node(found) -> None:
    said = outcomes(found, "json.node")
    assert said["7"] == "same"
    assert said["2^53 + 1"] == f"different: {2**53}"


def test_c_refuses_nan_in_json_and_keeps_whole_numbers(found) -> None:
    said = outcomes(found, "json.c")
    assert said["NaN"].startswith("refused by C")
    assert said["2^53 + 1"] == said["the least int64"] == "same"


def test_every_value_has_one_outcome(found) -> None:
    for subject in found.values["same"]:
        counts = [kinds[subject] for kinds in found.values.values()]
        assert sum(counts) == len(experiment.VALUES)


@pytest.mark.parametrize(
    ("value", "other", "same"),
    [
        (1.0, 1, False),
        (1, True, False),
        (math.nan, math.nan, True),
        (math.nan, 0.0, False),
        (b"a", "a", False),
        ("a", "a", True),
    ],
)
def test_a_value_of_another_type_is_not_the_same(value, other, same: bool) -> None:
    assert experiment.is_same(value, other) is same


def test_ways_through_a_missing_language_are_left_out_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def only_c(language: str) -> list[str]:
        raise NotMeasurable(f"apt-get install {language}")

    monkeypatch.setattr(experiment, "command", only_c)
    made = experiment.measure(Block.of(0, "passing_around", tmp_path))
    assert made.left_out == {"c": "apt-get install c", "node": "apt-get install node"}
    assert made.values["same"].keys() == {f"{n}.python" for n in experiment.FORMATS}
