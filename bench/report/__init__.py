"""The report: everything derived from raw data, rebuilt the same from the same data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bench.archive import write_whole
from bench.charts import charts, look_of, machine, words
from bench.charts.export import export
from bench.claims.talk import judge, read_ledger
from bench.comparisons import comparisons, grade_of, noise
from bench.contract import PROJECT
from bench.embedding import tally as embedding
from bench.errors import UsageError
from bench.estimates import estimates
from bench.languages import tally as languages
from bench.recoveries import levels as levels_of
from bench.recoveries import recoveries
from bench.report import (
    bindings,
    claims,
    embedded,
    other_runs,
    page,
    readme,
    side_by_side,
)
from bench.report.content import facts_line, sections
from bench.report.explore import explored
from bench.report.model import Data
from bench.report.numbers import numbers
from bench.results import Run, load

__all__ = ["build"]

REPORTS = PROJECT / "reports"
README = PROJECT / "README.md"


def derive(run: Run, *, draw: bool = True) -> Data:
    """Return a run with everything computed from it; without charts if not ``draw``."""
    table, compared = estimates(run), comparisons(run)
    first = comparisons(run.first_pass()) if run.replaced else compared
    floor = noise(run)
    graded = grade_of(run, floor)
    recovered, levelled = recoveries(run), levels_of(run)
    drawn = charts(run, table, compared, recovered, graded.letter) if draw else []
    return Data(run, table, compared, first, recovered, levelled, floor, drawn, graded)


def _survey(out: Path, name: str) -> Path:
    """Return where a survey is: with the report, or else among the published ones."""
    return out / name if (out / name).exists() else REPORTS / name


def build(run_folders: Sequence[Path], out: Path) -> Path:
    """Write the report of the first run into ``out``, and return its page's path.

    Further runs are laid over the first: their claims, and what changed. Raises
    ResultsError for a folder that is not a finished, unchanged run.
    """
    if not run_folders:
        raise UsageError("name at least one run to report on")
    runs = [load(Path(folder)) for folder in run_folders]
    data = derive(runs[0])
    others = [derive(run, draw=False) for run in runs[1:]]
    out.mkdir(parents=True, exist_ok=True)
    overlaid = other_runs.overlays(data, others) if others else []
    svgs = export([*data.charts, *overlaid], out / "figures")
    spoken = languages.read(_survey(out, languages.FILE))
    servers = embedding.read(_survey(out, embedding.FILE))
    entries = [*numbers(data), *bindings.numbers(spoken), *embedded.numbers(servers)]
    write_whole(out / "numbers.json", json.dumps(entries, indent=1, allow_nan=False) + "\n")
    judged = judge(read_ledger(), entries)
    about = data.run.about
    beside = other_runs.section(data, others, overlaid) if others else None
    said = sections(data, beside, [embedded.section(servers), bindings.section(spoken)])
    said.insert(2, claims.section(judged, about))
    parts = {"facts": facts_line(data), "machine": machine(about), "sections": said}
    ledger = {**parts, **claims.page_parts(judged, about)}
    write_whole(out / claims.PAGE, page.plain("claims.html", ledger))
    look = look_of(data.run, data.grade.letter)
    side_by_side.write_pages(data, look, {k: parts[k] for k in ("facts", "machine")}, out)
    write_whole(out / "REPORT.md", page.markdown(parts))
    write_whole(
        out / "SUMMARY.md", page.markdown({**parts, "answer": said[0]}, "SUMMARY.md")
    )
    labelled = {words.stack(name, data.stacks): c for name, c in look.colors.items()}
    parts["explored"] = explored(entries, labelled)
    write_whole(out / "index.html", page.html(parts, svgs))
    if out.resolve() == REPORTS.resolve():
        readme.update(README, out / "numbers.json")
    return out / "index.html"
