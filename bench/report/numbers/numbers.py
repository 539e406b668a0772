"""numbers.json: every citable number, each with all that a citation needs.

A list of entries. Bounds and confidence are null where too few blocks allow no
interval; counted things (code sizes) have the value for both bounds and no blocks.
``kind`` is "absolute", "growth", "size", "recovery", "level", "time", "noise" (how far A/A
copies may be apart), the kind of a comparison, or "apart" for a ratio without a verdict.
``code_numbers`` adds "own", "total", ``twins``, "price", "change" and "weight".
``grade`` is the run's. A comparison has the ``medians`` of both sides over the blocks that
its ratio is made of, in ``medians_unit``, and the ``ratio_of_medians`` of times. The
``blocks`` of recovery are trials, and ``worst`` is the value of the worst of them. A time
that was never reached is null as well: the sentence has the time that was waited.

A comparison has ``check``, which is what A/A copies tell of it, and ``caution``, a sentence
if copies failed, else null. It ``stands`` if their difference would not change its verdict.
An absolute has a ``caution`` if copies of its stack failed in its case. A number of hosts
apart has ``delay_ms`` if the link between them holds each packet, for so long each way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from bench.analysis.compared_rows import Apart, Comparison
from bench.analysis.comparisons import apart
from bench.analysis.copies import failed
from bench.analysis.estimates import headline_measure
from bench.analysis.growth import EXPONENT, MARGINAL, growths
from bench.analysis.recovery import measured
from bench.analysis.recovery_rows import Recovery
from bench.analysis.results import Run
from bench.analysis.rows import Estimate
from bench.contract.alike import Kind
from bench.report import sentences
from bench.report.charts.bars import SIZES, sizes
from bench.report.entries import exact
from bench.report.model import Data
from bench.report.numbers import code_numbers
from bench.report.numbers.number import SIGNIFICANT, Number, entry, interval, plain
from bench.report.sections import failures, levels, standing

GROWTH = "growth"
"""The kind of laws: how a cost grows with the number of peers."""
LAWS = {EXPONENT: "exponent", MARGINAL: "us/subscriber"}
"""The unit of each law."""
WHOLE = "whole"
IN_PLACE = "in_place"


def identifier(row: Estimate) -> str:
    """Return the id of an absolute number: the case's, its quantity naming the measure."""
    if row.measure == headline_measure(row.case):
        return row.case.id
    parts = row.case.id.split(".")
    parts[1] = f"{row.case.quantity}_{row.measure}"
    return ".".join(parts)


def comparison_identifier(pair: Comparison) -> str:
    return f"{pair.a.name}.{pair.a.key}.vs.{pair.b.key}"


def _absolutes(data: Data) -> Iterator[Number]:
    for row in (row for row in data.estimates if not row.case.copy):
        wrong = [c for c in failed(data.copies, row.case) if c.b.stack == row.case.stack]
        warned = sentences.caution_of_case(wrong, data.stacks)
        said = (sentences.absolute(row, data.stacks), warned)
        yield Number(
            id=identifier(row),
            kind="absolute",
            sentence=". ".join(filter(None, said)),
            note={"caution": warned} if warned else {},
            unit=row.unit,
            value=interval(row.value, row.low, row.high, row.confidence, row.blocks_done),
            programs=[row.case],
            case=row.case.name,
        )


def _growths(data: Data) -> Iterator[Number]:
    for row in growths(data.run, *LAWS):
        ends = row.low, row.high, row.confidence, row.blocks_done
        said = sentences.growth(row, data.stacks)
        value = interval(row.value, *ends)
        yield Number(row.id, GROWTH, said, LAWS[row.law], value, row.name, [row.program])


def _compared(pair: Comparison | Apart, name: str, kind: str, sentence: str) -> Number:
    """Return the ratio of two programs, without its verdict."""
    times = pair.times
    ends = times.low, times.high, times.confidence, times.blocks_done
    medians = {
        "medians": [plain(value) for value in sentences.values(pair)],
        "medians_unit": sentences.values_unit(pair),
        "ratio_of_medians": plain(sentences.ratio_of_medians(times)),
    }
    value = {**interval(times.ratio, *ends), **medians}
    programs = [pair.a, pair.b]
    return Number(name, kind, sentence, "ratio of times", value, pair.a.name, programs)


def comparisons_of(run: Run, compared: Iterable[Comparison]) -> Iterator[dict[str, Any]]:
    """Yield the entries of comparisons, without their grade."""
    stacks = run.about["stacks"]
    for pair in compared:
        said = sentences.comparison(pair, stacks)
        number = _compared(pair, comparison_identifier(pair), pair.kind, said)
        more = {
            "check": pair.check,
            "stands": pair.stands,
            "caution": sentences.caution(pair, stacks) or None,
        }
        yield entry(run, number._replace(verdict=pair.verdict, more=more))


