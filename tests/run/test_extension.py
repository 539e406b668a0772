"""A run is extended once, as declared, for the width of its intervals and nothing else."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import synthetic
from helpers_bench import find_cell
from hypothesis import given
from hypothesis import strategies as st
from words_of import build_words

from bench.analysis.comparisons import measured_half_widths
from bench.analysis.results import load
from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, Case
from bench.errors import TrialError
from bench.measure.common import Measured
from bench.report.sections.precision import extension_words
from bench.run.archive import EXTENSION, Archive
from bench.run.block import Block, Outcome
from bench.run.declared import declarations, rests_on
from bench.run.extension import AIMS, DECLARED, EXTENSIONS, Decision
from bench.run.manifest import FAILURES, PARTS, SPEED, Begun, begin, planned_again
from bench.run.measuring import Measuring
from bench.run.pilots import Pilot
from bench.run.progress import console
from bench.run.recovery import is_recovery
from bench.run.runner import Runner
from bench.run.schedule import Batch, Slot

CELLS = ("zmq/minimal/request_reply.py", "raw_socket/minimal/request_reply.py")
SEED = 11
NARROW, WIDE = 0.001, 0.3
"""Standard deviations of the values' logarithms."""
STANDARD = EXTENSIONS["standard"]


@dataclass
class Invented:
    """Stands for the trials of a run: values of a known spread, and no process."""

    spread: float
    faster: float = 1.0
    """How many times as long the second stack takes."""
    killed_at: Callable[[Slot], bool] = lambda _: False
    failing: bool = False

    def block(self, batch: Batch) -> Block:
        """Return the block of a set."""
        name = f"{batch.block}.{batch.slots[0].seed}"
        outcomes: list[Outcome] = []
        for slot in batch.slots:
            try:
                value_s = self.trial(slot).value_s
            except TrialError as error:
                outcomes.append(error)
            else:
                case = slot.planned.case
                outcomes.append(synthetic.in_turns(case, [value_s] * 3, name))
        return Block(name, outcomes, synthetic.rounds_of(3, len(outcomes)))

    def trial(self, slot: Slot) -> Measured:
        if self.killed_at(slot):
            raise KeyboardInterrupt
        if self.failing:
            raise TrialError("nobody listened")
        case = slot.planned.case
        noise = np.exp(random.Random(slot.seed).gauss(0, self.spread))
        slower = self.faster if case.cell.stack.name == "raw_socket" else 1.0
        rng = np.random.default_rng(SEED)
        return synthetic.measured(case, 1e-4 * slower * noise, rng)


class NoWatch:
    """Stands for what watches the machine: these tests are not about it."""

    def __init__(self, archive: Archive) -> None:
        del archive

    def of(self, block: int) -> AbstractContextManager[None]:
        del block
        return nullcontext()


@pytest.fixture(autouse=True)
def no_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.run.measuring.EnvironmentRecorder", NoWatch)


