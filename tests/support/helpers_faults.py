"""Trials with a fault, in tests of what they result in."""

from __future__ import annotations

import random
from pathlib import Path

from bench.contract.model import Case
from bench.errors import TrialError
from bench.faults.fault import Fault
from bench.faults.history import FailureRecord
from bench.faults.trial import run_failure

SEEDS = (7, 8, 9)


def run_undisturbed(case: Case, fault: Fault, logs: Path) -> FailureRecord:
    """Run a trial, and again if a busy machine spoiled it before its fault."""
    for seed in SEEDS[:-1]:
        try:
            return run_failure(case, fault, logs / f"{case.id}.{seed}", random.Random(seed))
        except TrialError:
            continue
    return run_failure(case, fault, logs / case.id, random.Random(SEEDS[-1]))
