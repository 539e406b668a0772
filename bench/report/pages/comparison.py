"""One comparison as one file, to attach to an issue in a dispute over a claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.analysis.compared_rows import Apart, Comparison
from bench.analysis.comparisons import apart, comparisons
from bench.analysis.paired import shared_ensemble
from bench.analysis.results import Run, load
from bench.contract.rows import CaseRow
from bench.errors import UsageError
from bench.report import ratio, words
from bench.report.model import Section, Table, facts
from bench.report.numbers.alias import alias
from bench.report.numbers.citation import find, mark, sentence
from bench.report.pages import page
from bench.run.archive import write_whole

Entry = Mapping[str, Any]
RATIO = "ratio of times"


def write(identifier: str, numbers: Path, data: Path, out: Path | None = None) -> Path:
    """Write the page of a comparison, and return its path: ``comparison-NAME.html``.

    ``identifier`` is an id of ``numbers`` or its short name, ``data`` the folder with the
    folders of runs. The page stands beside ``numbers``, or is ``out``. Raises UsageError
    for an unknown id, for one of no comparison, and if the run's data are not there.
    """
    entry = find(identifier, numbers)
    if entry["unit"] != RATIO:
        raise UsageError(
            f"{identifier} is no comparison of two programs; `cite {identifier}` prints "
            "it, and `cite '*.vs.*'` lists comparisons"
        )
    folder = data / entry["run"]
    if not folder.exists():
        raise UsageError(
            f"the run {entry['run']} is not in {data}: get its folder, or measure again"
        )
    place = out or numbers.parent / f"comparison-{alias(entry['id'])}.html"
    place.parent.mkdir(parents=True, exist_ok=True)
    write_whole(place, _page(entry, load(folder)))
    return place


def _page(entry: Entry, run: Run) -> str:
    pair = _pair(entry, run)
    found = ratio.finding(entry) if entry["verdict"] else ratio.apart(entry)
    parts = {
        "title": f"{' against '.join(entry['labels'])}: {found}",
        "facts": f"run {entry['run']}, {entry['date']}, grade {entry['grade']}",
        "machine": entry["machine"],
        "sentence": sentence(entry),
        "mark": mark(entry),
        "again": _again(entry, run),
        "programs": list(_programs(pair, run)),
        "sections": [_values(pair, run), _machine(run)],
        "pages": [],
        "up": "",
        "here": "",
    }
    return page.html("comparison.html", parts, [], {})


def _pair(entry: Entry, run: Run) -> Comparison | Apart:
    names = {n: words.stack(n, run.about["stacks"]) for n in run.about["stacks"]}
    pairs: list[Comparison | Apart] = [*comparisons(run), *apart(run, names)]
    for pair in pairs:
        between = "beside" if isinstance(pair, Apart) else "vs"
        if entry["id"] == f"{pair.a.name}.{pair.a.key}.{between}.{pair.b.key}":
            return pair
    raise UsageError(
        f"the data of {run.name} do not have {entry['id']}: rebuild the report"
    )


def _again(entry: Entry, run: Run) -> str:
    """Return the command that measures both programs again, in the same order of trials."""
    only = " ".join(f"--only '{cell}'" for cell in entry["cells"])
    profile, seed = run.about["profile"], run.about["seed"]
    return f".venv/bin/nomiddle run --profile {profile} --seed {seed} {only} --out again"


def _programs(pair: Comparison | Apart, run: Run) -> Iterator[dict[str, Any]]:
    """Yield both programs with all files that they are made of."""
    known = {row.program.cell: row for row in run.code.programs}
    for case in (pair.a, pair.b):
        row = known.get(case.cell)
        files = row.files if row else ()
        yield {
            "label": words.cell(case, run.about["stacks"]),
            "size": f"{row.statements} statements" if row else "its code was not kept",
            "files": [{"name": name, "code": run.code.texts[name]} for name in files],
        }


def _values(pair: Comparison | Apart, run: Run) -> Section:
    """Return every value that the ratio is made of: seconds, by block and round."""
    labels = [words.cell(case, run.about["stacks"]) for case in (pair.a, pair.b)]
    rows = list(_by_round(pair.a, pair.b, run))
    columns = ["block", "round", *(f"{label}, s" for label in labels), "the first is"]
    lead = (
        "Every value of both programs, in seconds: of a round trip, of a message's way, or "
        f"for each delivered message. The first is {labels[0]}, the second {labels[1]}. "
        "The interval is over blocks, whose value is the median over their rounds."
    )
    made = Table(columns, rows, "Every value", folded=len(rows) > 12)
    return Section("values", "Every value that it is made of", [lead], tables=[made])


def _by_round(a: CaseRow, b: CaseRow, run: Run) -> Iterator[list[str]]:
    mine, theirs = run.values_s(a.id), run.values_s(b.id)
    for block in sorted(set(mine.index) & set(theirs.index)):
        ensemble = shared_ensemble(run, a.id, b.id, block)
        if ensemble is None:
            yield _row(block, words.PASSED_OVER, mine[block], theirs[block])
            continue
        rounds = zip(
            run.windows_s(a.id, block)[ensemble],
            run.windows_s(b.id, block)[ensemble],
            strict=True,
        )
        for number, (first, second) in enumerate(rounds, start=1):
            yield _row(block, str(number), first, second)


def _row(block: int, number: str, first: float, second: float) -> list[str]:
    said = ratio.either([first / second])
    return [str(block + 1), number, f"{first:.6g}", f"{second:.6g}", said]


def _machine(run: Run) -> Section:
    about = dict(run.about["machine"])
    versions = about.pop("versions")
    about.pop("sysctl", None)
    told = replace(facts(about, ["fact", "value"], "Machine"), folded=True)
    tables = [told, facts(versions, ["package", "version"], "Versions")]
    return Section("machine", "Machine and versions", tables=tables)
