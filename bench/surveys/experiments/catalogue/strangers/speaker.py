"""A client of one program that says one message, and is gone.

Words: the path of the program, the folder of keys, the address, the message.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from bench.surveys.experiments.catalogue.strangers.receiver import loaded


def main() -> None:
    program = loaded(Path(sys.argv[1]))
    keys, address, message = Path(sys.argv[2]), sys.argv[3], sys.argv[4].encode()
    with suppress(OSError):  # turned away: nothing has arrived
        if hasattr(program, "call"):
            next(program.call(address, iter([message])))
        else:
            program.send(address, keys, message)


if __name__ == "__main__":
    main()