Make = Callable[..., Archive]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return what makes, or resumes, the timed part of a run from invented values."""

    def made(name: str, invented: Invented, overhead_s: float = 0.3) -> Archive:
        cells = [find_cell(cell) for cell in CELLS]
        folder = tmp_path / name
        if folder.exists():
            archive = Archive.resume(folder)
            begun = Begun(archive, planned_again(archive.about(), cells), SEED)
        else:
            begun = begin(folder, "standard", cells, SEED, None, [])
        monkeypatch.setattr(Measuring, "_trial", invented.trial)
        monkeypatch.setattr(Measuring, "_block", invented.block)
        runner = Runner(begun.archive, begun.planned, SEED)
        runner.measure(pilots(begun, overhead_s), measured_half_widths)
        return begun.archive

    return made


def pilots(begun: Begun, overhead_s: float) -> dict[str, Pilot]:
    facts = {"overhead_s": overhead_s, "build_s_per_message": 0.0, "window_s": 0.1}
    speed = [e.case for e in begun.planned if not is_recovery(e.case)]
    return {case.id: {"seconds_per_message": 1e-4, **facts} for case in speed}


def decision(archive: Archive) -> Decision:
    return Decision.from_json(archive.read(EXTENSION))


def trials(archive: Archive) -> Iterator[tuple[str, int]]:
    for case, block, _ in archive.finished():
        yield case, block


def expected_trials(archive: Archive, blocks: int) -> Counter[tuple[str, int]]:
    """Return every planned trial, and of what claims rest on so many blocks more."""
    about = archive.about()
    claims = declarations(about)
    found: Counter[tuple[str, int]] = Counter()
    for row in (row for row in about["cases"] if not row["fault"]):
        more = blocks * rests_on(row["name"], row["twin"], row["key"], claims)
        found.update((row["case"], block) for block in range(row["blocks"] + more))
    return found


@pytest.mark.thorough
def test_a_wide_run_is_extended_by_blocks_of_declared_comparisons_and_their_a_a_copies(
    make: Make,
) -> None:
    archive = make("run", Invented(WIDE))
    made = decision(archive)
    assert made.is_made
    assert set(made.too_wide) == {"split", "shared"}
    counted = Counter(trials(archive))
    assert counted == expected_trials(archive, STANDARD.blocks)
    copies = {case for case, block in counted if block >= 16 and ".twin1." in case}
    assert len(copies) == 4, "of both stacks, in both placements"
    assert max(block for _, block in counted) == 15 + STANDARD.blocks


def test_a_narrow_run_is_not_extended(make: Make) -> None:
    archive = make("run", Invented(NARROW))
    made = decision(archive)
    assert not made.too_wide
    assert set(made.half_widths) == {"split", "shared"}
    assert Counter(trials(archive)) == expected_trials(archive, 0)


@pytest.mark.thorough
@pytest.mark.parametrize("spread", [NARROW, WIDE])
def test_an_extension_depends_on_widths_and_not_on_ratios_or_verdicts(
    make: Make, spread: float
) -> None:
    """Equals and tenfold differences, spread alike, are decided alike."""
    equal, *unlike = (
        decision(make(f"{faster} times", Invented(spread, faster)))
        for faster in (1.0, 10.0, 0.1)
    )
    assert equal.is_made == (spread == WIDE)
    for made in unlike:
        assert made.is_made == equal.is_made
        assert made.half_widths == pytest.approx(equal.half_widths)


@pytest.mark.thorough
def test_a_run_that_would_take_too_long_is_not_extended(make: Make) -> None:
    archive = make("run", Invented(WIDE), overhead_s=100.0)
    made = decision(archive)
    assert made.too_wide
    assert not made.fits
    assert Counter(trials(archive)) == expected_trials(archive, 0)


@pytest.mark.thorough
def test_a_run_killed_during_its_extension_is_completed_as_decided(make: Make) -> None:
    """Values after the decision do not undo it: here they would."""
    seen = []

    def at_the_third_of_the_last(slot: Slot) -> bool:
        seen.append(slot.block)
        return seen.count(15 + STANDARD.blocks) == 3

    with pytest.raises(KeyboardInterrupt):
        make("run", Invented(WIDE, killed_at=at_the_third_of_the_last))
    archive = make("run", Invented(NARROW), overhead_s=500.0)
    assert Counter(trials(archive)) == expected_trials(archive, STANDARD.blocks)
    assert decision(archive).is_made


@pytest.mark.thorough
def test_a_run_killed_before_its_extension_decides_as_an_uninterrupted_run(
    make: Make,
) -> None:
    whole = decision(make("whole", Invented(WIDE)))
    with pytest.raises(KeyboardInterrupt):
        make("killed", Invented(WIDE, killed_at=lambda slot: slot.block == 7))
    assert decision(make("killed", Invented(WIDE))) == whole


def test_a_run_without_a_value_is_completed(make: Make) -> None:
    archive = make("run", Invented(WIDE, failing=True))
    assert not decision(archive).is_made
    assert len(archive.failures) == sum(expected_trials(archive, 0).values())


def test_the_cost_of_an_extension_is_printed_before_the_start(make: Make) -> None:
    with console.capture() as captured:
        archive = make("run", Invented(NARROW))
    planned, more, *_ = captured.get().splitlines()
    counts = [sum(expected_trials(archive, n).values()) for n in (0, STANDARD.blocks)]
    assert planned.startswith(f"{counts[0]} values, about ")
    assert more.startswith(f"{counts[1] - counts[0]} more, about ")


@pytest.mark.thorough
def test_the_report_names_the_reason_of_an_extension_and_counts_its_blocks(
    make: Make, tmp_path: Path
) -> None:
    archive = make("run", Invented(WIDE))
    archive.seal()
    page = build_words([archive.folder], tmp_path / "report") / "REPORT.md"
    assert (
        "Extended by 5 blocks of the declared comparisons, fixed before the run"
        in page.read_text()
    )
    cases = load(archive.folder).cases
    blocks = {case.blocks for case in cases.values() if case.copy}
    assert blocks == {16 + STANDARD.blocks}


@pytest.mark.parametrize(
    ("profile", "blocks", "budget_minutes", "declared"),
    [
        ("standard", None, None, True),
        ("full", None, None, True),
        ("quick", None, None, False),
        ("standard", 10, None, False),
        ("standard", None, 20.0, False),
    ],
)
def test_a_run_with_a_fixed_length_gets_no_extension(
    tmp_path: Path,
    profile: str,
    blocks: int | None,
    budget_minutes: float | None,
    declared: bool,
) -> None:
    cells = [find_cell(cell) for cell in CELLS]
    begun = begin(tmp_path / "run", profile, cells, SEED, blocks, [], budget_minutes)
    assert (DECLARED in begun.archive.about()) == declared


def test_a_part_of_a_run_is_planned_alone_and_replaces_no_whole_one(tmp_path: Path) -> None:
    cells = find_cells([IMPLEMENTATIONS, FLOOR])
    parts = {}
    for part in (*PARTS, None):
        folder = tmp_path / (part or "whole")
        parts[part] = begin(folder, "standard", cells, SEED, None, [], part=part)
    planned = {part: begun.planned for part, begun in parts.items()}
    assert not any(entry.case.fault for entry in planned[SPEED])
    assert all(entry.case.fault for entry in planned[FAILURES])
    assert len(planned[SPEED]) + len(planned[FAILURES]) == len(planned[None])
    assert [begun.archive.about()["whole"] for begun in parts.values()] == [
        False,
        False,
        True,
    ]


widths = st.dictionaries(st.sampled_from(["split", "shared", "free"]), st.floats(0, 1))


@given(widths, st.floats(0, 1e4))
def test_one_placement_with_wide_intervals_is_enough_to_extend_a_run_that_fits_its_time(
    half_widths: dict[str, float], predicted_s: float
) -> None:
    made = Decision(5, half_widths, AIMS, predicted_s, limit_s=480.0)
    wide = any(half_widths.get(placement, 0) > aim for placement, aim in AIMS.items())
    assert made.is_made == (wide and predicted_s <= 480)
    assert extension_words(made).startswith("Extended by 5 blocks") == made.is_made


def test_a_case_outside_declared_comparisons_gets_no_further_block() -> None:
    case = Case(find_cell(CELLS[0]), "latency", "ipc", 64, 1, "shared")
    assert not rests_on(case.name, case.copy, case.cell.key, declarations({}))
