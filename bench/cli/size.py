"""``size``: the amount of code of each program, and the purposes of its statements."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from bench.cli.common import more_roots, show_what_is_not_built
from bench.cli.named import chosen
from bench.contract.find import find_cells, stack_names
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.errors import NoMiddleError
from bench.run.progress import console

TITLES = {
    "statements": "statements",
    "tokens": "tokens",
    "gzip_bytes": "gzip",
    "lines": "lines",
    "complexity": "branches",
    "complexity_max": "worst",
}


@click.command()
@click.argument("globs", nargs=-1, metavar="[PROGRAM]...")
@click.option("--stack", "stacks", multiple=True, help="Count only this stack.")
@click.option("--workload", "workloads", multiple=True, help="Count only this workload.")
@click.option(
    "--names", is_flag=True, help="List the library names and options that are used."
)
@click.option(
    "--c-ports",
    "beside",
    is_flag=True,
    help="Compare Python with the C ports, too.",
)
@click.option(
    "--weight", is_flag=True, help="Show packages, memory and import time instead."
)
@click.option("--json", "form", flag_value="json", help="Print every count as JSON.")
@click.option(
    "--csv", "form", flag_value="csv", help="Print a row for each program as CSV."
)
@more_roots
def size(
    globs: tuple[str, ...],
    stacks: tuple[str, ...],
    workloads: tuple[str, ...],
    names: bool,
    beside: bool,
    weight: bool,
    form: str | None,
    more: tuple[Path, ...],
) -> None:
    """Count the code of each program.

    \b
    statements, tokens    do not depend on layout, comments or names
    gzip                  compressed bytes; does not depend on layout or comments
    branches, worst       McCabe complexity of the program, of its worst function
    names, options        library names that are used, options that are set
    framing ... business  how the statements divide

    \b
    Examples:
      nomiddle size 'zmq/minimal/*'
      nomiddle size --workload fan_out --csv
    """
    from bench.measure.code.programs import described, exhibits

    every = exhibits(find_cells([IMPLEMENTATIONS, *more]))
    named = stack_names(stacks, every)
    cells = [
        cell
        for cell in chosen(every, globs)
        if (not named or cell.stack.name in named)
        and (not workloads or cell.workload.name in workloads)
    ]
    if not cells:
        raise NoMiddleError("no program has this stack and workload; see `nomiddle list`")
    if weight:
        _show_weights(cells, form)
        return
    code, refused = described(cells)
    if form == "json":
        click.echo(json.dumps(code["programs"], indent=1))
    elif form == "csv":
        _write_csv([_flat(row) for row in code["programs"]])
    else:
        _show(code, names)
        if beside:
            _show_c_ports(code)
        show_what_is_not_built(cells)
    for reason in refused.values():
        click.echo(f"nomiddle: {reason}", err=True)
    sys.exit(1 if refused else 0)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of ``bench.measure.code.programs`` with lists as lengths or strings."""
    plain = {key: value for key, value in row.items() if not isinstance(value, list | dict)}
    counts = {"names": len(row["names"]), "options": len(row["options"])}
    return {**plain, **counts, **row["shares"], "files": " ".join(row["files"])}


def _write_csv(rows: Sequence[dict[str, Any]]) -> None:
    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _show(code: dict[str, Any], names: bool) -> None:
    from bench.measure.code.shares import CLASSES

    table = Table(box=None, pad_edge=False)
    table.add_column("program", no_wrap=True)
    for title in (*TITLES.values(), "names", "options", *CLASSES):
        table.add_column(title, justify="right")
    for row in code["programs"]:
        flat = _flat(row)
        counts = [flat[key] for key in (*TITLES, "names", "options", *CLASSES)]
        table.add_row(row["cell"], *map(str, counts))
    for total in code["totals"]:
        if len(total["files"]) > 1:
            label = f"{total['stack']}/{total['variant']}, all in {total['language']}"
            table.add_row(label, *(str(total[key]) for key in TITLES), style="bold")
    console.print(table)
    for row in code["programs"] if names else ():
        console.print(f"\n{row['cell']}", style="bold")
        console.print(f"names: {', '.join(row['names'])}", markup=False)
        console.print(f"options: {', '.join(row['options']) or 'none'}", markup=False)


def _show_c_ports(code: dict[str, Any]) -> None:
    from bench.analysis.code_rows import program_code
    from bench.analysis.language_cost import QUOTE, c_ports, sentence

    found = c_ports(map(program_code, code["programs"]))
    console.print(
        f'\nThe talk: "{QUOTE}"' if found else "\nNone of these programs has a C port."
    )
    for pair in found:
        console.print(sentence(pair, pair.stack, pair.workload), markup=False)


def _show_weights(cells: Sequence[Cell], form: str | None) -> None:
    from bench.run.code import weights_of

    weights = weights_of(cells)
    if form == "json":
        click.echo(json.dumps(weights, indent=1))
        return
    rows = [
        {
            "stack": stack,
            "packages": len(found["packages"]),
            "installed, MiB": f"{found['installed_mib']:.1f}",
            "import, ms": f"{found['import_ms']:.0f}",
            "threads": found["threads"],
            "resident, MiB": f"{found['resident_mib']:.1f}",
            "bare Python, MiB": f"{found['bare_resident_mib']:.1f}",
        }
        for stack, found in weights.items()
    ]
    if not rows:
        raise NoMiddleError(
            "a stack is weighed by its program minimal/request_reply.py; name one, or "
            "leave out the names"
        )
    if form == "csv":
        _write_csv(rows)
        return
    table = Table(box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column, justify="left" if column == "stack" else "right")
    for row in rows:
        table.add_row(*map(str, row.values()))
    console.print(table)
