"""The report: everything derived from raw data, rebuilt the same from the same data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.analysis.comparisons import comparisons, grade_of
from bench.analysis.copies import copies_of
from bench.analysis.estimates import estimates
from bench.analysis.levels import levels as levels_of
from bench.analysis.recovery import recoveries
from bench.analysis.results import Run, load
from bench.analysis.side import read_side
from bench.contract.model import PROJECT
from bench.errors import UsageError
from bench.report.charts import boxes as struck_boxes
from bench.report.charts import drawings, webs
from bench.report.charts import growth as growth_charts
from bench.report.charts import networks as networks_drawn
from bench.report.charts.all import charts, look_of
from bench.report.charts.export import export
from bench.report.model import Data, with_answer
from bench.report.numbers import machines as over_machines
from bench.report.numbers.numbers import GROWTH, numbers
from bench.report.pages import declared, method, page, readme, site
from bench.report.pages import side_by_side as side_by_side_pages
from bench.report.pages.explore import explored
from bench.report.ratio import COMPILED, ONE_MACHINE
from bench.report.sections import (
    bindings,
    claims,
    embedded,
    experiments,
    front,
    machines,
    networks,
    other_runs,
    story,
)
from bench.report.sections import topologies as struck
from bench.report.sections.content import facts_line, sections
from bench.report.sections.standing import standing
from bench.report.talk_claims import verdicts
from bench.report.talk_claims.experiments import measure, read_experiments
from bench.report.talk_claims.judge import judge, read_claims
from bench.report.words import machine
from bench.run.archive import write_whole
from bench.surveys.embedding import tally as embedding
from bench.surveys.experiments import kept
from bench.surveys.languages import tally as languages
from bench.surveys.operating_curve import tally as operating_curve
from bench.surveys.topologies import tally as topologies

REPORTS = PROJECT / "reports"
README = PROJECT / "README.md"


def derive(run: Run, *, draw: bool = True) -> Data:
    """Return a run with everything computed from it; without charts if not ``draw``."""
    measured, compared = estimates(run), comparisons(run)
    first = comparisons(run.first_pass()) if run.replaced else compared
    copies = copies_of(run)
    graded = grade_of(run, copies)
    recovered, levelled = recoveries(run), levels_of(run)
    drawn = charts(run, measured, compared, recovered, graded.letter) if draw else []
    data = Data(run, measured, compared, first, recovered, levelled, copies, drawn, graded)
    return replace(data, entries=numbers(data))


def derive_set(leading: Path, beside: Sequence[Path], *, draw: bool = True) -> Data:
    """Return the leading run with everything computed, and other machines' ratios."""
    data = derive(load(leading), draw=draw)
    sides = [read_side(folder) for folder in beside]
    entries = over_machines.over(data.entries, data.side, sides)
    return replace(data, entries=entries, beside=sides)


def with_growth(data: Data, folder: Path | None, *, draw: bool = True) -> Data:
    """Return what is told of a run, with what a run of growth has beyond it.

    Its charts of growth are drawn unless the run itself has such, or not ``draw``.
    """
    if folder is None:
        return data
    growth = derive(load(folder), draw=False)
    known = {entry["id"] for entry in data.entries}
    kinds = ("absolute", GROWTH)
    more = [e for e in growth.entries if e["kind"] in kinds and e["id"] not in known]
    look = look_of(growth.run, growth.grade.letter)
    drawn = [*growth_charts.charts(growth.run, look)] if draw else []
    names = {chart.name for chart in data.charts}
    shown = [*data.charts, *(chart for chart in drawn if chart.name not in names)]
    entries = [*data.entries, *more]
    return replace(data, entries=entries, charts=shown, growth=growth)


def opening(data: Data) -> dict[str, Any]:
    """Return what SUMMARY.md says of the run itself, and of its ratios."""
    said = standing(data.compared, data.copies, data.grade, data.stacks)
    said += machines.summary(data.entries)
    return {
        "standing": said,
        "about_ratios": f"{COMPILED} {ONE_MACHINE}",
        "talk": "",
    }


def _survey(out: Path, name: str) -> Path:
    """Return where a survey is: with the report, or else among the published ones."""
    return out / name if (out / name).exists() else REPORTS / name


