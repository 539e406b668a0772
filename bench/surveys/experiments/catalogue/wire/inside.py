"""Make the trials of one block inside a network namespace, and count around each window.

This is a process of its own (see ``experiment``). It prints a line of JSON: the counts of
each case, for one message.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import dataclass

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.errors import NotMeasurable, TrialError
from bench.surveys.experiments import counters
from bench.surveys.experiments.catalogue.wire import calls
from bench.trial.descendants import PROCESS
from bench.trial.record import Window
from bench.trial.scratch import scratch_folder
from bench.trial.trial import Trial, run_trial

MESSAGES, WARM_UP = 60, 20
INTERVAL_S = 0.004
"""Messages that nobody waits for are paced, so that each travels by itself."""
STILL_S = 0.06
"""How long arrivals stand still: longer than the kernel delays an acknowledgement."""
ARRIVE_S = 10.0
Numbers = dict[str, float]


@dataclass
class Counted:
    """The counts in the window of one trial."""

    on_wire: counters.Counts | None = None
    calls: calls.Calls | None = None


def window(case: Case, size_bytes: int) -> Window:
    interval_s = None if case.cell.workload.lockstep else INTERVAL_S
    return Window(MESSAGES, WARM_UP, interval_s=interval_s, sizes_bytes=(size_bytes,))


def await_still(trial: Trial) -> None:
    """Wait until nothing more arrives: the last reply of warm-up is none of the window."""
    ends, before = time.monotonic() + ARRIVE_S, -1
    while (count := trial.arrivals_after(STILL_S)) != before:
        before = count
        if time.monotonic() > ends:
            raise TrialError(f"messages kept coming for {ARRIVE_S:g} s")


def await_window(trial: Trial) -> None:
    """Open the window and wait until all of it has arrived and was acknowledged."""
    trial.open_window()
    trial.give_for(ARRIVE_S)
    await_still(trial)


def counted(case: Case, size_bytes: int, seed: int) -> Numbers:
    """Return what one message of a case costs: of all processes, in both directions."""
    found = Counted()

    def around(trial: Trial) -> None:
        pids = [host.pid for host in trial.hosts]
        await_still(trial)
        sent = counters.read()
        try:
            with calls.counted(pids) as found.calls:
                await_window(trial)
        except NotMeasurable:
            found.calls = None
            await_window(trial)
        found.on_wire = counters.read().since(sent)

    with scratch_folder() as folder:
        record = run_trial(
            case,
            window(case, size_bytes),
            folder,
            random.Random(seed),
            measure=around,
        )
    assert found.on_wire
    cpu_ns = sum(threads[PROCESS].run_ns for threads in record.cpu.values())
    whole = {
        "data_segments": found.on_wire.data,
        "acknowledgements": found.on_wire.acknowledgements,
        "payload_bytes": found.on_wire.payload_bytes,
        "wire_bytes": found.on_wire.all_bytes,
        "cpu_us": cpu_ns / 1e3,
    }
    if found.calls is not None:
        whole["system_calls"] = found.calls.system_calls
        whole["wake_ups"] = found.calls.wake_ups
    return {name: value / MESSAGES for name, value in whole.items()}


def main() -> None:
    spec = json.loads(sys.argv[1])
    counters.start()
    cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
    found = {}
    for subject, cell, transport, size_bytes in spec["cases"]:
        case = Case(cells[cell], "latency", transport, size_bytes, 1, "free")
        found[subject] = counted(case, size_bytes, spec["seed"])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
