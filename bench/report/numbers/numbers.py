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
An absolute has a ``caution`` if copies of its stack failed in its case.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import product
from typing import Any

from bench.analysis.compared_rows import Apart, Comparison
from bench.analysis.comparisons import apart
from bench.analysis.copies import failed
from bench.analysis.estimates import headline_measure
from bench.analysis.recovery import measured
from bench.analysis.recovery_rows import Recovery
from bench.analysis.results import Run
from bench.analysis.rows import Estimate
from bench.contract.alike import Kind
from bench.report import sentences, words
from bench.report.charts.bars import SIZES, sizes
from bench.report.entries import exact
from bench.report.model import Data
from bench.report.numbers import code_numbers, growth_numbers
from bench.report.sections import failures, levels, standing
from bench.report.words import date, machine
from bench.run.machine import behind
from bench.trial.versions import NATIVE

SIGNIFICANT = 6
WHOLE = "whole"
IN_PLACE = "in_place"


def plain(value: float) -> float | None:
    """Return a number as JSON can hold it, cut to the digits that are worth keeping."""
    if math.isnan(value) or math.isinf(value):
        return None
    return float(f"{value:.{SIGNIFICANT}g}")


def identifier(row: Estimate) -> str:
    """Return the id of an absolute number: the case's, its quantity naming the measure."""
    if row.measure == headline_measure(row.case):
        return row.case.id
    parts = row.case.id.split(".")
    parts[1] = f"{row.case.quantity}_{row.measure}"
    return ".".join(parts)


def comparison_identifier(pair: Comparison) -> str:
    return f"{pair.a.name}.{pair.a.key}.vs.{pair.b.key}"


def _versions(run: Run, cells: list[str]) -> str:
    """Return the versions that matter for these cells: "Python 3.11.7, pyzmq 27.3.0"."""
    known = run.about["machine"]["versions"]
    names = [name for cell in cells for name in behind(run.about["stacks"], cell)]
    ordered = sorted(dict.fromkeys(names), key=NATIVE.__contains__)
    spelled = {"python": "Python"}
    return ", ".join(f"{spelled.get(n, n)} {known[n]}" for n in ordered if n in known)


def provenance(run: Run, cells: list[str]) -> dict[str, Any]:
    return {
        "run": run.name,
        "date": date(run.about),
        "machine": f"{machine(run.about)}, Linux {run.about['machine']['kernel']}",
        "versions": _versions(run, cells),
    }


def _interval(
    value: float, low: float, high: float, confidence: float, blocks: int
) -> dict[str, Any]:
    """Return value and interval; without blocks enough, the bounds say nothing."""
    none = math.isnan(low)
    return {
        "value": plain(value),
        "ci_low": None if none else plain(low),
        "ci_high": None if none else plain(high),
        "confidence": None if none else confidence,
        "blocks": blocks,
    }


def _absolutes(data: Data) -> Iterator[dict[str, Any]]:
    run, stacks = data.run, data.stacks
    for row in (row for row in data.estimates if not row.case.copy):
        wrong = [c for c in failed(data.copies, row.case) if c.b.stack == row.case.stack]
        warned = sentences.caution_of_case(wrong, stacks)
        said = (sentences.absolute(row, stacks), warned)
        yield {
            "id": identifier(row),
            "kind": "absolute",
            "sentence": ". ".join(filter(None, said)),
            **({"caution": warned} if warned else {}),
            "unit": row.unit,
            **_interval(row.value, row.low, row.high, row.confidence, row.blocks_done),
            "cells": [row.case.cell],
            "labels": [words.cell(row.case, stacks)],
            "case": row.case.name,
            "verdict": None,
            **provenance(run, [row.case.cell]),
        }


def _compared(run: Run, pair: Comparison | Apart) -> dict[str, Any]:
    """Return what an entry of two programs has after its id, kind and sentence."""
    times = pair.times
    return {
        "unit": "ratio of times",
        **_interval(
            times.ratio, times.low, times.high, times.confidence, times.blocks_done
        ),
        "medians": [plain(value) for value in sentences.values(pair)],
        "medians_unit": sentences.values_unit(pair),
        "ratio_of_medians": plain(sentences.ratio_of_medians(times)),
        "cells": [pair.a.cell, pair.b.cell],
        "labels": [words.cell(case, run.about["stacks"]) for case in (pair.a, pair.b)],
        "case": pair.a.name,
    }


def comparisons_of(run: Run, compared: Iterable[Comparison]) -> Iterator[dict[str, Any]]:
    stacks = run.about["stacks"]
    for pair in compared:
        yield {
            "id": comparison_identifier(pair),
            "kind": pair.kind,
            "sentence": sentences.comparison(pair, stacks),
            **_compared(run, pair),
            "verdict": pair.verdict,
            "check": pair.check,
            "stands": pair.stands,
            "caution": sentences.caution(pair, stacks) or None,
            **provenance(run, [pair.a.cell, pair.b.cell]),
        }


def _apart(data: Data) -> Iterator[dict[str, Any]]:
    """Yield the ratios of programs that promise other things: no verdict, but a reason."""
    stacks, run = data.stacks, data.run
    names = {name: words.stack(name, stacks) for name in stacks}
    for pair in apart(run, names):
        yield {
            "id": f"{pair.a.name}.{pair.a.key}.beside.{pair.b.key}",
            "kind": Kind.APART,
            "sentence": sentences.apart(pair, stacks),
            **_compared(run, pair),
            "verdict": None,
            "reason": pair.reason,
            **provenance(run, [pair.a.cell, pair.b.cell]),
        }


