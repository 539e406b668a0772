"""The entries of numbers.json that say how a cost grows with the number of connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bench.analysis.growth import growths
from bench.report import sentences, words
from bench.report.model import Data

KIND = "growth"
Told = Callable[[list[str]], dict[str, Any]]
"""Returns the provenance of cells."""
Bounds = Callable[[float, float, float, float, int], dict[str, Any]]
"""Returns value, bounds, confidence and blocks, as every entry has them."""


def entries(data: Data, told: Told, bounds: Bounds) -> Iterator[dict[str, Any]]:
    """Yield an entry for each program with an exponent."""
    for row in growths(data.run):
        ends = row.low, row.high, row.confidence, row.blocks_done
        yield {
            "id": row.id,
            "kind": KIND,
            "sentence": sentences.growth(row, data.stacks),
            "unit": "exponent",
            **bounds(row.exponent, *ends),
            "cells": [row.program.cell],
            "labels": [words.cell(row.program, data.stacks)],
            "case": row.name,
            "verdict": None,
            **told([row.program.cell]),
        }
