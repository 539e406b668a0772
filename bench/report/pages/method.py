"""The table of docs/method.md on ``compare``: rendered from its document, never typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.contract.model import PROJECT
from bench.report import words
from bench.report.pages.marked import replaced
from bench.run.archive import write_whole
from bench.surveys.operating_curve import tally
from bench.surveys.operating_curve.tally import Share, Step

PAGE = PROJECT / "docs" / "method.md"
NAME = "curve"
COLUMNS = (
    "work added",
    "it takes",
    "found, 8 blocks a run",
    "alone",
    "beside a neighbour",
    "found, 16 blocks a run",
)
MET = {
    (True, True): "reached",
    (True, False): "reached, but the interval reaches beyond",
    (False, False): "missed, but the interval reaches it",
    (False, True): "missed",
}
"""The words for an aim: by the share, and whether its whole interval is on that side."""
Document = dict[str, Any]


def block(found: Document | None) -> list[str]:
    """Return the lines between the markers: who measured, and two tables."""
    if not found or not found["rows"]:
        return ["No series has been measured yet."]
    return [
        *_opening(found),
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|" + " --- |" * len(COLUMNS),
        *(f"| {' | '.join(_step(step))} |" for step in _curve(found)),
        "",
        "| question | found | aim | |",
        "| --- | --- | --- | --- |",
        *(f"| {' | '.join(row)} |" for row in _aims(found)),
    ]


def _opening(found: Document) -> Iterator[str]:
    rows, machine = found["rows"], found["machine"]
    busy = sum(any(row["busy"]) for row in rows)
    yield (
        f"The series of {words.date(found)} has {words.plural(len(rows), 'pair')} of runs, "
        f"{busy} of them beside a neighbour. The machine: {words.machine(found)}, "
        f"Linux {machine['kernel']}."
    )
    if found["left_out"]:
        lacking = words.plural(len(found["left_out"]), "more pair")
        yield f"Left out, because a value is missing: {lacking}."


def _step(step: Step) -> Iterator[str]:
    yield f"+{step.more} %" if step.more else "none: a false alarm"
    yield f"{step.ratio:.3f}x the time" if step.more else "the same time"
    yield _share(step.every)
    yield from (f"{each.found} of {each.of}" for each in (step.alone, step.beside))
    yield _share(step.joined)


def _curve(found: Document) -> list[Step]:
    return tally.curve(found["rows"], found["joined"])


def _share(share: Share) -> str:
    if not share.of:
        return words.PASSED_OVER
    low, high = share.interval
    return f"{share.found} of {share.of} ({100 * low:.0f} to {100 * high:.0f} %)"


def _aims(found: Document) -> Iterator[list[str]]:
    """Yield a row for each aim: what was asked, found and aimed at, and if it was met."""
    rows, steps = found["rows"], {step.more: step for step in _curve(found)}
    for said, share in (
        ("`compare` gives a false alarm", steps[0].every),
        ("`compare` gives one, 16 blocks a run", steps[0].joined),
    ):
        yield _aim(said, share, most=tally.ALARMS_MAX)
    equals = tally.different(rows)
    said = "identical programs are called faster or slower"
    yield _aim(said, equals, most=tally.DIFFERENT_MAX)
    chance = tally.excluding(rows)
    yield [
        "intervals of identical programs exclude 1",
        f"{chance.found} of {chance.of}",
        f"{chance.least} to {chance.most}, by chance",
        MET[chance.least <= chance.found <= chance.most, True],
    ]
    quick, standard = tally.QUICK_MORE, tally.STANDARD_MORE
    in_two = tally.found_by_two(rows)
    for said, share in (
        (f"`compare` finds +{quick} % work", steps[quick].every),
        ("`compare` finds it, 16 blocks a run", steps[quick].joined),
        (f"one run finds +{quick} %, in the blocks of `quick`", tally.found_by_run(rows)),
        (f"the blocks of `standard` tell +{standard} % from none", in_two),
    ):
        yield _aim(said, share, least=tally.FOUND_MIN)


def _aim(said: str, share: Share, least: float = 0.0, most: float = 1.0) -> list[str]:
    """Return the row of a share that should lie between ``least`` and ``most``."""
    aim = f"at least {100 * least:.0f} %" if least else f"at most {100 * most:.0f} %"
    if not share.of:
        return [said, _share(share), aim, words.PASSED_OVER]
    low, high = share.interval
    reached = least <= share.found / share.of <= most
    certain = least <= low and high <= most if reached else high < least or low > most
    return [said, _share(share), aim, MET[reached, certain]]


def render(page: Path, document: Path) -> str:
    """Return the page's text with its block rendered. Raises UsageError without markers."""
    lines = "\n".join(block(tally.read(document)))
    return replaced(page, NAME, lines)


def stale(page: Path, document: Path) -> bool:
    """Return whether rendering the page again would change it."""
    return render(page, document) != page.read_text(encoding="utf-8")


def update(page: Path, document: Path) -> None:
    """Render the page's block again, if there is a document."""
    if document.exists():
        write_whole(page, render(page, document))
