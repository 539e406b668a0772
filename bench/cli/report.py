"""The command ``report``, and the report of a run that has just ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from bench.cli.common import DATA, REPORTS, as_typed
from bench.contract.model import FLOOR, IMPLEMENTATIONS
from bench.errors import UsageError
from bench.run.progress import console

a_path = click.Path(path_type=Path)
ASKED = "asked"
"""The entry of run.json with the stacks of ``run --stack``."""


def report_after(folder: Path) -> None:
    """Write the report of a new run, and print a line if README has to stay as it is.

    A run on a machine that lacks programs has fewer numbers. That is not an error.
    """
    from bench.analysis.results import load
    from bench.report.build import build, renew_readme
    from bench.report.pages.headline import against, survival, table
    from bench.report.sections.standing import standing_of
    from bench.report.sections.widths import at_the_end
    from bench.run.published import housekeeping, published

    place = _report_folder(folder)
    found = published(DATA, folder) if place == REPORTS else None
    beside, growth = (found.beside, found.growth) if found else ((), None)
    page = build([folder], place, beside=beside, growth=growth)
    numbers = page.parent / "numbers.json"
    run = load(folder)
    ratios = against(numbers, told_apart(run.about)) or table(numbers)
    for shown in (ratios, survival(numbers)):
        if shown:
            console.print(shown)
    for sentence in (*standing_of(run), *at_the_end(run)):
        console.print(sentence)
    console.print(f"report: {as_typed(page)}")
    if found:
        _tell(housekeeping(found))
    try:
        renew_readme(page)
    except UsageError as error:
        console.print(f"README stays as it is: {error}")


def told_apart(about: Mapping[str, Any]) -> set[str]:
    """Return the stacks that a run is about: those asked for, or else those added."""
    own = {path.name for root in (IMPLEMENTATIONS, FLOOR) for path in root.iterdir()}
    return set(about.get(ASKED, ())) or set(about["stacks"]) - own


def _report_folder(run_folder: Path) -> Path:
    """Return the folder of a run's report.

    It is ``reports/`` for a whole run under ``reports/data/``, and beside the data for any
    other run: a quick or partial run never replaces the numbers in README.
    """
    from bench.run.archive import Archive

    inside = run_folder.resolve().parent == DATA.resolve()
    whole = inside and Archive(run_folder).about().get("whole", False)
    return REPORTS if whole else run_folder / "report"


def _comparison(identifier: str, runs: Sequence[Path], out: Path | None) -> Path:
    """Write the page of a comparison of a run, or of the published report."""
    from bench.report.pages.comparison import write

    if len(runs) > 1:
        raise UsageError("--claim is about one report: name at most one RUN")
    folder = _report_folder(runs[0]) if runs else REPORTS
    data = runs[0].resolve().parent if runs else DATA
    return write(identifier, folder / "numbers.json", data, out)


def _tell(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        console.print(sentence, soft_wrap=True)


@click.command()
@click.argument("runs", nargs=-1, type=a_path)
@click.option("--out", type=a_path, help="Folder of the report.")
@click.option(
    "--all-files",
    is_flag=True,
    help="Write each chart also as PNG and as CSV.",
)
@click.option("--one-file", is_flag=True, help="Also join all pages in report.html.")
@click.option(
    "--claim",
    metavar="ID",
    help="Write the page of one comparison, which backs a claim that rests on it.",
)
def report(
    runs: tuple[Path, ...],
    out: Path | None,
    all_files: bool,
    one_file: bool,
    claim: str | None,
) -> None:
    """Rebuild a report from its raw data, without measuring.

    Without a RUN it uses the published set: the latest whole run of each kind of machine in
    reports/data/. The newest leads the set, or else the RUN that you name. Charts and times
    are those of the leading run. Ratios are given over all machines.

    With several RUNs the report is about the first, and shows the others beside it. That
    report is written beside the first run, and replaces nothing in reports/.

    Each chart is an SVG in figures/. For slides and tables of your own, --all-files writes
    it in more formats. The next report without --all-files removes them.

    --one-file makes a file to send by mail. --claim ID makes the page of one comparison,
    which backs a claim that rests on it: both programs, every value, the machine, and the
    command that measures it again.

    \b
    Examples:
      nomiddle report
      nomiddle report --all-files
      nomiddle report --one-file
      nomiddle report --claim ID
      nomiddle report reports/data/RUN
      nomiddle report reports/data/NEW reports/data/OLD
    """
    from bench.report.build import build, renew_readme
    from bench.report.pages.site import joined
    from bench.run.published import housekeeping, published

    if claim:
        console.print(f"comparison: {as_typed(_comparison(claim, runs, out))}")
        return
    of_set = len(runs) < 2 and (not runs or _report_folder(runs[0]) == REPORTS)
    found = published(DATA, *runs) if of_set else None
    folders = [found.leading] if found else list(runs)
    alone = REPORTS if found else _report_folder(folders[0])
    place = out or (folders[0] / "report" if len(folders) > 1 else alone)
    beside, growth = (found.beside, found.growth) if found else ((), None)
    whole = bool(found)
    page = build(
        folders,
        place,
        beside=beside,
        growth=growth,
        all_files=all_files,
        complete=whole,
    )
    console.print(f"report: {as_typed(page)}")
    if one_file:
        console.print(f"in one file: {as_typed(joined(page.parent))}")
    if found:
        _tell(housekeeping(found))
    renew_readme(page)
