"""A program that already runs: a loop that counts, and obeys its standard input.

    python application.py PROGRAM ADDRESS

PROGRAM is a file with ``start(address)``, which returns where it listens and a function
that stops it. The address is printed. ``count`` makes this print how far it is, ``stop``
too, after it has stopped the server; then it ends.
"""

from __future__ import annotations

import select
import sys
from importlib import import_module
from pathlib import Path

WORK_S = 0.001


def do_piece() -> str | None:
    """Do a piece of the work; return the order that came meanwhile, None without."""
    ready, _, _ = select.select([sys.stdin], [], [], WORK_S)
    if not ready:
        return None
    return sys.stdin.readline().strip() or "stop"  # or whoever gave orders is gone


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(program: Path, address: str) -> None:
    sys.path[0:1] = [str(program.parent), str(program.parent.parent)]
    bound, stop = import_module(program.stem).start(address)
    say(bound)
    pieces, order = 0, None
    while order != "stop":
        pieces += 1
        order = do_piece()
        if order == "stop":
            stop()
        if order:
            say(pieces)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
