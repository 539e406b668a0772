"""One extension of a run by further blocks, decided on the width of its intervals alone.

It is declared before the run: how many blocks, of which cases, and within which time. Once
every planned block is in, and those that were flagged are repeated, the widths of the
claims' intervals decide whether it is made. Ratios, verdicts and p have no part in that: to
go on until a difference is found finds one too often, to go on until an interval is narrow
does not (docs/method.md, "Blocks").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from bench import archive as archives
from bench.archive import Archive
from bench.claims import Claim, rests_on
from bench.errors import ResultsError
from bench.plan import Planned
from bench.progress import minutes
from bench.schedule import Slot, schedule

AIMS = {"shared": 0.05, "split": 0.10}
"""How wide the claims' intervals may be, by placement: their median relative half-width."""

DECLARED = "extension"
"""The entry of run.json that declares the extension; absent where none may be made."""


@dataclass(frozen=True)
class Extension:
    """How many blocks a run may be extended by, and how long all of it may then take."""

    blocks: int
    limit_minutes: float


EXTENSIONS = {"standard": Extension(5, 8.0), "full": Extension(5, 25.0)}
"""By profile; the limits are of the trials without a fault, repetitions among them."""


def declaration(profile: str) -> dict[str, dict[str, Any]]:
    """Return what run.json says of a profile's extension, nothing where it has none."""
    known = EXTENSIONS.get(profile)
    return {DECLARED: asdict(known)} if known else {}


@dataclass(frozen=True)
class Decision:
    """Whether a run is extended, and all that this was decided on.

    ``half_widths`` are the medians over the claims' intervals, by placement: 0.05 for 5 %;
    ``predicted_s`` is what the whole run is predicted to take with the extension.
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
        known = f"median half-widths of the claims' intervals: {widths or 'none'}"
        if not self.too_wide:
            return known
        if not self.fits:
            limit = minutes(self.limit_s)
            return f"{known}; further blocks would take the run beyond {limit}"
        return f"{known}; {self.blocks} blocks more, as declared"

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(**kept)


def decide(archive: Archive, predicted_s: float) -> Decision:
    """Return the decision of a run whose planned blocks are in, and keep it.

    It is made once: a run that is resumed amid its extension finds it as it was.
    """
    kept = archive.read(archives.EXTENSION)
    if kept is None:
        declared = declared_in(archive.about())
        assert declared
        made = Decision(
            blocks=declared.blocks,
            half_widths=_half_widths(archive),
            aims=AIMS,
            predicted_s=predicted_s,
            limit_s=60 * declared.limit_minutes,
        )
        kept = asdict(made)
        archive.write(archives.EXTENSION, kept)
    return Decision.from_json(kept)


def _half_widths(archive: Archive) -> dict[str, float]:
    # What reads tables is heavy: it is loaded when the planned trials are over.
    from bench.comparisons import comparisons, median_half_widths
    from bench.results import read

    try:
        return median_half_widths(comparisons(read(archive)))
    except ResultsError:  # not one trial has a value
        return {}


def declared_in(about: Mapping[str, Any]) -> Extension | None:
    """Return the extension that a run.json declares, None where it declares none."""
    declared = about.get(DECLARED)
    return Extension(**declared) if declared else None


def extension_slots(
    planned: Sequence[Planned], claims: Collection[Claim], blocks: int, seed: int
) -> list[Slot]:
    """Return the trials of further blocks: of the cases that claims rest on, and twins.

    The blocks are numbered on from the last one planned.
    """
    first = max((entry.blocks for entry in planned), default=0)
    more = [
        replace(entry, blocks=first + blocks)
        for entry in planned
        if rests_on(entry.case.name, entry.case.twin, entry.case.cell.key, claims)
    ]
    return schedule(more, seed, first)
