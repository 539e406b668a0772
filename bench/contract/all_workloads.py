"""Every workload: each module of ``workloads`` that defines ``WORKLOAD`` is one."""

from __future__ import annotations

import importlib
import pkgutil

from bench.contract import workloads
from bench.contract.model import Workload


def _find() -> dict[str, Workload]:
    modules = (
        importlib.import_module(f"{workloads.__name__}.{info.name}")
        for info in pkgutil.iter_modules(workloads.__path__)
    )
    found = [module.WORKLOAD for module in modules if hasattr(module, "WORKLOAD")]
    return {workload.name: workload for workload in found}


WORKLOADS: dict[str, Workload] = _find()
