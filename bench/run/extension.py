"""One extension of a run by further blocks, decided on the width of its intervals alone.

It is declared before the run: the number of blocks, the cases, and the longest time. After
every planned block is measured, the widths of the declared comparisons' intervals decide.
Ratios, verdicts and p-values have no part in the decision. A run that stops when it finds a
difference finds too many; a run that stops when an interval is narrow does not
(docs/method.md, "Blocks and rounds").
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from bench.run import archive as archives
from bench.run.archive import Archive
from bench.run.declared import Declared, rests_on
from bench.run.plan import Planned
from bench.run.progress import minutes
from bench.run.schedule import Batch, batches

AIMS = {"shared": 0.05, "split": 0.10}
"""How wide the intervals may be, by placement: their median relative half-width."""

DECLARED = "extension"
"""The entry of run.json that declares the extension; absent if none may be made."""


@dataclass(frozen=True)
class Extension:
    """By how many blocks a run may be extended, and how long it may then take in all."""

    blocks: int
    limit_minutes: float


EXTENSIONS = {"standard": Extension(5, 30.0), "full": Extension(5, 90.0)}
"""The extension of each profile. Its time limit is for trials without a fault."""


def declaration(profile: str) -> dict[str, dict[str, Any]]:
    """Return the entry of run.json for a profile's extension, empty if it has none."""
    known = EXTENSIONS.get(profile)
    return {DECLARED: asdict(known)} if known else {}


@dataclass(frozen=True)
class Decision:
    """Whether a run is extended, and every fact behind the decision.

    ``half_widths`` are medians over the declared comparisons, by placement: 0.05 for 5 %.
    ``predicted_s`` is the predicted time of the whole run with the extension.
    """

    blocks: int
    half_widths: Mapping[str, float]
    aims: Mapping[str, float]
    predicted_s: float
    limit_s: float

    @property
    def too_wide(self) -> list[str]:
        """The placements whose half-width is above its aim."""
        return [
            placement
            for placement, width in self.half_widths.items()
            if width > self.aims.get(placement, float("inf"))
        ]

    @property
    def fits(self) -> bool:
        return self.predicted_s <= self.limit_s

    @property
    def is_made(self) -> bool:
        return bool(self.too_wide) and self.fits

    @property
    def said(self) -> str:
        """The decision as a line on a terminal."""
        widths = ", ".join(f"{p} {100 * w:.1f} %" for p, w in self.half_widths.items())
        known = f"median half-widths of the declared comparisons: {widths or 'none'}"
        if not self.too_wide:
            return known
        if not self.fits:
            limit = minutes(self.limit_s)
            return f"{known}; further blocks would take the run beyond {limit}"
        return f"{known}; {self.blocks} blocks more, as declared"

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(**kept)


HalfWidths = Callable[[Archive], Mapping[str, float]]
"""Returns the median half-widths of a run's declared comparisons, by placement."""


def decide(archive: Archive, predicted_s: float, half_widths: HalfWidths) -> Decision:
    """Decide on the extension of a run whose planned blocks are measured, and keep that.

    A run that is resumed during its extension keeps the first decision.
    """
    kept = archive.read(archives.EXTENSION)
    if kept is None:
        declared = declared_in(archive.about())
        assert declared
        made = Decision(
            blocks=declared.blocks,
            half_widths=half_widths(archive),
            aims=AIMS,
            predicted_s=predicted_s,
            limit_s=60 * declared.limit_minutes,
        )
        kept = asdict(made)
        archive.write(archives.EXTENSION, kept)
    return Decision.from_json(kept)


def declared_in(about: Mapping[str, Any]) -> Extension | None:
    """Return the extension that a run.json declares, or None."""
    declared = about.get(DECLARED)
    return Extension(**declared) if declared else None


def extension_batches(
    planned: Sequence[Planned], declared: Collection[Declared], blocks: int, seed: int
) -> list[Batch]:
    """Return the further blocks, for declared comparisons and their A/A copies.

    Their numbers follow the last planned block.
    """
    first = max((entry.blocks for entry in planned), default=0)
    more = [
        replace(entry, blocks=first + blocks)
        for entry in planned
        if rests_on(entry.case.name, entry.case.copy, entry.case.cell.key, declared)
    ]
    return batches(more, seed, first, declared)
