"""Every fault: each module of the catalogue that defines ``FAULTS`` adds to them."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from bench.faults import catalogue
from bench.faults.fault import CONTROL, Fault


@cache
def _find() -> dict[str, Fault]:
    modules = (
        importlib.import_module(f"{catalogue.__name__}.{info.name}")
        for info in pkgutil.iter_modules(catalogue.__path__)
    )
    found = [fault for module in modules for fault in getattr(module, "FAULTS", ())]
    return {fault.name: fault for fault in sorted(found, key=lambda f: int(f.number[1:]))}


def all_faults() -> dict[str, Fault]:
    """Return every fault by its name, in the order of the catalogue."""
    return _find()


@cache
def controls() -> frozenset[str]:
    """Return the names of those in which nothing breaks: no program survives them."""
    return frozenset(name for name, it in all_faults().items() if it.number == CONTROL)
