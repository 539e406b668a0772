"""The survey of languages in the report: its table, and the numbers that it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.charts import date, machine, words
from bench.languages.tally import by_language, counted
from bench.report.entries import surveyed
from bench.report.model import Section, Table

Survey = Mapping[str, Any]
TITLE = "ZeroMQ and HTTP in other languages"
NOT_SURVEYED = "Not surveyed: python -m bench languages."
COLUMNS = [
    "language", "binding of ZeroMQ", "version, packaged", "talks to Python's",
    "HTTP client in the standard library", "HTTP server in the standard library",
]  # fmt: skip


def _answer(answer: bool | None, reason: str, what: str = "") -> str:
    """Return "yes: what", "no: reason", or the reason why it was not tried."""
    if answer is None:
        return reason
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
        _answer(row["interoperates"] if row["available"] else False, row["reason"]),
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


def _elsewhere(survey: Survey) -> str:
    rows = [row for row in by_language(survey["rows"]) if row["surveyed"]]
    without = [row["language"] for row in rows if row["elsewhere"]]
    return (
        f"Of these languages {len(without)} have a binding in other registries, or as "
        f"source, that was not tried: {', '.join(without)}. All shares follow "
        "from which languages were asked and where packages were looked for; so does a "
        "verdict on them."
    )


def section(survey: Survey | None) -> Section:
    """Return the report's section, which without a survey says how to make one."""
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
    said = [f"{count.sentence}." for count in counted(survey)]
    said += [_elsewhere(survey), _guide(survey["guide"]), dates]
    rows = [_row(row) for row in survey["rows"]]
    caption = "Languages, their bindings, and HTTP without a package"
    return Section("bindings", TITLE, [lead], said, [Table(COLUMNS, rows, caption)])


def numbers(survey: Survey | None) -> Iterator[dict[str, Any]]:
    """Yield the entries of numbers.json; ``run`` is the survey's, by its date."""
    if survey is None:
        return
    for count in counted(survey):
        yield surveyed(
            survey, "languages", count.id, count.value, "languages", count.sentence
        )
