"""The survey of languages in the report: its table, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.report import words
from bench.report.entries import surveyed
from bench.report.model import Section, Table
from bench.report.words import date, machine
from bench.surveys.document import Survey
from bench.surveys.languages.catalog import ZMQ_PACKAGE
from bench.surveys.languages.tally import by_language, counted, extent, share

TITLE = "ZeroMQ and HTTP in other languages"
NOT_SURVEYED = "Not surveyed: .venv/bin/nomiddle languages."
COLUMNS = [
    "language", "binding of ZeroMQ", "version, packaged", "talks to Python's",
    "HTTP client in the standard library", "HTTP server in the standard library",
]  # fmt: skip


def _answer(answer: bool | None, reason: str, what: str = "") -> str:
    """Return "yes: what", "no: reason" or "not tried: reason"."""
    if answer is None:
        return f"not tried: {reason}"
    said = "yes" if answer else "no"
    because = what if answer else reason
    return f"{said}: {because}" if because else said


def _row(row: Mapping[str, Any]) -> list[str]:
    source = f"{row['source']}: {row['package']}" if row["package"] else ""
    packaged = f"{row['version']}, {row['released']}" if row["released"] else row["version"]
    return [
        f"{row['language']} ({row['command']} {row['language_version']})"
        if row["installed"]
        else row["language"],
        f"{row['binding']} ({source})" if source else words.PASSED_OVER,
        packaged or words.PASSED_OVER,
        _answer(row["interoperates"], row["reason"]),
        *(
            _answer(
                row[f"http_{side}_works"], row[f"http_{side}_reason"], row[f"http_{side}"]
            )
            for side in ("client", "server")
        ),
    ]


def _guide(guide: Mapping[str, Any]) -> str:
    counts = {
        "hello world": guide["hello_world"],
        "a client that retries (lazy pirate)": guide["lazy_pirate"],
        "a worker with heartbeats (paranoid pirate)": guide["paranoid_pirate_worker"],
        "replicated state (clone)": guide["clone"],
    }
    said = ", ".join(f"{what} in {count}" for what, count in counts.items())
    return (
        f"ZeroMQ's guide has {said} languages. That is counted in its files, cited and not "
        f"tested here: {guide['source']}."
    )


def _untried(survey: Survey) -> str:
    rows = by_language(survey["rows"])
    names = [row["language"] for row in rows if row["interoperates"] is None]
    said = f": {', '.join(names)}. What was not tried" if names else ". Where one is, it"
    return (
        f"In {len(names)} languages no binding was tried{said} neither works nor fails. "
        "All shares follow from which languages were asked and where packages were looked "
        "for; so does a verdict on them."
    )


def _selected(survey: Survey) -> str:
    """Return what is left without the languages that are listed for their answer."""
    rows = by_language(survey["rows"])
    names = [row["language"] for row in rows if row["listed_for"] == ZMQ_PACKAGE]
    others = [row for row in rows if row["listed_for"] != ZMQ_PACKAGE]
    if not names or not others:
        return ""
    total = len(others)
    working, untried = extent(others, "interoperates")
    client, _ = extent(others, "http_client")
    low, high = share(working, untried, total)
    return (
        "The list's rule selects on what is asked: for nothing but a package of ZeroMQ in "
        f"Debian it has {', '.join(names)}. Without {'it' if len(names) == 1 else 'them'}, "
        f"a binding works in {working} of {total} languages, and in up to "
        f"{working + untried} if all that were not tried do ({low:.3g} to {high:.3g}); "
        f"{client} have an HTTP client."
    )


COMPARED = (
    "The counts of ZeroMQ and of HTTP are not comparable: HTTP has to be in the standard "
    "library, and ZeroMQ may be a package. No standard library is known to have ZeroMQ; "
    "that was not tried. Which packages and frameworks have HTTP was not asked."
)


def section(survey: Survey | None) -> Section:
    """Return the report's section; without a survey it has the command that makes one."""
    if survey is None:
        return Section("bindings", TITLE, [NOT_SURVEYED])
    sizes = sorted(set(survey["message_bytes"]))
    lead = (
        f"Tried on {date(dict(survey))} on {machine(dict(survey))}, with what "
        f"{survey['registries']} installs. A program in each language sends messages of "
        f"{', '.join(f'{size:,}' for size in sizes)} bytes, every value of a byte among "
        "them, to Python's REP socket, which answers with the last byte first; every "
        "request and every reply is compared. HTTP is tried in the same way: the client "
        "of the standard library against Python's server, its server against Python's "
        "client."
    )
    dates = (
        "Dates are those of Debian's changelog, when that version was packaged; packages "
        "of PyPI and npm carry none."
    )
    said = [f"{c.sentence[0].upper()}{c.sentence[1:]}." for c in counted(survey)]
    said += [_untried(survey), _selected(survey), COMPARED, _guide(survey["guide"]), dates]
    rows = [_row(row) for row in survey["rows"]]
    caption = "Languages, their bindings, and HTTP without a package"
    bullets = list(filter(None, said))
    return Section("bindings", TITLE, [lead], bullets, [Table(COLUMNS, rows, caption)])


def numbers(survey: Survey | None) -> Iterator[dict[str, Any]]:
    """Yield the entries of numbers.json; ``run`` is the survey's, by its date."""
    if survey is None:
        return
    for count in counted(survey):
        entry = surveyed(
            survey, "languages", count.id, count.value, count.unit, count.sentence
        )
        yield {**entry, "ci_low": count.low, "ci_high": count.high}
