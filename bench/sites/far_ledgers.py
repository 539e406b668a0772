"""The ledgers of trials with a fault at a site elsewhere, moved to the harness's clock."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.faults.ledger_page import moved
from bench.sites import clocks
from bench.trial.clock import Offset

ASKED_FOR_TIME = 20


class FarLedgers:
    """Copies of a site's ledgers; ``ask`` asks its agent.

    ``ahead_ns`` is by how much its clock is ahead of the harness's, as last asked.
    """

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask
        self._known: dict[Path, dict[str, int]] = {}
        """The checksums of copies, by the folder of their trial and by name."""
        self.ahead_ns = 0

    def clock(self) -> Offset:
        """Ask for the time some times: it is known to within half the quickest answer."""
        least_ns, most_ns = [], []
        for _ in range(ASKED_FOR_TIME):
            before_ns = clocks.now_ns()
            there_ns = int(self._ask("clock"))
            least_ns.append(there_ns - clocks.now_ns())
            most_ns.append(there_ns - before_ns)
        found = Offset(max(least_ns), min(most_ns))
        self.ahead_ns = found.ns
        return found

    def refresh(self, folder: Path) -> None:
        """Bring the ledgers of a trial that have changed into its folder."""
        known = self._known.setdefault(folder, {})
        changed = self._ask("ledgers", trial=str(folder), known=known)
        for name, (checksum, packed) in changed.items():
            data = moved(zlib.decompress(base64.b64decode(packed)), -self.ahead_ns)
            unfinished = folder / f".{Path(name).name}"
            unfinished.write_bytes(data)
            unfinished.rename(folder / Path(name).name)
            known[name] = checksum

    def forget(self, folder: Path) -> None:
        """Forget a trial that is over. Harmless when done."""
        self._known.pop(folder, None)