def build(
    run_folders: Sequence[Path],
    out: Path,
    *,
    beside: Sequence[Path] = (),
    growth: Path | None = None,
    all_files: bool = False,
    complete: bool = False,
) -> Path:
    """Write the report of the first run into ``out``, and return its page's path.

    Further runs are laid over the first: their declared comparisons, and changes.
    ``beside`` are the runs of other machines in the published set that the first run
    leads, ``growth`` is its run of that profile. With ``all_files`` every chart is also
    written as PNG and as CSV. Raises ResultsError for a folder that is not a finished,
    unchanged run. With ``complete`` the published report is not written if the run lacks a
    number that README cites: UsageError.
    """
    if not run_folders:
        raise UsageError("name at least one run to report on")
    data = with_growth(derive_set(Path(run_folders[0]), beside), growth)
    if complete and out.resolve() == REPORTS.resolve():
        declared.refuse_lost(out / declared.FILE, data.entries)
    others = [derive(load(Path(folder)), draw=False) for folder in run_folders[1:]]
    out.mkdir(parents=True, exist_ok=True)
    overlaid = other_runs.overlays(data, others) if others else machines.charts(data)
    boxes = topologies.read(_survey(out, topologies.FILE))
    whence = struck.source(boxes)
    drawn = [*struck_boxes.charts(boxes, whence), *drawings.charts(boxes, whence)]
    drawn += webs.charts(boxes, whence)
    shown = [*data.charts, *overlaid, *drawn]
    sides = (data.side, *(other.side for other in others))
    over_networks = networks_drawn.charts(sides, look_of(data.run, data.grade.letter))
    shown += over_networks
    svgs = export(shown, out / "figures", all_files=all_files)
    spoken = languages.read(_survey(out, languages.FILE))
    servers = embedding.read(_survey(out, embedding.FILE))
    provoked = kept.read(_survey(out, kept.FILE))
    entries = [
        *data.entries,
        *bindings.numbers(spoken),
        *embedded.numbers(servers),
        *experiments.numbers(provoked),
        *struck.numbers(boxes),
    ]
    write_whole(out / "numbers.json", json.dumps(entries, indent=1, allow_nan=False) + "\n")
    judged = judge(read_claims(), entries)
    asked = front.answer(provoked, boxes)
    write_whole(out / verdicts.FILE, verdicts.text(judged))
    about = data.run.about
    compared = other_runs.section(data, others, overlaid) if others else None
    if data.beside:
        compared = machines.section(data, overlaid)
    boxed = with_answer(struck.section(boxes, drawn), asked)
    surveys = [boxed, embedded.section(servers), bindings.section(spoken)]
    network = networks.section(sides, over_networks)
    tried = with_answer(experiments.section(provoked), asked)
    said = sections(data, compared, [*surveys, tried], network)
    if asked:
        said[0] = replace(said[0], answers=[*said[0].answers, asked])
    subjects = measure(read_experiments(), entries)
    said.insert(2, claims.section(judged, about, subjects))
    facts = {"facts": facts_line(data), "machine": machine(about)}
    parts = {**facts, "sections": said}
    write_whole(out / "REPORT.md", page.markdown(parts))
    short = {"answer": said[0], "talk": claims.in_short(judged)}
    summary = {**parts, **opening(data), **short}
    write_whole(out / "SUMMARY.md", page.markdown(summary, "SUMMARY.md"))
    look = look_of(data.run, data.grade.letter)
    side_by_side_pages.write_pages(data, look, {**facts, "pages": site.shown(said)}, out)
    labelled = {data.stack(name): c for name, c in look.colors.items()}
    told = story.screens(data, judged, [boxed], [asked] if asked else [])
    headers = {
        struck.ID: struck.header(boxes),
        experiments.ID: experiments.header(provoked),
    }
    return site.write(
        out,
        facts,
        said,
        {"first": story.opening(data), "screens": told, "took": story.took(data)},
        claims.page_parts(judged, about, subjects),
        explored(entries, labelled),
        svgs,
        headers,
    )


def renew_readme(page: Path) -> None:
    """Render README, COMPARISONS.md and docs/method.md from the published documents.

    Raises UsageError where COMPARISONS.md cites numbers that the report lacks; then both
    stay as they are.
    """
    if page.parent.resolve() == REPORTS.resolve():
        numbers = page.with_name("numbers.json")
        declared.update(page.with_name(declared.FILE), numbers)
        readme.update(README, numbers)
        method.update(method.PAGE, page.with_name(operating_curve.FILE))
