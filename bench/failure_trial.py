"""One trial with a fault, in fresh processes and a network of its own."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from pathlib import Path

from bench.contract import Case
from bench.errors import NotMeasurable
from bench.faults import Fault
from bench.history import FailureRecord
from bench.network.hosts import Network
from bench.scene import Scene
from bench.scratch import scratch_folder
from bench.stage import FAR, NEAR


def run_failure(case: Case, fault: Fault, logs: Path, rng: random.Random) -> FailureRecord:
    """Run one trial with a fault in fresh processes, in a network of its own.

    Raises TrialError when the trial did not get as far as its fault, NotMeasurable where
    the machine does not permit what the fault needs; nothing of it lives on either way.
    """
    began = time.monotonic()
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder())
        network = _network(fault, stack)
        scene = Scene(case, fault, folder, logs, rng, network)
        stack.callback(scene.close)
        record = scene.run()
    record.total_s = time.monotonic() - began
    return record


def _network(fault: Fault, stack: ExitStack) -> Network | None:
    """Return a network for one trial: two hosts if the fault is of a link, else one.

    Without a link a namespace only keeps trials apart that go on side by side, so that a
    machine that permits none does without, unless something could get out.
    """
    if fault.setup.link:
        return stack.enter_context(Network(NEAR, FAR))
    try:
        return stack.enter_context(Network(NEAR))
    except NotMeasurable:
        if fault.setup.isolated:
            raise
        return None