def _apart(data: Data) -> Iterator[Number]:
    """Yield the ratios of programs that promise other things: no verdict, but a reason."""
    names = {name: data.stack(name) for name in data.stacks}
    for pair in apart(data.run, names):
        name = f"{pair.a.name}.{pair.a.key}.beside.{pair.b.key}"
        number = _compared(pair, name, Kind.APART, sentences.apart(pair, data.stacks))
        yield number._replace(more={"reason": pair.reason})


def _sizes(data: Data) -> Iterator[Number]:
    cases = {**data.run.cases, **data.run.recovery_cases}
    for row, column in product(sizes(data.run, cases.values()), SIZES):
        case = f"{row.program.workload}.size.{column.removesuffix('_bytes')}"
        yield Number(
            id=f"{case}.{row.program.key}",
            kind="size",
            sentence=sentences.size(row, column, data.stacks),
            unit="bytes" if column == "gzip_bytes" else column,
            value=exact(getattr(row.counts, column)),
            programs=[row.program],
            case=case,
        )


def recovery_identifier(row: Recovery, measure: str) -> str:
    """Return ``<workload>.recovery.<fault>.<cell>``, naming what is not the outage."""
    quantity = "recovery" if measure == "outage" else f"recovery_{measure}"
    return f"{row.case.workload}.{quantity}.{row.fault.name}.{row.case.key}"


def _recoveries(data: Data) -> Iterator[Number]:
    """Yield the medians over trials; one that was never reached has no value."""
    for row, measure in product(measured(data.recoveries), failures.MEASURES):
        value, low, high, worst = row.median(measure)
        yield Number(
            id=recovery_identifier(row, measure),
            kind="recovery",
            sentence=failures.cited(row, measure, data.stacks),
            unit=failures.MEASURES[measure][1],
            value=interval(value, low, high, row.confidence, row.repeats)
            | {"worst": plain(worst)},
            programs=[row.case],
            case=row.case.name,
            verdict=row.verdict,
        )


def _in_place(data: Data) -> Iterator[Number]:
    """Yield in what share of its trials a program went on without being called again."""
    for row in measured(data.recoveries):
        share = float(f"{row.in_place / row.repeats:.{SIGNIFICANT}g}")
        yield Number(
            id=recovery_identifier(row, IN_PLACE),
            kind="recovery",
            sentence=failures.cited_in_place(row, data.stacks),
            unit="of the trials",
            value=exact(share, row.repeats),
            programs=[row.case],
            case=row.case.name,
            verdict=row.verdict,
        )


def _times(data: Data) -> Iterator[Number]:
    """Yield how long each part of the run took, all of it together last."""
    took_s: dict[str, float] = {}
    for timed in data.run.timing:
        if "part" in timed:
            part = str(timed["part"])
            took_s[part] = took_s.get(part, 0.0) + float(timed["took_s"])
    if took_s:
        took_s[WHOLE] = sum(took_s.values())
    for part, seconds in took_s.items():
        took_min = plain(seconds / 60) or 0.0
        said = f"The run's {part} took {took_min:.1f} minutes"
        yield Number(f"run.time.{part}", "time", said, "min", exact(took_min), "run.time")


def _noise(data: Data) -> Iterator[Number]:
    """Yield the largest difference between two copies of a program, if all are known."""
    told = standing.check_sentences(data.copies, data.stacks)
    widest = standing.noise_percent([copy.noise for copy in data.copies])
    if widest is not None:
        said = standing.noise_sentence(widest).rstrip(".")
        more = {"caution": " ".join(told) if failed(data.copies) else None}
        value = exact(plain(widest) or 0.0)
        yield Number("run.noise", "noise", said, "%", value, "run.noise", more=more)


def _levels(data: Data) -> Iterator[Number]:
    for row in (row for row in levels.in_order(data.levels) if not levels.is_open(row)):
        case = f"{row.program.workload}.level"
        yield Number(
            id=f"{case}.{row.program.key}",
            kind="level",
            sentence=levels.cited(row, data.stacks),
            note={"short": f"{levels.short(row)}{levels.held_back(row)}"},
            unit="level",
            value=exact(int(row.level.removeprefix("L")), row.trials),
            programs=[row.program],
            case=case,
        )


MAKERS = (
    _apart,
    _absolutes,
    _growths,
    _sizes,
    _recoveries,
    _in_place,
    _levels,
    _times,
    _noise,
    code_numbers.numbers,
)
"""The makers of a run's numbers, in the order of their entries: an id keeps its first."""


def numbers(data: Data) -> list[dict[str, Any]]:
    """Return every entry: comparisons, absolutes, sizes, recoveries, levels, code."""
    unique: dict[str, Number] = {}
    for number in (number for make in MAKERS for number in make(data)):
        unique.setdefault(number.id, number)
    entries = [
        *comparisons_of(data.run, data.compared),
        *(entry(data.run, number) for number in unique.values()),
    ]
    return [{**each, "grade": data.grade.letter} for each in entries]