def _sizes(run: Run) -> Iterator[dict[str, Any]]:
    stacks, cases = run.about["stacks"], {**run.cases, **run.recovery_cases}
    for row in sizes(run, cases.values()):
        program = row.program
        for column in SIZES:
            kind = column.removesuffix("_bytes")
            yield {
                "id": f"{program.workload}.size.{kind}.{program.key}",
                "kind": "size",
                "sentence": sentences.size(row, column, stacks),
                "unit": "bytes" if column == "gzip_bytes" else column,
                **exact(getattr(row.counts, column)),
                "cells": [program.cell],
                "labels": [words.cell(program, stacks)],
                "case": f"{program.workload}.size.{kind}",
                "verdict": None,
                **provenance(run, [program.cell]),
            }


def recovery_identifier(row: Recovery, measure: str) -> str:
    """Return ``<workload>.recovery.<fault>.<cell>``, naming what is not the outage."""
    quantity = "recovery" if measure == "outage" else f"recovery_{measure}"
    return f"{row.case.workload}.{quantity}.{row.fault.name}.{row.case.key}"


def _recovered(run: Run, row: Recovery) -> dict[str, Any]:
    """Return what an entry of a case of recovery ends with."""
    return {
        "cells": [row.case.cell],
        "labels": [words.cell(row.case, run.about["stacks"])],
        "case": row.case.name,
        "verdict": row.verdict,
        **provenance(run, [row.case.cell]),
    }


def _recoveries(run: Run, rows: Iterable[Recovery]) -> Iterator[dict[str, Any]]:
    """Yield the medians over trials; one that was never reached has no value."""
    for row, measure in product(measured(rows), failures.MEASURES):
        value, low, high, worst = row.median(measure)
        yield {
            "id": recovery_identifier(row, measure),
            "kind": "recovery",
            "sentence": failures.cited(row, measure, run.about["stacks"]),
            "unit": failures.MEASURES[measure][1],
            **_interval(value, low, high, row.confidence, row.repeats),
            "worst": plain(worst),
            **_recovered(run, row),
        }


def _in_place(run: Run, rows: Iterable[Recovery]) -> Iterator[dict[str, Any]]:
    """Yield in what share of its trials a program went on without being called again."""
    for row in measured(rows):
        share = float(f"{row.in_place / row.repeats:.{SIGNIFICANT}g}")
        yield {
            "id": recovery_identifier(row, IN_PLACE),
            "kind": "recovery",
            "sentence": failures.cited_in_place(row, run.about["stacks"]),
            "unit": "of the trials",
            **exact(share, row.repeats),
            **_recovered(run, row),
        }


def _times(data: Data) -> Iterator[dict[str, Any]]:
    """Yield how long each part of the run took, all of it together last."""
    took_s: dict[str, float] = {}
    for entry in data.run.timing:
        if "part" in entry:
            part = str(entry["part"])
            took_s[part] = took_s.get(part, 0.0) + float(entry["took_s"])
    if took_s:
        took_s[WHOLE] = sum(took_s.values())
    for part, seconds in took_s.items():
        value = plain(seconds / 60)
        yield {
            "id": f"run.time.{part}",
            "kind": "time",
            "sentence": f"The run's {part} took {value:.1f} minutes",
            "unit": "min",
            **exact(value or 0.0),
            "cells": [],
            "labels": [],
            "case": "run.time",
            "verdict": None,
            **provenance(data.run, []),
        }


def _noise(data: Data) -> Iterator[dict[str, Any]]:
    """Yield the largest difference between two copies of a program, if all are known."""
    told = standing.check_sentences(data.copies, data.stacks)
    wrong = failed(data.copies)
    widest = standing.noise_percent([copy.noise for copy in data.copies])
    if widest is not None:
        yield {
            "id": "run.noise",
            "kind": "noise",
            "sentence": standing.noise_sentence(widest).rstrip("."),
            "unit": "%",
            **exact(plain(widest) or 0.0),
            "cells": [],
            "labels": [],
            "case": "run.noise",
            "verdict": None,
            "caution": " ".join(told) if wrong else None,
            **provenance(data.run, []),
        }


def _levels(data: Data) -> Iterator[dict[str, Any]]:
    for row in levels.in_order(data.levels):
        if levels.is_open(row):
            continue
        program, value = row.program, int(row.level.removeprefix("L"))
        yield {
            "id": f"{program.workload}.level.{program.key}",
            "kind": "level",
            "sentence": levels.cited(row, data.stacks),
            "short": f"{levels.short(row)}{levels.held_back(row)}",
            "unit": "level",
            **exact(value, row.trials),
            "cells": [program.cell],
            "labels": [words.cell(program, data.stacks)],
            "case": f"{program.workload}.level",
            "verdict": None,
            **provenance(data.run, [program.cell]),
        }


def numbers(data: Data) -> list[dict[str, Any]]:
    """Return every entry: comparisons, absolutes, sizes, recoveries, levels, code."""
    entries = [
        *comparisons_of(data.run, data.compared),
        *_apart(data),
        *_absolutes(data),
        *growth_numbers.entries(data, partial(provenance, data.run), _interval),
        *_sizes(data.run),
        *_recoveries(data.run, data.recoveries),
        *_in_place(data.run, data.recoveries),
        *_levels(data),
        *_times(data),
        *_noise(data),
    ]
    known = {entry["id"] for entry in entries}
    entries += code_numbers.entries(data, partial(provenance, data.run), known)
    return [{**entry, "grade": data.grade.letter} for entry in entries]
