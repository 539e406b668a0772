"""Two runs laid over each other, in one way for all commands that compare runs.

``compare``, ``run --against``, ``reproduce`` and a report of several runs read their
answers here. Each answer is computed when it is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from bench.analysis.agreement import RESULTS, Agreement, Finding, Result, agreement
from bench.analysis.changes import changes, fault_changes, other_machine
from bench.analysis.compared_rows import Change, Comparison
from bench.analysis.networks import same_network
from bench.analysis.recovery_rows import FaultChange
from bench.analysis.side import Side
from bench.analysis.stats import Verdict


@dataclass(frozen=True)
class Outcome:
    """A comparison that one run declared: its result there and here, and their agreement.

    ``here`` is None where no block has a value of both programs.
    """

    there: Comparison
    here: Comparison | None
    agreement: Agreement


@dataclass(frozen=True)
class TwoRuns:
    """A run (``here``), and the one to which it is compared (``there``)."""

    here: Side
    there: Side

    @cached_property
    def other_machine(self) -> list[str]:
        """The facts that make it another machine, none on the same."""
        return other_machine(self.here.about, self.there.about)

    @cached_property
    def declared(self) -> list[Outcome]:
        """The outcome of each comparison that the run there declared, in its order."""
        return [_outcome(pair, self.there, self.here) for pair in self.there.declared]

    @cached_property
    def cases(self) -> list[Change]:
        """The change of each case that both runs measured."""
        return changes(self.here, self.there)

    @property
    def slower(self) -> list[Change]:
        """The cases that a declared comparison needs, and that are slower here.

        They mean something on one machine only.
        """
        return [row for row in self.cases if row.declared and row.verdict == Verdict.SLOWER]

    @cached_property
    def faults(self) -> list[FaultChange]:
        """The faults whose verdict is another one."""
        return fault_changes(self.here.run, self.there.run)


def counts(outcomes: Iterable[Outcome]) -> dict[Result, int]:
    """Return how many comparisons have each result, in the order of ``RESULTS``."""
    counted = Counter(outcome.agreement.result for outcome in outcomes)
    return {result: counted[result] for result in RESULTS}


def _outcome(there: Comparison, whose: Side, side: Side) -> Outcome:
    here = side.by_identity.get(there.identity)
    if not same_network(there.a, side.about, whose.about):
        why = "hosts apart have another network"
        return Outcome(there, here, Agreement("cannot tell", why))
    lacking = [
        f"{case.cell}: {side.lacking[case.id]}"
        for case in (there.a, there.b)
        if case.id in side.lacking
    ]
    if here is None:
        reason = "; ".join(lacking) or f"{side.name} did not compare these programs"
        return Outcome(there, None, Agreement("cannot tell", reason))
    found = agreement(Finding.of(there), Finding.of(here))
    if lacking and here.times.too_few_blocks:
        found = replace(found, reason="; ".join([found.reason, *lacking]))
    return Outcome(there, here, found)
