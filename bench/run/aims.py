"""How long the speed part of each profile should take, and how precise it should be."""

from __future__ import annotations

from dataclasses import dataclass

from bench.contract.rows import CaseRow


@dataclass(frozen=True)
class Aims:
    """Minutes for all trials without a fault, and relative half-widths: 0.04 for 4 %.

    ``shared`` and ``split`` are of round trips in these placements.
    """

    minutes: float
    shared: float
    split: float
    throughput: float

    def of(self, case: CaseRow) -> float:
        """Return the widest half-width for the ratio of a case."""
        if case.quantity == "throughput":
            return self.throughput
        return self.shared if case.placement == "shared" else self.split


AIMS = {
    "quick": Aims(1.25, 0.04, 0.06, 0.10),
    "standard": Aims(5, 0.02, 0.04, 0.05),
    "full": Aims(15, 0.015, 0.03, 0.03),
}
