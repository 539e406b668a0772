"""The entries of numbers.json that tell how a cost grows with the number of peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bench.analysis.growth import EXPONENT, MARGINAL, growths
from bench.report import sentences, words
from bench.report.model import Data

KIND = "growth"
UNITS = {EXPONENT: "exponent", MARGINAL: "us/subscriber"}
Told = Callable[[list[str]], dict[str, Any]]
"""Returns the provenance of cells."""
Bounds = Callable[[float, float, float, float, int], dict[str, Any]]
"""Returns value, bounds, confidence and blocks, as every entry has them."""


def entries(data: Data, told: Told, bounds: Bounds) -> Iterator[dict[str, Any]]:
    """Yield an entry for each law of a program."""
    for row in growths(data.run, *UNITS):
        ends = row.low, row.high, row.confidence, row.blocks_done
        yield {
            "id": row.id,
            "kind": KIND,
            "sentence": sentences.growth(row, data.stacks),
            "unit": UNITS[row.law],
            **bounds(row.value, *ends),
            "cells": [row.program.cell],
            "labels": [words.cell(row.program, data.stacks)],
            "case": row.name,
            "verdict": None,
            **told([row.program.cell]),
        }
