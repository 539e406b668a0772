"""The survey of embedded servers in the report: its tables, and the numbers of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.report import words
from bench.report.entries import surveyed
from bench.report.model import Columns, Section, Table
from bench.report.sentences import SIZE_NAMES
from bench.report.words import date, machine
from bench.surveys.document import Survey
from bench.surveys.embedding.tally import agreeing, agreement, answering, in_common

KIND = "embedding"
TITLE = "A server in a program that already runs"
NOT_SURVEYED = "Not surveyed: .venv/bin/nomiddle embedding."
COUNTS = {
    "statements": ("statements", "statements"),
    "tokens": ("tokens", "tokens"),
    "gzip": ("gzip_bytes", "bytes"),
}
"""How sizes are called in ids: the column of the survey, and the unit."""
SHORT = {"head": "HEAD", "ipv6": "IPv6", "port_0": "port 0"}
"""Questions whose name is not spelled as they are said."""
WORSE = (
    ("disconnect", "ends", "A client that is gone before its reply ends the program"),
    ("bad_request", "left open", "A client that talks nonsense is left connected"),
    ("bad_request", "nothing", "A client that talks nonsense is told nothing"),
    ("max_body", "or more", "A request may be larger than any that was tried"),
    ("header_timeout", "more than", "A client may take longer than was waited for"),
    ("ipv6", "no", "An IPv6 address is not served"),
    ("unix_socket", "no", "A local socket's path is not served"),
    ("stop", "not", "The program cannot stop it"),
)
"""Unwanted answers of a server: the question, a word of the answer, and a sentence for
it."""
REMARKS = (
    "What a question finds is what the library does by itself, or what the author of the "
    "program decided: on BSD sockets nearly all is the author's, so that agreement says "
    "less there. What a program is handed is what its library takes: host and port, or a "
    "path; of ZeroMQ, and of what the programs on BSD sockets share in C, a URL.",
    "Away from a library's defaults are: aiohttp, told to wait 1 s for requests that are "
    "not complete when it stops (shutdown_timeout, by default 60 s) and to keep no access "
    "log; http.server, told to keep connections open (HTTP/1.1), to send a reply in one "
    "piece and to print no line for each request; libmicrohttpd, told to "
    "print its errors (MHD_USE_ERROR_LOG); ZeroMQ, told to linger for 1 s when it stops, "
    "by default forever. On BSD sockets a message has 16 MiB at most, which is the "
    "author's limit, and TCP_NODELAY is set.",
    "IPv6 and paths are served where the library does at hardly any cost. ZMQ_IPV6 and "
    "MHD_USE_IPv6 are set, by default they are not, and http.server is given another "
    "address family. libmicrohttpd would serve at a path if its caller made and bound the "
    "socket, http.server if methods of it were replaced: neither was done.",
    "What stayed open for as long as was waited counts as one answer, though one of them "
    "may be closed later. When the server is stopped, one client is idle and one in the "
    "middle of a request. In Python and C the program's own thread stops it, which does "
    "not serve; Node.js has one thread for both.",
)


def section(survey: Survey | None) -> Section:
    """Return the report's section; without a survey it has the command that makes one."""
    if survey is None:
        return Section("embedding", TITLE, [NOT_SURVEYED])
    about = dict(survey)
    lead = (
        "A loop that does something else starts an echo server, goes on, and stops it on "
        "request: the same program on each stack in each language, and twelve questions "
        "asked of each by experiment over real sockets, with the defaults of its library "
        "except as listed below. "
        f"Asked on {date(about)} on {machine(about)}; nothing was waited for longer than "
        "10 s. Counted is what the server adds to the program, with the local files that "
        "it needs."
    )
    stacks = list(survey["stacks"])
    made = [_answers(survey, stack) for stack in stacks]
    said = [lead, *REMARKS]
    return Section("embedding", TITLE, said, findings(survey), [*made, _sizes(survey)])


def _label(survey: Survey, stack: str) -> str:
    return str(survey["stacks"][stack]["label"])


def _answers(survey: Survey, stack: str) -> Table:
    programs = [row for row in survey["programs"] if row["stack"] == stack]
    distinct = agreement(programs).get(stack, {})
    rows = []
    for name, question in survey["questions"].items():
        found = [row["answers"].get(name) for row in programs]
        if all(answer and not answer["applies"] for answer in found):
            why = next(answer["said"] for answer in found if answer)
            said = [f"not applicable: {why}", *("" for _ in found[1:])]
        else:
            said = [
                answer["said"] if answer else f"not asked: {row['lacks']}"
                for answer, row in zip(found, programs, strict=True)
            ]
        count = str(len(distinct[name])) if name in distinct else words.PASSED_OVER
        rows.append([question, *said, count])
    columns = ["question", *(row["label"] for row in programs), "distinct answers"]
    return Table(columns, rows, f"{_label(survey, stack)}: twelve questions")


