"""The server half of the program over uWSGI, at a port of loopback."""

from __future__ import annotations

import sys
from importlib import import_module

from bench.contract.model import IMPLEMENTATIONS

FOLDER = IMPLEMENTATIONS / "http" / "uwsgi"


def main(port: str) -> None:
    sys.path[0:0] = [str(FOLDER), str(FOLDER.parent)]
    import_module("request_reply").serve(f"tcp://127.0.0.1:{port}", bytes)


if __name__ == "__main__":
    main(sys.argv[1])
