"""``python every_cell_in.py REPORT``: fail unless a report names every cell, measured.

But those with heartbeats alone, which meet cuts of the link that ``quick`` has no time for,
and those in C that cannot be built on this machine.
"""

import json
import sys
from pathlib import Path

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.trial.build import lacking


def main() -> None:
    folder = Path(sys.argv[1])
    every = find_cells([IMPLEMENTATIONS])
    there = [cell.id for cell in every if cell.language == "python" or not lacking(cell)]
    cells = [cell for cell in there if "/heartbeats/" not in cell]
    measured = {
        cell
        for number in json.loads((folder / "numbers.json").read_text())
        if ".size." not in number["id"]
        for cell in number["cells"]
    }
    absent = [cell for cell in cells if cell not in measured]
    for name in ("index.html", "REPORT.md"):
        text = (folder / name).read_text()
        absent += [f"{cell} in {name}" for cell in cells if cell not in text]
    sys.exit(f"the report lacks {', '.join(absent)}" if absent else 0)


if __name__ == "__main__":
    main()
