"""The report's sections on how far to believe it: checks, copies, widths, machine, time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bench.analysis.copies import excluding
from bench.analysis.results import Run
from bench.report import words
from bench.report.model import Columns, Data, Section, Table
from bench.report.model import facts as table_of
from bench.report.sections import citing, rounds, tables
from bench.report.sections import precision as precise
from bench.report.sections.standing import check_sentences
from bench.report.sections.widths import width_table
from bench.run.environment import GRADE_RULE


def precision(data: Data) -> Section:
    said = [precise.width_words(data.compared)]
    made = [precise.variance_table(data)]
    if data.run.ensembles:
        said.append(
            "Programs took turns in rounds. If many rounds vary much more than blocks do, "
            "more rounds narrow an interval. If blocks vary, only more blocks do. The best "
            "number of rounds follows from both, and from the time that each takes."
        )
        made.insert(0, width_table(data))
    repeated = sorted({b.block for b in data.run.environment if b.repeat})
    if repeated:
        named = ", ".join(str(block + 1) for block in repeated)
        counted = ", ".join(str(block + 1) for block in data.run.replaced) or "none"
        said.append(
            f"Flagged for their environment and repeated whole: {named}. The repetition "
            f"counts unless it was flagged itself: {counted}. Results had no part in "
            "that."
        )
        made.append(precise.both_analyses(data))
    if data.run.extension:
        said.append(precise.extension_words(data.run.extension))
    return Section("precision", "How precise this run is", said, tables=made)


def conformance(data: Data) -> Section:
    lead = (
        "Every program was checked before it was timed. A program that may lose messages "
        "loses some at full speed, and none at a slow pace."
    )
    said = [lead, *_checked_before(data.run)]
    return Section("conformance", "Conformance", said, tables=[tables.checks_table(data)])


def _checked_before(run: Run) -> Iterator[str]:
    """Yield a sentence about the checks that the run took from the user's cache."""
    began = run.about["started"]
    before = [check.made for check in run.checks if "" < check.made < began]
    if before:
        yield (
            f"{len(before)} of {len(run.checks)} checks were made before this run, the "
            f"first on {min(before)[:10]}. Nothing that they depend on has changed since."
        )


def copies(data: Data) -> Section:
    title = "A/A check"
    if not data.copies:
        return Section("noise", title, ["This run has no A/A copy."])
    lead = (
        "The same program, measured twice under two names in every block. Its ratio to "
        "itself is 1, so this checks the run. It is no threshold: a verdict follows from "
        "the interval of its own ratio, which covers what its own programs vary."
    )
    rule = (
        "A copy passes if its interval lies within 5 % of 1. It fails if the interval lies "
        "wholly beyond 5 %, or if 1 is rejected with a chance of at most 1 % that any copy "
        "of a run fails wrongly (Holm). Otherwise the check is too coarse: it would have "
        "missed a difference within that interval."
    )
    found = excluding(data.copies)
    counted = (
        f"{found.found} of {found.copies} intervals exclude 1. Chance explains at most "
        f"{found.most}. If there were more, no ratio of this run could be trusted to its "
        "interval."
    )
    said = [lead, rule, counted, *check_sentences(data.copies, data.stacks)]
    return Section("noise", title, said, tables=[tables.copies_table(data)])


def environment(data: Data) -> Section:
    unit = "round" if data.run.ensembles else "block"
    lead = (
        f"The load of the machine during each {unit}. A {unit} is flagged for its "
        "environment, never for its result: CPU time stolen by a hypervisor, work of "
        "other processes, a fixed piece of work (the canary) that took longer than "
        "usual, clock jumps, throttling."
    )
    made = [tables.environment_table(data)] if data.run.environment else []
    if data.run.flagged_share is not None and data.run.ensembles:
        lead += (
            " The first flagged rounds of a block were made again, and the repetition "
            "counts. Of the rounds that count, "
            f"{100 * data.run.flagged_share:.3g} % are flagged."
        )
        made = [rounds.table(data.run.ensembles)]
    graded = f"Grade {data.grade.letter}: {' '.join(data.grade.reasons[-1:])}"
    means = f"Grade {data.grade.letter} means that {citing.means(data)}"
    rule = f"{GRADE_RULE} A repetition is a {unit}."
    said = [lead, graded, rule, means]
    return Section("environment", "Environment and grade", said, tables=made)


def facts(data: Data) -> Section:
    about = data.run.about
    machine = dict(about["machine"])
    versions = machine.pop("versions")
    sysctl = machine.pop("sysctl", {})
    told = {name: _text(value) for name, value in machine.items()}
    told |= {name: about[name] for name in ("profile", "seed", "started")}
    made = [
        table_of(told, ["fact", "value"]),
        table_of(versions, ["package", "version"], "Versions"),
        table_of(sysctl, ["sysctl", "value"], "Kernel"),
        socket_table(data),
    ]
    shown = [table for table in made if table.rows]
    return Section("machine", "Machine, versions, seed, socket options", tables=shown)


def socket_table(data: Data) -> Table:
    """Return the socket options as the kernel told them, per cell and role."""
    endings = ("_tcp_nodelay", "_so_sndbuf", "_so_rcvbuf")
    cases, trials = data.run.cases, data.run.trials
    places = [(cases[case].cell, cases[case].transport) for case in trials["case"]]
    rows = []
    for cell, transport in sorted(set(places)):
        part = trials[[place == (cell, transport) for place in places]]
        for column in [c for c in part.columns if str(c).endswith(endings)]:
            found = part[column].dropna()
            each = {v for text in found for v in str(text).split(",") if v}
            if each:
                (end,) = [end for end in endings if str(column).endswith(end)]
                values = ", ".join(sorted(each, key=lambda v: (len(v), v)))
                role = str(column).removesuffix(end)
                rows.append([cell, transport, role, end[1:], values])
    columns = ["cell", "transport", "role", "option", "values read back"]
    return Table(columns, rows, "Socket options", folded=True)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def time(data: Data) -> Section:
    def difference(entry: Mapping[str, Any]) -> str:
        if not entry["predicted_s"]:
            return words.PASSED_OVER
        return f"{100 * (entry['took_s'] / entry['predicted_s'] - 1):+.0f} %"

    columns: Columns[Mapping[str, Any]] = {
        "part": lambda entry: str(entry.get("part", "speed")),
        "trials": lambda entry: str(int(entry["trials"] or 0)),
        "predicted": lambda entry: f"{entry['predicted_s'] / 60:.1f} min",
        "took": lambda entry: f"{entry['took_s'] / 60:.1f} min",
        "difference": difference,
    }
    made = Table.of(data.run.timing, columns)
    return Section("time", "Predicted and actual time", tables=[made])
