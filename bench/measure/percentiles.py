"""Percentiles over samples: pure functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TAIL_SAMPLES = 10
"""How many samples must lie beyond a percentile before it is worth printing."""


def quantile(samples: npt.ArrayLike, q: float) -> float:
    """Return the smallest sample that at least a share ``q`` of all does not exceed.

    It is one of the ``samples`` (shape (n,), any unit), never a value between two. In
    ascending order it is sample number ceil(n q), or the first for q = 0. This is
    definition 1 of Hyndman and Fan (The American Statistician 50, 1996), numpy's
    "inverted_cdf".

    Raises ValueError for no samples and for q outside [0, 1].
    """
    array = np.asarray(samples)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"samples: shape {array.shape}, expected at least one in a row")
    value: float = np.quantile(array, q, method="inverted_cdf").item()
    return value


def summary(samples: npt.ArrayLike) -> dict[str, int]:
    """Return n and the percentiles of ``samples``: integer nanoseconds, shape (n,).

    Keys: ``n``, ``p50_ns``, ``p90_ns``, ``p99_ns``, ``max_ns``; also ``p999_ns``
    if at least ten samples are expected beyond it, n >= 10 000, absent otherwise.
    Samples are expected to be integers; a fraction is cut off.

    Raises ValueError for no samples.
    """
    n = np.size(samples)
    levels = {"p50_ns": 0.5, "p90_ns": 0.9, "p99_ns": 0.99}
    if n >= TAIL_SAMPLES * 1000:
        levels["p999_ns"] = 0.999
    result = {"n": n}
    for key, q in (levels | {"max_ns": 1.0}).items():
        result[key] = int(quantile(samples, q))
    return result
