"""What programs take to write: their sizes, what is in them, Python against C."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.charts import words
from bench.charts.rows import row_key
from bench.report.facets import every
from bench.report.model import Data, Section, Table
from bench.source.shares import CLASSES
from bench.twins import MEASURES, Twins, twins
from bench.twins import sentence as verdict_on

Row = Mapping[str, Any]
QUOTE = "The C version is only a few lines longer because of error code checking"
COUNTED = {
    "statements": "statements",
    "tokens": "tokens",
    "gzip_bytes": "gzip, bytes",
    "lines": "lines",
    "complexity": "branches",
    "complexity_max": "worst function",
}


def programs(data: Data) -> list[dict[str, Any]]:
    """Return the programs that the run kept, in the order of its charts."""
    found = [{**row, "floor": False} for row in data.run.code["programs"]]
    return sorted(found, key=lambda row: (_workload(row), row_key(row)))


def _workload(row: Row) -> int:
    known = list(words.WORKLOADS)
    return known.index(row["workload"]) if row["workload"] in known else len(known)


# --- Sizes ----------------------------------------------------------------------------


def size_table(data: Data) -> Table:
    rows = [
        [
            words.workload(row["workload"]),
            words.cell(row, data.stacks),
            *(f"{row[name]:,}" for name in COUNTED),
            str(len(row["names"])),
            str(len(row["options"])),
        ]
        for row in programs(data)
    ]
    columns = ["workload", "program", *COUNTED.values(), "names of libraries", "options"]
    caption, about = "All that is counted of each program", _facets(data)
    return Table(columns, rows, caption, folded=True, facets=about)


def share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.0f} %)"


def shares_table(data: Data) -> Table:
    rows = [
        [
            words.workload(row["workload"]),
            words.cell(row, data.stacks),
            *(share(row["shares"][name], row["statements"]) for name in CLASSES),
        ]
        for row in programs(data)
    ]
    caption, about = "What the statements of each program are about", _facets(data)
    columns = ["workload", "program", *CLASSES]
    return Table(columns, rows, caption, folded=True, facets=about)


def _facets(data: Data) -> list[dict[str, str]]:
    return every(programs(data), data.stacks)


def totals_table(data: Data) -> Table:
    totals = [row for row in data.run.code["totals"] if len(row["files"]) > 1]
    rows = [
        [
            words.cell({**row, "workload": ""}, data.stacks),
            str(len(row["files"])),
            *(f"{row[name]:,}" for name in COUNTED),
        ]
        for row in totals
    ]
    caption = "All workloads of a stack together, shared files once"
    columns = ["programs", "files", *COUNTED.values()]
    about = every(totals, data.stacks, ("stack", "variant", "language"))
    return Table(columns, rows, caption, folded=True, facets=about)


def weights_table(data: Data) -> Table:
    columns = [
        "stack", "packages", "installed, MiB", "import, ms", "threads",
        "idle server, MiB", "of these bare Python, MiB",
    ]  # fmt: skip
    rows = [
        [
            words.stack(stack, data.stacks),
            str(len(found["packages"])),
            words.number(found["installed_mib"]),
            words.number(found["import_ms"]),
            str(found["threads"]),
            words.number(found["resident_mib"]),
            words.number(found["bare_resident_mib"]),
        ]
        for stack, found in data.run.weights.items()
    ]
    about = every([{"stack": stack} for stack in data.run.weights], data.stacks)
    caption = "What a stack weighs before a line is written"
    return Table(columns, rows, caption, facets=about)


def shares_sentences(data: Data) -> Iterator[str]:
    """Yield, per workload, how much of the minimal programs in Python is plumbing."""
    for workload in words.WORKLOADS:
        said = []
        for row in programs(data):
            mine = (row["workload"], row["variant"], row["language"])
            if mine != (workload, "minimal", words.PYTHON):
                continue
            part = plumbing(row)
            label = words.stack(row["stack"], data.stacks)
            said.append(f"{label} {share(part, row['statements'])}")
        if said:
            yield (
                f"{words.workload(workload)}, statements of framing and connections in the "
                f"minimal program: {', '.join(said)}."
            )


def plumbing(row: Row) -> int:
    """Return the statements of a program that are about framing and connections."""
    return int(row["shares"]["framing"] + row["shares"]["connection"])


def size_tables(data: Data) -> list[Table]:
    made = [size_table(data), shares_table(data), totals_table(data), weights_table(data)]
    return [table for table in made if table.rows]


# --- Python against C -----------------------------------------------------------------


def found_twins(data: Data) -> list[Twins]:
    return twins(programs(data))


def twins_table(data: Data) -> Table:
    columns = ["workload", "stack", "counted", "Python", "C, slide", "C, checked"]
    columns += ["for the language", "for checking", "in all"]
    rows: list[list[str]] = []
    about: list[dict[str, str]] = []
    for pair in found_twins(data):
        place = {"workload": pair.workload, "stack": pair.stack}
        about += every([place for _ in MEASURES], data.stacks)
        for measure in MEASURES:
            language, checking = pair.language(measure), pair.checking(measure)
            rows.append(
                [
                    words.workload(pair.workload),
                    words.stack(pair.stack, data.stacks),
                    measure,
                    f"{pair.python[measure]:,}",
                    f"{pair.slide[measure]:,}" if pair.slide else words.PASSED_OVER,
                    f"{pair.checked[measure]:,}",
                    words.PASSED_OVER if language is None else f"{language:+,}",
                    words.PASSED_OVER if checking is None else f"{checking:+,}",
                    f"{pair.more(measure):+,}",
                ]
            )
    return Table(columns, rows, "Python against C", facets=about)


def twin_sentence(data: Data, pair: Twins) -> str:
    stack = words.stack(pair.stack, data.stacks)
    return verdict_on(pair, stack, words.workload(pair.workload).lower())


def languages(data: Data) -> Section:
    made = twins_table(data)
    if not made.rows:
        return Section("languages", "Python against C")
    lead = (
        f'"{QUOTE}", the talk says of ZeroMQ. The programs are the minimal ones: in '
        "Python; in C as on a slide, where nothing is checked; and in C with every return "
        "code checked, any size of message and a clean end. Files that a program includes "
        "count with it. A statement means the same in both languages; braces and "
        "semicolons are layout, as indentation is."
    )
    said = [f"{twin_sentence(data, pair)}." for pair in found_twins(data)]
    return Section("languages", "Python against C", [lead], said, [made])
