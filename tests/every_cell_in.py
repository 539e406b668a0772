"""``python every_cell_in.py RUN``: fail unless the report of a run has all its programs.

The report names every program that can be built here, and has a number for each one that
the run planned to measure.
"""

import json
import sys
from pathlib import Path

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.trial.build import lacking

MEASURED = ("absolute", "recovery")
"""The kinds of numbers that a trial gives."""


def main() -> None:
    run = Path(sys.argv[1])
    report = run / "report"
    every = find_cells([IMPLEMENTATIONS])
    there = {cell.id for cell in every if cell.language == "python" or not lacking(cell)}
    cases = json.loads((run / "run.json").read_text())["cases"]
    planned = {case["cell"] for case in cases if not case["floor"]}
    measured = {
        cell
        for number in json.loads((report / "numbers.json").read_text())
        if number["kind"] in MEASURED
        for cell in number["cells"]
    }
    absent = sorted(planned & there - measured)
    html = "\n".join(page.read_text() for page in report.glob("*.html"))
    for name, text in ("pages", html), ("REPORT.md", (report / "REPORT.md").read_text()):
        absent += [f"{cell} in {name}" for cell in sorted(there) if cell not in text]
    sys.exit(f"the report lacks {', '.join(absent)}" if absent else 0)


if __name__ == "__main__":
    main()
