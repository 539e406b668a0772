"""The words of the pages that only this project uses, or that few readers know."""

from __future__ import annotations

from bench.report.model import Section, Table

MEASURING = {
    "A/A check": "Two copies of one program are measured under two names. If they differ, "
    "the run has an error that its intervals do not show.",
    "block": "Every case of a run once, in random order. Statistics are over blocks.",
    "declared": "Written down before the run: which programs are compared, and which one "
    "is taken for HTTP's fastest. A program that is faster by chance cannot join them "
    "later.",
    "L0, L1, L2": "Levels of what a program survives: nothing, a restart of its server, "
    "every fault of a fixed list.",
    "round": "A short turn of each compared program, one after the other. Ratios are made "
    "within a round.",
    "shared, one CPU": "Driver and peers run on the same CPU: only the work counts.",
    "split, separate CPUs": "The driver has one set of CPUs, its peers another: each "
    "message also wakes a CPU.",
    "statement": "A unit of a program, counted by the grammar of its language. Comments "
    "and layout do not count.",
    "undecided": "The interval is too wide to tell. It does not mean equal.",
}
"""The words of measuring and of counting."""
PROGRAMS = {
    "batched": "The program, or its library, joins several messages before it sends them.",
    "buffered": "A program on HTTP or BSD sockets that batches messages, as ZeroMQ does.",
    "direct": "Clients that know all servers and go round them, without a box in between.",
    "direct_default": "The same on ZeroMQ with the library's own settings, by which a "
    "server that is gone gets its turn as well.",
    "lossless": "ZeroMQ's fan-out with a setting by which the publisher waits and loses "
    "nothing. Its minimal program drops messages for slow subscribers in silence.",
    "lossy": "A program that may drop messages in silence.",
    "lru": "A broker on ZeroMQ that gives each request to the server that has been idle "
    "longest (least recently used).",
    "minimal": "The program that most people would write, with the library's own settings.",
    "resilient": "A program with timeouts, retries and acknowledgements, so that no loss "
    "is silent.",
    "uwsgi": "A program on HTTP whose server is uWSGI, which is written in C and runs a "
    "function in Python. Its client is pycurl.",
}
"""The names and qualities of programs."""
LEAD = "A word means the same on all pages, in charts and in citations."


def section() -> Section:
    """Return the section of the report: tables of words in alphabetical order."""
    tables = [
        Table(["word", "meaning"], [[word, said] for word, said in found.items()], caption)
        for caption, found in (("Of programs", PROGRAMS), ("Of measuring", MEASURING))
    ]
    return Section("words", "Words", [LEAD], tables=tables)
