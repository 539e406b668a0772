"""Two runs in words and tables: what holds, what changed, and what differs between them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from bench.analysis.agreement import RESULTS
from bench.analysis.compared_rows import Basis, Change, Comparison
from bench.analysis.recovery_rows import FaultChange
from bench.analysis.stats import Verdict
from bench.analysis.two_runs import Outcome, TwoRuns, counts
from bench.contract.rows import CaseRow
from bench.report import ratio, sentences, words
from bench.report.model import Columns, Table
from bench.report.sections.differences import Difference, differences

BASES = {
    Basis.TIME: "time here over time there",
    Basis.RELATIVE: "the same, each over the baseline's of its run",
    Basis.NONE: "not comparable",
}
COUNTED = (Verdict.SLOWER, Verdict.FASTER, Verdict.EQUIVALENT, Verdict.INCONCLUSIVE)


def _result(pair: Comparison | None, stacks: words.Stacks) -> str:
    """Return what a comparison found in one run."""
    return sentences.finding(pair, stacks) if pair else words.PASSED_OVER


def _case(case: CaseRow) -> str:
    if case.fault:
        return f"{words.workload(case.workload)} {words.quantity(case)}"
    return words.measured_case(case)


def _fault(change: FaultChange) -> str:
    return change.row.fault.name.replace("_", " ")


def _named(two: TwoRuns, case: CaseRow) -> str:
    return f"{_case(case)}, {words.cell(case, two.here.about['stacks'])}"


# -- what holds ------------------------------------------------------------------------


def declared_table(
    declared: Sequence[Comparison],
    there: str,
    others: Sequence[tuple[str, Sequence[Outcome]]],
    stacks: words.Stacks,
) -> Table:
    """Return the comparisons that one run declared, with the result of each other run.

    ``there`` is the name of that run. ``others`` are names of runs with the outcomes of
    the comparisons, in the same order.
    """
    rows = []
    for number, pair in enumerate(declared):
        sides = " / ".join(words.cell(case, stacks) for case in (pair.a, pair.b))
        row = [words.measured_case(pair.a), sides, _result(pair, stacks)]
        for outcome in (outcomes[number] for _, outcomes in others):
            found = outcome.agreement
            row += [_result(outcome.here, stacks), f"{found.result}: {found.reason}"]
        rows.append(row)
    columns = ["case", "compared", there]
    for name, _ in others:
        columns += [name, "result"]
    return Table(columns, rows, "Declared comparisons, run by run")


def declared_counted(outcomes: Sequence[Outcome]) -> str:
    """Return the counts of results in one line, and how many agree on the verdict only."""
    found = counts(outcomes)
    said = ", ".join(f"{result} {found[result]}" for result in RESULTS)
    agreed = [one.agreement for one in outcomes if one.agreement.result == "agrees"]
    apart = sum(not each.overlap for each in agreed)
    more = f"; {apart} of those that agree have another ratio" if apart else ""
    return f"{words.plural(len(outcomes), 'declared comparison')}: {said}{more}"


# -- what changed ----------------------------------------------------------------------


def _noise(row: Change) -> str:
    if math.isinf(row.noise):
        return row.noise_from
    return f"{sentences.noise(row.noise)}, {row.noise_from}"


def _basis(row: Change) -> str:
    if row.basis == Basis.TURNS:
        return f"time over that of {row.reference}, in turns"
    return BASES[row.basis]


def cases_table(two: TwoRuns) -> Table:
    """Return a row for each case that both runs have: ratio, verdict, noise."""
    stacks = two.here.about["stacks"]

    def is_now(row: Change) -> str:
        known = row.basis != Basis.NONE
        return ratio.of_first(row.ratio, row.low, row.high) if known else words.PASSED_OVER

    def verdict(row: Change) -> str:
        known = row.basis != Basis.NONE
        return words.ONE_WORD[row.verdict] if known else BASES[Basis.NONE]

    columns: Columns[Change] = {
        "case": lambda row: _case(row.case),
        "program": lambda row: words.cell(row.case, stacks) + "*" * row.declared,
        "here it is": is_now,
        "verdict": verdict,
        "noise": _noise,
        "of": _basis,
        "differs": lambda row: "no" if row.same else "yes",
    }
    caption = f"Cases that {two.there.name} measured too; * marks declared comparisons"
    return Table.of(two.cases, columns, caption, folded=True)


def faults_table(two: TwoRuns) -> Table:
    """Return a row for each fault whose verdict is another one."""
    stacks = two.here.about["stacks"]
    columns: Columns[FaultChange] = {
        "workload": lambda change: words.workload(change.row.case.workload),
        "program": lambda change: words.cell(change.row.case, stacks),
        "fault": _fault,
        "there": lambda change: str(change.verdict_there),
        "here": lambda change: str(change.row.verdict),
        "": lambda change: "worse" if change.worse else "better",
    }
    caption = f"Faults with another verdict than in {two.there.name}"
    return Table.of(two.faults, columns, caption)


def cases_counted(two: TwoRuns) -> str:
    """Return "slower 1, faster 0, ..." over all cases that both runs have."""
    found = Counter(row.verdict for row in two.cases)
    said = ", ".join(f"{sentences.short_verdict(v)} {found[v]}" for v in COUNTED)
    return f"{words.plural(len(two.cases), 'case')} in both runs: {said}"


def basis_said(two: TwoRuns) -> str:
    """Return on what the verdicts rest, for a reader of the table."""
    if two.other_machine:
        return (
            f"Another machine ({', '.join(two.other_machine)} differ): times cannot be "
            "compared. Each program's time is divided by that of the baseline in its own "
            "run. That ratio may differ between machines although nothing became worse."
        )
    bases = {row.basis for row in two.cases}
    if Basis.TURNS in bases:
        return (
            "The same machine, and programs took turns in both runs. Each program's time "
            "is divided by that of an unchanged program in the same rounds, since the "
            "machine's speed differs between runs. If another unchanged program is faster "
            "or slower, a difference counts only if it exceeds that one. A change that "
            "slows both programs alike is not seen."
        )
    if Basis.TIME not in bases:
        return (
            "The same machine, but no program is the same in both runs, with the same "
            "harness, libraries and system. It is therefore unknown how much the machine "
            "changed. Each program's time is divided by that of the baseline."
        )
    return (
        "The same machine. A difference counts only if it exceeds the difference of the "
        "programs that did not change."
    )


# -- what became worse -----------------------------------------------------------------


def regressions(two: TwoRuns) -> list[str]:
    """Return what became worse, a sentence for each; none is a success for CI.

    On one machine that is the time of a case that a declared comparison needs. On another
    machine a ratio may rightly be another one, and only its verdict counts.
    """
    compared = _contradicted(two) if two.other_machine else _slower(two)
    return [*compared, *_broken(two)]


def _slower(two: TwoRuns) -> Iterator[str]:
    for row in two.slower:
        said = ratio.of_first(row.ratio, row.low, row.high)
        yield f"{_named(two, row.case)}: {said}, beyond the noise; a declared comparison"


def _contradicted(two: TwoRuns) -> Iterator[str]:
    for outcome in two.declared:
        if outcome.agreement.result == "disagrees":
            pair = words.over(outcome.there, two.there.about["stacks"])
            yield f"{_case(outcome.there.a)}, {pair}: {outcome.agreement.reason}"


def _broken(two: TwoRuns) -> Iterator[str]:
    for change in two.faults:
        if change.broken_now:
            named, fault = _named(two, change.row.case), _fault(change)
            yield f"{named} under {fault}: broken, was {change.verdict_there}"


# -- what differs ----------------------------------------------------------------------


def differing(two: TwoRuns) -> list[Difference]:
    """Return the facts that may have moved what both runs compared."""
    compared = [case for pair in two.there.declared for case in (pair.a, pair.b)]
    compared += [row.case for row in two.cases]
    compared += [change.row.case for change in two.faults]
    cells = sorted({case.cell for case in compared})
    return differences(two.there.about, two.here.about, cells)


def differences_table(two: TwoRuns) -> Table:
    """Return what differs between machines, versions and programs of both runs."""
    rows = [list(each) for each in differing(two)]
    caption = f"What differs from {two.there.name}"
    return Table(list(Difference._fields), rows, caption, folded=len(rows) > 12)