def _sizes(survey: Survey) -> Table:
    columns: Columns[Survey] = {
        "program": lambda row: f"{_label(survey, row['stack'])}, {row['label']}",
        "statements": lambda row: f"{row['statements']:,}",
        "tokens": lambda row: f"{row['tokens']:,}",
        "lines": lambda row: f"{row['lines']:,}",
        "files": lambda row: ", ".join(row["files"]),
        "threads": lambda row: str(row["threads"]) if row["answers"] else words.PASSED_OVER,
        "stopped in": _stopped,
    }
    caption = "What a server adds to the program; threads with one client, stop with two"
    return Table.of(survey["programs"], columns, caption)


def _stopped(row: Mapping[str, Any]) -> str:
    """Return a time whose digits past the first are noise."""
    if not row["answers"] or row["stop_ms"] is None:
        return words.PASSED_OVER
    return f"{words.number(row['stop_ms'], digits=1)} ms"


def findings(survey: Survey) -> list[str]:
    """Return the findings of the answers: agreement, sizes, and what is worse."""
    said = [f"{sentence}." for *_, sentence in _agreement(survey)]
    return [*said, *_least(survey), *_worse(survey)]


def _agreement(survey: Survey) -> Iterator[tuple[str, int, int, str]]:
    """Yield a stack, how many questions several languages answered, in how many of these
    they agree, and a sentence.
    """
    for stack, distinct in agreement(survey["programs"]).items():
        count = agreeing(distinct)
        several = [
            SHORT.get(name, name.replace("_", " "))
            for name, found in distinct.items()
            if len(found) > 1
        ]
        differ = f"; they differ in: {', '.join(several)}" if several else ""
        said = (
            f"{_label(survey, stack)}: all languages give one answer to {count} of "
            f"{len(distinct)} questions{differ}"
        )
        yield stack, len(distinct), count, said


def _least(survey: Survey) -> list[str]:
    """Return the sentence of sizes: a language after the other, the smallest first."""
    sizes: dict[str, list[tuple[int, str]]] = {}
    names: dict[str, str] = {}
    for row in survey["programs"]:
        if row["main"]:
            label = _label(survey, row["stack"])
            sizes.setdefault(row["language"], []).append((row["statements"], label))
            names[row["language"]] = row["label"]
    told = [
        f"in {names[language]} {', '.join(f'{n} ({label})' for n, label in sorted(found))}"
        for language, found in sizes.items()
    ]
    least = min((row["statements"] for row in survey["programs"]), default=0)
    if not told:
        return []
    return [
        f"In statements a server takes {'; '.join(told)}. None takes fewer than {least}."
    ]


def _worse(survey: Survey) -> Iterator[str]:
    for question, word, said in WORSE:
        found = answering(survey["programs"], question, word)
        if found:
            who = "; ".join(
                f"{_label(survey, stack)} ({', '.join(labels)})"
                for stack, labels in found.items()
            )
            yield f"{said}: {who}."


def numbers(survey: Survey | None) -> Iterator[dict[str, Any]]:
    """Yield the entries of numbers.json; ``run`` is the survey's, by its date.

    ``embedding.size.<what>.<stack>.<language>`` of every program, whether it ran or not;
    ``embedding.agreeing.<stack>``, in how many questions all languages agree,
    ``embedding.differing.<stack>``, in how many they do not, and
    ``embedding.differing_in_common.<stack>``, in how many of those that all stacks answer.
    """
    if survey is None:
        return
    for row in survey["programs"]:
        label = f"{_label(survey, row['stack'])}, {row['label']}"
        for what, (column, unit) in COUNTS.items():
            said = (
                f"A server embedded in a program ({label}): {row[column]:,} "
                f"{SIZE_NAMES[column]} (counted)"
            )
            name = f"embedding.size.{what}.{row['key']}"
            yield surveyed(survey, KIND, name, row[column], unit, said)
    for stack, asked, count, said in _agreement(survey):
        for what, value in (("agreeing", count), ("differing", asked - count)):
            name = f"embedding.{what}.{stack}"
            yield surveyed(survey, KIND, name, value, "questions", said)
    for stack, distinct in in_common(agreement(survey["programs"])).items():
        if not distinct:
            continue
        count = len(distinct) - agreeing(distinct)
        said = (
            f"{_label(survey, stack)}: languages differ in {count} of the {len(distinct)} "
            "questions that all stacks can be asked"
        )
        name = f"embedding.differing_in_common.{stack}"
        yield surveyed(survey, KIND, name, count, "questions", said)
