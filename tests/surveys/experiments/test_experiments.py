"""Experiments are made in blocks, kept, continued, and become numbers with intervals."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli.main import main
from bench.errors import NotMeasurable, ResultsError, TrialError, UsageError
from bench.report.sections import experiments as section
from bench.report.talk_claims.conditions import compiled
from bench.report.talk_claims.judge import read_claims
from bench.surveys.experiments import kept
from bench.surveys.experiments.all_experiments import all_experiments, choose
from bench.surveys.experiments.experiment import (
    FULL,
    STANDARD,
    Block,
    Experiment,
    Found,
    Quantity,
)
from bench.surveys.experiments.make import BLOCKS, forget, make

EVERY = all_experiments()
Measure = Callable[[Block], Found]


def experiment(measure: Measure, name: str = "waiting") -> Experiment:
    return Experiment(
        name=name,
        asks="How long does it take?",
        control="Not to wait.",
        subjects={"patient": "a program that waits", "other": "a program that does not"},
        quantities={"time_s": Quantity("s", "{subject} takes {value} s", most=math.inf)},
        measure=measure,
    )


def seconds(*values: float) -> Measure:
    found: Iterator[float] = iter(values)
    return lambda _: Found({"time_s": {"patient": next(found), "other": 0.0}})


def made(path: Path, one: Experiment, blocks: int = BLOCKS) -> list[str]:
    said: list[str] = []
    failed = make([one], path, blocks, said.append)
    assert len(said) == blocks
    return failed


def test_a_number_is_the_median_over_blocks_with_its_interval(tmp_path: Path) -> None:
    path = tmp_path / kept.FILE
    assert not made(path, experiment(seconds(1, 2, 3, 4, 5, math.inf)))
    entry = next(section.numbers(kept.read(path)))
    assert entry["id"] == "waiting.time_s.patient"
    assert (entry["value"], entry["ci_low"], entry["ci_high"]) == (3.5, 1, None)
    assert entry["confidence"] == pytest.approx(1 - 2 / 2**6)
    assert entry["sentence"] == "A program that waits takes 3.50 s"
    assert "never" in str(section.section(kept.read(path)).tables[1].rows)


def test_a_time_that_was_never_reached_has_no_unit_in_its_sentence() -> None:
    told = {"unit": "ms", "says": "{subject} answers after {value} ms"}
    assert section.sentence(told, "it", math.inf) == "It answers never"
    assert section.sentence(told, "it", 2.0) == "It answers after 2 ms"


def test_the_report_has_the_time_of_each_profile(tmp_path: Path) -> None:
    path = tmp_path / kept.FILE
    for name, profile in (("quick", STANDARD), ("slow", FULL)):
        made(path, replace(experiment(seconds(*[0.0] * 6), name), profile=profile))
    document = json.loads(path.read_text())
    for name, took_s in (("quick", 5.0), ("slow", 20.0)):
        document["experiments"][name]["took_s"] = [took_s] * 6
    path.write_text(json.dumps(document))
    found = section.section(kept.read(path))
    assert found.paragraphs[1] == (
        "The 1 experiment of `standard` took 0.50 minutes. "
        "The 1 experiment of `full` took 2.0 minutes more."
    )
    listed = [
        dict(zip(found.tables[0].columns, row, strict=True)) for row in found.tables[0].rows
    ]
    assert [(row["profile"], row["seconds in all"]) for row in listed] == [
        ("standard", "30"),
        ("full", "120"),
    ]


def test_a_document_of_before_shows_the_profile_of_today() -> None:
    row = {"name": "absent_peer", "profile": STANDARD}
    assert section.with_profile(row)["profile"] == EVERY["absent_peer"].profile == FULL
    gone = {"name": "gone", "profile": STANDARD}
    assert section.with_profile(gone) == gone


def test_too_few_blocks_give_no_interval(tmp_path: Path) -> None:
    path = tmp_path / kept.FILE
    made(path, experiment(seconds(1, 2)), blocks=2)
    entry = next(section.numbers(kept.read(path)))
    assert (entry["ci_low"], entry["confidence"], entry["blocks"]) == (None, None, 2)


def test_after_an_interrupt_only_missing_blocks_are_made(tmp_path: Path) -> None:
    def interrupted(block: Block) -> Found:
        if block.number == 2:
            raise KeyboardInterrupt
        return Found({"time_s": {"patient": float(block.number)}})

    path = tmp_path / kept.FILE
    one = experiment(interrupted)
    with pytest.raises(KeyboardInterrupt):
        made(path, one)
    assert not made(path, replace(one, measure=seconds(2, 3, 4, 5)))
    (row,) = kept.rows(kept.read(path))
    assert [block["time_s"]["patient"] for block in row["blocks"]] == [0, 1, 2, 3, 4, 5]
    forget([one], path)
    assert not kept.rows(kept.read(path))


def test_blocks_of_another_program_are_not_continued(tmp_path: Path) -> None:
    path = tmp_path / kept.FILE
    made(path, experiment(seconds(1, 1)), blocks=2)
    document = json.loads(path.read_text())
    document["experiments"]["waiting"]["program"] = "another"
    path.write_text(json.dumps(document))
    made(path, experiment(seconds(2, 2)), blocks=2)
    (row,) = kept.rows(kept.read(path))
    assert [block["time_s"]["patient"] for block in row["blocks"]] == [2, 2]


@pytest.mark.parametrize("differing", ["kernel", "versions", "revision"])
def test_a_median_is_made_of_blocks_of_one_machine(differing: str, tmp_path: Path) -> None:
    path = tmp_path / kept.FILE
    made(path, experiment(seconds(1, 1)), blocks=2)
    document = json.loads(path.read_text())
    document["experiments"]["waiting"]["machine"][differing] = {"Python": "2.7"}
    path.write_text(json.dumps(document))
    assert not made(path, experiment(seconds()), blocks=2), "what is whole stays"
    made(path, experiment(seconds(2, 2, 2)), blocks=3)
    (row,) = kept.rows(kept.read(path))
    found = [block["time_s"]["patient"] for block in row["blocks"]]
    assert found == ([1, 1, 2] if differing == "revision" else [2, 2, 2])


def test_an_experiment_that_fails_keeps_no_other_from_its_blocks(tmp_path: Path) -> None:
    def raises(error: Exception) -> Measure:
        def measure(_: Block) -> Found:
            raise error

        return measure

    path = tmp_path / kept.FILE
    every = [
        experiment(raises(NotMeasurable("apt-get install patience")), "lacking"),
        experiment(raises(TrialError("it hung")), "failing"),
        experiment(seconds(1, 1), "whole"),
    ]
    said: list[str] = []
    assert make(every, path, 2, said.append) == ["failing: it hung"]
    assert "lacking: skipped: apt-get install patience" in said
    assert [row["name"] for row in kept.rows(kept.read(path))] == ["whole"]


@pytest.mark.parametrize(
    "values",
    [
        {"unknown": {"patient": 1.0}},
        {"time_s": {"nobody": 1.0}},
        {"time_s": {"other": -1.0}},
    ],
)
def test_values_without_a_declaration_are_not_kept(
    values: dict[str, dict[str, float]], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="waiting does not declare"):
        made(tmp_path / kept.FILE, experiment(lambda _: Found(values)))


def test_a_damaged_document_is_named_with_the_command_that_makes_it_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / kept.FILE
    path.write_text('{"experiments": {"x": {"blocks": [1]}}}')
    with pytest.raises(ResultsError, match=r"experiments\.json is damaged.*experiments"):
        kept.read(path)


def test_profiles_contain_each_other_and_names_choose() -> None:
    standard, full = choose(STANDARD), choose(FULL)
    assert {one.name for one in standard} <= {one.name for one in full} == set(EVERY)
    assert [one.name for one in choose(STANDARD, ["two_*"])] == ["two_sends"]
    with pytest.raises(UsageError, match="did you mean two_sends"):
        choose(STANDARD, ["two_send"])


def test_the_command_ends_with_status_1_for_an_unknown_name() -> None:
    ended = CliRunner().invoke(main, ["experiments", "--only", "nothing_like_it"])
    assert ended.exit_code == 1


@pytest.mark.parametrize("one", EVERY.values(), ids=EVERY)
def test_an_experiment_is_described_in_whole_sentences(one: Experiment) -> None:
    assert one.asks.endswith("?")
    assert one.control.endswith(".")
    for quantity in one.quantities.values():
        said = quantity.says.format(subject="it", value="1")
        assert "it" in said
        assert "1" in said


def test_a_condition_on_an_experiment_names_numbers_that_it_makes() -> None:
    ids = {
        f"{one.name}.{quantity}.{subject}"
        for one in EVERY.values()
        for quantity in one.quantities
        for subject in one.subjects
    }
    for claim in read_claims():
        for condition in claim.conditions:
            for pattern in (*condition.numbers, *condition.over):
                if pattern.split(".")[0] in EVERY:
                    assert any(map(compiled(pattern).fullmatch, ids)), pattern
