"""The workloads: every module in here that defines ``WORKLOAD`` is one."""

from __future__ import annotations

import importlib
import pkgutil

from bench.contract import Workload


def _find() -> dict[str, Workload]:
    modules = (
        importlib.import_module(f"{__name__}.{info.name}")
        for info in pkgutil.iter_modules(__path__)
    )
    found = [module.WORKLOAD for module in modules if hasattr(module, "WORKLOAD")]
    return {workload.name: workload for workload in found}


WORKLOADS: dict[str, Workload] = _find()
