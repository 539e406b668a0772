"""``demo``: two of the talk's demonstrations, live in a terminal, within a minute each."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from bench.cli.common import as_typed
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, PROJECT
from bench.errors import UsageError
from bench.run.progress import console

if TYPE_CHECKING:
    from bench.faults.history import FailureRecord, Line

RECORDED = PROJECT / "talk" / "demos"
FAULT = "link_cut_4s"
BITTEN = ("minimal", "resilient")
BEFORE_S, AFTER_S, COLUMN_S = 0.75, 9.0, 0.15
"""A row shows so long before the cut and so long after it; a column is so long."""
IN_TIME, LATE, REPORTED, NOTHING, NO_CALL = "#~!. "
LEGEND = (
    f"{IN_TIME} answered within 0.1 s   {LATE} answered late   "
    f"{REPORTED} reported as failed   {NOTHING} no answer"
)
STRANGERS = {
    "sockets_plain": "BSD sockets",
    "http_plain": "HTTP",
    "zmq_plain": "ZeroMQ",
    "zmq_zap_domain": "ZeroMQ, one line more (a domain of ZAP)",
    "zmq_curve": "ZeroMQ with CURVE",
}


def columns(record: FailureRecord) -> str:
    """Return what became of the calls of a trial, a letter for each moment.

    The worst of a moment's calls counts: a row of ``IN_TIME`` is undisturbed service.
    """
    places: dict[int, str] = {}
    for line in record.lines:
        for at_ns, letter in zip(line.intended_ns.tolist(), _letters(line), strict=True):
            place = int(((at_ns - record.fault_ns) / 1e9 + BEFORE_S) // COLUMN_S)
            known = places.get(place, NO_CALL)
            places[place] = max(known, letter, key=_badness)
    count = round((BEFORE_S + AFTER_S) / COLUMN_S)
    return "".join(places.get(place, NO_CALL) for place in range(count))


def _badness(letter: str) -> int:
    return (NO_CALL, IN_TIME, LATE, REPORTED, NOTHING).index(letter)


def _letters(line: Line) -> Iterator[str]:
    from bench.faults.history import Fate

    reported, answered = line.are(Fate.REPORTED), line.arrived_ns > 0
    for failed, came, in_time in zip(reported, answered, line.in_time, strict=True):
        if failed:
            yield REPORTED
        elif in_time:
            yield IN_TIME
        else:
            yield LATE if came else NOTHING


def scale() -> str:
    """Return the row above all others: when the cable is cut and when it is whole again."""
    from bench.faults.all_faults import all_faults

    before, cut = (round(s / COLUMN_S) for s in (BEFORE_S, all_faults()[FAULT].lasts_s))
    return f"{' ' * before}{'<' + 'cable cut'.center(cut - 2, '-') + '>'}"


def shark_bite() -> Iterator[str]:
    """Cut the link of request/reply on every stack for 4 s, and yield a row for each.

    Raises NotMeasurable where the machine permits no network namespace.
    """
    from bench.faults.all_faults import all_faults
    from bench.faults.history import Fate
    from bench.faults.trial import run_failure
    from bench.run.plan import Group, Profile, plan
    from bench.trial.scratch import scratch_folder

    group = Group(
        tuple(f"*/{variant}/request_reply.py" for variant in BITTEN),
        faults=(FAULT,),
        blocks=1,
        leaving_out=(),
    )
    cases = [
        planned.case
        for planned in plan(Profile("demo", "", (group,)), find_cells([IMPLEMENTATIONS]))
        if planned.case.fault
    ]
    yield "The same calls on every stack. A shark bites the cable; it is mended after 4 s."
    yield LEGEND
    yield f"{'':26}{scale()}"
    with ExitStack() as stack:
        logs = stack.enter_context(scratch_folder())
        pool = stack.enter_context(ThreadPoolExecutor(len(cases)))
        fault = all_faults()[FAULT]
        trials = {
            pool.submit(run_failure, case, fault, logs / case.id, random.Random(1)): case
            for case in cases
        }
        for trial in as_completed(trials):
            cell, record = trials[trial].cell, trial.result()
            lost = record.total(Fate.SILENT) + record.total(Fate.HELD)
            failed = record.total(Fate.REPORTED)
            name = f"{cell.stack.label} ({cell.variant.name})"
            yield f"{name:26}{columns(record)}"
            yield f"{'':26}{failed} calls reported as failed, {lost} without an answer"


def wrong_number() -> Iterator[str]:
    """Throw 300 random blobs and a browser at a receiver on every stack."""
    from bench.surveys.experiments.catalogue.strangers import experiment, said
    from bench.trial.scratch import scratch_folder

    yield (
        f"A stranger dials the wrong number: {said.BLOBS} random blobs, then a browser. "
        "How many of them does the application take for messages?"
    )
    yield f"{'':42}{'blobs':>8}{'browser':>9}  its own client afterwards"
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder())
        pool = stack.enter_context(ThreadPoolExecutor(len(STRANGERS)))
        keys = experiment.make_keys(folder / "keys")
        visits = {
            pool.submit(experiment.visit, name, keys, 1, folder / f"{name}.log"): label
            for name, label in STRANGERS.items()
        }
        for visit in as_completed(visits):
            found = visit.result()
            heard = "is heard" if found["friend"] else "is not heard"
            yield (
                f"{visits[visit]:42}{found['blobs']:>8.0f}{found['browser']:>9.0f}  {heard}"
            )


DEMOS: dict[str, Callable[[], Iterator[str]]] = {
    "shark_bite": shark_bite,
    "wrong_number": wrong_number,
}


@click.command()
@click.argument("name", type=click.Choice([*DEMOS]))
@click.option(
    "--recorded",
    "from_record",
    is_flag=True,
    help="Print what an earlier demonstration printed, without running anything.",
)
@click.option("--record", is_flag=True, help="Keep the output for --recorded.")
def demo(name: str, from_record: bool, record: bool) -> None:
    """Run a demonstration of the talk, live and within a minute.

    \b
    shark_bite     the cable between client and server is cut for 4 s, on every stack
    wrong_number   strangers talk to a receiver on every stack

    \b
    Examples:
      nomiddle demo shark_bite
      nomiddle demo wrong_number --recorded
    """
    from bench.run.archive import write_whole

    kept = RECORDED / f"{name}.txt"
    if from_record:
        if not kept.exists():
            raise UsageError(f"{as_typed(kept)} is missing; make it with --record")
        for line in kept.read_text(encoding="utf-8").splitlines():
            click.echo(line)
        return
    lines = []
    for line in DEMOS[name]():
        click.echo(line)
        lines.append(line)
    if record:
        made = f"recorded on {time.strftime('%Y-%m-%d')}; live: nomiddle demo {name}"
        kept.parent.mkdir(exist_ok=True)
        write_whole(kept, "\n".join([*lines, made, ""]))
        console.print(f"recorded: {as_typed(kept)}")
