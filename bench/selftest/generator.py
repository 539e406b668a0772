"""The harness refuses a case if its generator of messages cannot keep up.

The generator is asked for more messages a second than an interpreter can count. Its lag at
the rates of a run is shown for information. On a busy machine the generator may be late at
those rates as well; a run then refuses these cases.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.measure import response, throughput
from bench.measure.common import Sizing
from bench.selftest.answers import KnownAnswer
from bench.selftest.handler_delay import CELLS
from bench.selftest.measures import SIZE_BYTES
from bench.trial.trial import run_trial

TOO_FAST_HZ = 20e6
MESSAGES = 20_000
LOAD = 0.5
STREAM = "zmq/minimal/pipeline.py"


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Offer each stack half of its saturation rate, and one stack far too much."""
    del blocks
    cells = find_cells([IMPLEMENTATIONS])
    found = []
    for cell in [c for c in cells if Path(c.id).match(CELLS)]:
        case = Case(cell, "response", "tcp", SIZE_BYTES, 1, "split")
        pilot = throughput.measure(
            case, run_trial(case, throughput.pilot(case), logs, Random(seed))
        )
        sizing = Sizing(pilot.value_s, LOAD / pilot.value_s, seed)
        measured = response.take(case, sizing, logs, Random(seed))
        lag_us, share, refused = _lag(measured.metadata)
        found.append(
            KnownAnswer(
                f"{cell.id}: lag of the generator, p99",
                "nothing",
                f"{lag_us:.0f} us, {100 * share:.1f} % of the time, "
                f"{'refused' if refused else 'accepted'}",
                "for information",
                None,
            )
        )
    stream = next(cell for cell in cells if cell.id == STREAM)
    case = Case(stream, "response", "tcp", SIZE_BYTES, 2, "split")
    sizing = Sizing(1 / TOO_FAST_HZ, TOO_FAST_HZ, seed)
    window = replace(response.window(case, sizing), messages=MESSAGES)
    trial = run_trial(case, window, logs, Random(seed))
    _, share, refused = _lag(response.measure(case, trial, sizing).metadata)
    found.append(
        KnownAnswer(
            f"{STREAM}: a rate that nobody can generate",
            f"{TOO_FAST_HZ / 1e6:.0f} M/s",
            f"{100 * share:.0f} % of the time, {'refused' if refused else 'accepted'}",
            "refused",
            refused,
        )
    )
    return found


def _lag(metadata: dict[str, str | int | float]) -> tuple[float, float, bool]:
    """Return the lag in microseconds, the generator's share, and if a run refuses it."""
    lag_ns, p50_ns = float(metadata["lag_p99_ns"]), float(metadata["p50_ns"])
    share = float(metadata["generator_share"])
    return lag_ns / 1e3, share, response.generator_is_limit(lag_ns, p50_ns, share)
