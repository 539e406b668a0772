"""A scheduler or a worker of Dask that ends with the harness.

``python -m bench.sites.engine PARENT CPUS KIND WORD...`` runs the command line of Dask for
a KIND, ``scheduler`` or ``worker``, on some CPUs. It is for clusters of our own
(``own_cluster``); those of users start as they like.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from bench.hosts.host import die_with_parent


def main() -> None:
    parent, cpus, kind, *words = sys.argv[1:]
    die_with_parent(int(parent))
    os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
    import_module(f"distributed.cli.dask_{kind}").main(words, prog_name=f"dask {kind}")


if __name__ == "__main__":
    main()
