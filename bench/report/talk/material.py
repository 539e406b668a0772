"""The material of a slide: numbers, verdicts, charts and languages, all from reports/."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from bench.analysis.stats import Verdict
from bench.errors import UsageError, near
from bench.report import words
from bench.report.charts.topology_facts import drawings, told
from bench.report.entries import program_at
from bench.report.numbers.citation import (
    SCHEME,
    Entry,
    load_numbers,
    mark,
    moved_on,
    spelled,
    unit_of,
)
from bench.report.pages.page import inline
from bench.report.sections import losses, over_machines
from bench.report.sections.turning import closest
from bench.report.talk_claims.evidence import JudgedCondition
from bench.report.talk_claims.experiments import Measured, measure, read_experiments
from bench.report.talk_claims.judge import Judged, judge, read_claims
from bench.report.talk_claims.offers import Offer, offer_for
from bench.report.talk_claims.rules import VERDICTS
from bench.surveys.languages import tally
from bench.surveys.topologies import tally as topologies

NUMBERS, FIGURES = "numbers.json", "figures"
TIMES = re.compile(r"((?:[\d.,]+x to )?[\d.,]+x[^<]*)(<!-- [^>]+ -->)")
"""A ratio, and what follows until its mark."""
STACKS = {"raw_socket": "BSD sockets", "http": "HTTP", "zmq": "ZeroMQ"}
"""The three that the talk is about; further stacks are in the report."""


class Material:
    """The reports folder as the template sees it.

    ``cite`` and ``claim`` note what they gave, until ``notes`` hands it to the speaker.
    Raises UsageError for whatever is asked for and not there, by its name.
    """

    def __init__(self, reports: Path) -> None:
        self.reports = reports
        self.entries: list[dict[str, Any]] = load_numbers(reports / NUMBERS)
        if not self.entries:
            raise UsageError(
                f"{reports / NUMBERS} has no numbers: measure with `make bench`"
            )
        self.known: dict[str, Entry] = {str(e["id"]): e for e in self.entries}
        self.judged = judge(read_claims(), self.entries)
        self.subjects = measure(read_experiments(), self.entries)
        self._noted: dict[str, Entry] = {}
        self._offers: list[Offer] = []
        self._drawings: dict[str, str] = {}

    def entry(self, identifier: str) -> Entry:
        if identifier not in self.known:
            raise UsageError(
                f"the talk cites {identifier}, which {self.reports / NUMBERS} does not "
                f"have{near(identifier, self.known)}"
            )
        return self.known[identifier]

    def has(self, identifier: str) -> bool:
        """Say whether there is such a number: for what only some runs measure."""
        return identifier in self.known

    def cite(self, identifier: str, unit: str | None = None) -> Markup:
        """Return a number with its unit (or another word for it, or '') and its mark."""
        entry = self.entry(identifier)
        self._noted[identifier] = entry
        usual = "" if entry["kind"] == "level" else words.unit(unit_of(entry))
        named = usual if unit is None else unit
        level = "L" if entry["kind"] == "level" else ""
        said = f"{level}{spelled(entry)}"
        return Markup('<span class="cited">{}</span><!-- {} -->{}{}').format(
            said, mark(entry), " " if named else "", named
        )

    def faster(self, identifier: str) -> Markup:
        """Return who is faster in a comparison, over all machines that measured it.

        "ZeroMQ 11.0x to 25.1x faster on 2 machines", with a mark for each number.
        """
        entry = self.entry(identifier)
        self._noted[identifier] = entry
        comment = f"<!-- {SCHEME}{identifier}@{{}} -->".format
        said = over_machines.short(entry, comment)
        shown = TIMES.sub(r'<span class="cited">\1</span>\2', said)
        return Markup(shown)  # noqa: S704 - names of stacks and CPUs

    def verdict(self, identifier: str) -> str:
        """Return a comparison's or a fault's verdict in a word, noted like a number."""
        entry = self.entry(identifier)
        self._noted[identifier] = entry
        found = str(entry["verdict"])
        return "undecided" if found == Verdict.INCONCLUSIVE else found

    def claim(self, name: str) -> Judged:
        """Return a claim of the talk with its verdict.

        Its nearest numbers are noted, and other words that the data support.
        """
        found = [one for one in self.judged if one.claim.id == name]
        if not found:
            raise UsageError(
                f"the talk names the claim {name}, which report/talk_claims lacks; "
                "add it, or correct the slide"
            )
        if (offer := offer_for(found[0])) and offer not in self._offers:
            self._offers.append(offer)
        for part in found[0].parts:
            if part.evidence:
                for identifier in closest(part).ids:
                    self._noted[identifier] = self.known[identifier]
        return found[0]

    def experiment(self, name: str) -> Measured:
        """Return an experiment on what is no claim; its numbers are noted."""
        found = [one for one in self.subjects if one.experiment.id == name]
        if not found:
            raise UsageError(
                f"the talk names the experiment {name}, which report/talk_claims lacks; "
                "add it, or correct the slide"
            )
        for identifier, _ in found[0].found:
            self._noted[identifier] = self.known[identifier]
        return found[0]

    def finding(self, identifier: str) -> str:
        """Return a number of an experiment in its sentence, or a fault's verdict.

        The sentence of a fault has every count of it, which no slide has room for.
        """
        entry = self.entry(identifier)
        if not entry["verdict"]:
            return str(entry["sentence"])
        workload = words.workload(program_at(entry["cells"][0]).workload)
        return f"{entry['labels'][0]}, {workload.lower()}: {entry['verdict']}"

    def count(self, verdict: str) -> int:
        """Return how many of the talk's claims have a verdict."""
        return sum(one.verdict == verdict for one in self.judged)

    def notes(self, caller: Callable[[], Markup] | None = None) -> Markup:
        """Return the speaker's notes: what is to be said, other words for the talk's that
        the data support, then all that was cited.
        """
        said = caller() if caller else Markup("")  # first: it may cite as well
        cited = [
            Markup("<li>{} [{}]: {}.</li>").format(
                spelled(entry), mark(entry), entry["sentence"]
            )
            for entry in self._noted.values()
        ]
        other = [
            Markup("<p>Instead of “{}” the data support: “{}”.</p>").format(
                offer.instead_of, offer.says
            )
            for offer in self._offers
        ]
        self._noted.clear()
        self._offers.clear()
        said += Markup("").join(other)
        listed = (
            Markup("<ul>{}</ul>").format(Markup("").join(cited)) if cited else Markup("")
        )
        return Markup('<aside class="notes">{}{}</aside>').format(said, listed)

    def chart(self, name: str, title: str) -> Markup:
        """Return a chart of the report, drawn in the page's own colours."""
        path = self.reports / FIGURES / f"{name}.svg"
        if not path.exists():
            raise UsageError(
                f"the talk shows the chart {path}, which does not exist; make it with "
                "`nomiddle report`, or correct the slide"
            )
        return inline(path.read_text(encoding="utf-8"), name, title)

    def drawing(self, name: str) -> Markup:
        """Return the drawing of a topology with what was measured.

        '' without a survey, and if the report is older than it.
        """
        if not self._drawings:
            survey = topologies.read(self.reports / topologies.FILE)
            self._drawings = {d.name: told(d) for d in drawings(survey)} if survey else {}
        there = (self.reports / FIGURES / f"{name}.svg").exists()
        if name not in self._drawings or not there:
            return Markup("")
        return self.chart(name, self._drawings[name])

    def languages(self) -> Sequence[Mapping[str, Any]]:
        """Return a row for each language of the survey, none where there was no survey.

        Each has ``language``, and ``interoperates`` where a binding was tried.
        """
        survey = tally.read(self.reports / tally.FILE)
        return tally.by_language(survey["rows"]) if survey else []

    def guide(self) -> Mapping[str, Any] | None:
        """Return what the survey cites of ZeroMQ's guide, None where there was none."""
        survey = tally.read(self.reports / tally.FILE)
        return survey["guide"] if survey else None

    def losses(self) -> list[str]:
        """Return where ZeroMQ loses, in clauses; the notes get every number behind them."""
        for loss in losses.lost(self.entries):
            self._noted[str(loss.entry["id"])] = loss.entry
        for one in losses.longer(self.entries):
            self._noted |= {name: self.known[name] for name in one.ids}
        longer = [one.sentence for one in losses.longer(self.entries)]
        return [*losses.in_short(self.entries), *longer]

    def expired(self) -> list[str]:
        """Return which versions have moved on since the run, each once."""
        return sorted({text for entry in self.entries for text in moved_on(entry)})

    def names(self) -> dict[str, Any]:
        """Return what the template may use."""
        return {
            "has": self.has, "cite": self.cite, "faster": self.faster,
            "verdict": self.verdict,
            "claim": self.claim, "experiment": self.experiment, "finding": self.finding,
            "count": self.count,
            "notes": self.notes, "chart": self.chart, "drawing": self.drawing,
            "languages": self.languages(), "guide": self.guide(), "losses": self.losses,
            "stacks": STACKS,
            "judged": self.judged, "verdicts": VERDICTS,
            "run": self.entries[0], "expired": self.expired(), "nearest": nearest,
        }  # fmt: skip


def nearest(part: JudgedCondition) -> str:
    """Return what was found on a part of a claim: its number, or how many numbers hold."""
    if not part.evidence:
        return "not measured"
    return part.evidence[0].shown if len(part.evidence) == 1 else part.counted
