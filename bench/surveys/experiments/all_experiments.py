"""Every experiment: each module of the catalogue that defines ``EXPERIMENT`` is one.

So is each folder, by its module ``experiment``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from bench.errors import UsageError, near
from bench.surveys.experiments import catalogue
from bench.surveys.experiments.experiment import FULL, PROFILES, Experiment

NO_ROOM = {"boundaries", "embedded_servers", "names", "two_sends"}
"""Experiments of seconds a block that ``standard`` leaves to ``full``: it has four minutes,
and no claim rests on one of these alone."""


def all_experiments() -> dict[str, Experiment]:
    """Return every experiment by its name."""
    modules = (
        importlib.import_module(
            f"{catalogue.__name__}.{info.name}" + (".experiment" if info.ispkg else "")
        )
        for info in pkgutil.iter_modules(catalogue.__path__)
    )
    found = [module.EXPERIMENT for module in modules if hasattr(module, "EXPERIMENT")]
    return {
        one.name: replace(one, profile=FULL) if one.name in NO_ROOM else one
        for one in found
    }


def choose(profile: str, globs: Sequence[str] = ()) -> list[Experiment]:
    """Return the experiments that patterns name, or else those of a profile.

    Raises UsageError for a pattern that names none.
    """
    known = all_experiments()
    for glob in globs:
        if not any(fnmatchcase(name, glob) for name in known):
            raise UsageError(
                f"no experiment {glob!r}; choose from {', '.join(known)}{near(glob, known)}"
            )
    if globs:
        named = (n for n in known if any(fnmatchcase(n, glob) for glob in globs))
        return [known[name] for name in named]
    wanted = PROFILES[: PROFILES.index(profile) + 1]
    return [one for one in known.values() if one.profile in wanted]
