"""The outcome of a trial with a fault, as far as it decides on a program's level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.errors import ResultsError
from bench.faults.breach import Breach, read
from bench.measure.recovery import ContractVerdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on a trial, and how many messages got through: both decide on a level.

    ``settled``: service was back at the end. ``hopeless``: nothing could get through.
    ``orphaned`` messages died with the process that had them, and ``overdue`` replies came
    after their deadline. ``healed_s`` is how long the fault lasted.
    """

    fault: str
    verdict: ContractVerdict
    breaches: tuple[Breach, ...]
    settled: bool
    hopeless: bool
    raised: int
    ended: int
    attempted: int
    delivered: int
    orphaned: int
    overdue: int
    healed_s: float

    @property
    def unreported(self) -> int:
        """How many messages never arrived, without those that died with their process."""
        return self.attempted - self.delivered - self.orphaned

    @classmethod
    def read(cls, made: Mapping[Any, Any]) -> Outcome:
        """Return the outcome of a trial from its metadata, as ``measure`` gives it.

        Runs of earlier versions have no ``hopeless``, ``orphaned`` or ``overdue``. Raises
        ResultsError if another field is missing.
        """
        known = {"hopeless": 0, "orphaned": 0, "overdue": 0, **made}
        try:
            return cls(
                fault=str(known["fault"]),
                verdict=ContractVerdict(known["verdict"]),
                breaches=tuple(read(str(known["against"]))),
                settled=bool(known["settled"]),
                hopeless=bool(known["hopeless"]),
                raised=int(known["raised"]),
                ended=int(known["ended"]),
                attempted=int(known["attempted"]),
                delivered=int(known["delivered"]),
                orphaned=int(known["orphaned"]),
                overdue=int(known["overdue"]),
                healed_s=float(known["healed_s"]),
            )
        except KeyError as error:
            raise ResultsError(
                f"a trial with a fault has no {error.args[0]!r}: measure the run again"
            ) from error
