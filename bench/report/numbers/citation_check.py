r"""Every citation in a text, compared with the data.

A citation is a number followed by a mark, ``nomiddle:ID@RUN``, in whatever way the text's
format permits:

    plain      0.204 [nomiddle:ID@RUN]          0.204 (0.197 to 0.209) [nomiddle:ID@RUN]
    Markdown   [0.204](nomiddle:ID@RUN)         [0.204](PAGE "nomiddle:ID@RUN")
    HTML       0.204<!-- nomiddle:ID@RUN -->
    LaTeX      \nomiddle{0.204}{nomiddle:ID@RUN}     0.204 % nomiddle:ID@RUN

The number is the last one before the mark; an interval in brackets may stand between. It
may be rounded, and may be in another unit of time. A ratio of times with an x is in favour
of the winner. With "on 2 machines" behind it, it is the ratio over all machines, or the
range: ``11.4x to 25x faster on 2 machines [nomiddle:ID@RUN]``.

``ID`` itself names no number: it stands for one in texts about citations.

A strict check also wants a mark for each number with a unit. A text lists the numbers that
it names without having measured them, such as time limits: ``nomiddle:given 3 s; 95 %``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UsageError, near
from bench.report import words
from bench.report.entries import of_run
from bench.report.numbers.citation import (
    NEVER,
    Entry,
    exact,
    full_names,
    is_ratio,
    moved_on,
)
from bench.report.talk_claims.retired import why_retired

GIVEN = "given"
NO_NUMBER = ("ID", GIVEN)
MARK = re.compile(r"nomiddle:(?P<id>[\w.\\-]*\w)(?:@(?P<run>[\w.\\-]*\w))?")
SAID = re.compile(rf"(?<![\w.,])L?[-+]?\d[\d,]*(?:\.\d+)?|\b{NEVER}\b")
SPAN = re.compile(
    rf"\(([^()]*?)({SAID.pattern})(?: to |\u2013)({SAID.pattern})([^()]*)\)"
    r"[^()\d]{0,40}$"
)
OPENING = re.compile(r'(\]\(\S+ "|\]\(|[\s\[({<!\\-])*$')
MEASURED = re.compile(
    r"(?<![\w.,:/@#-])\d[\d,]*(?:\.\d+)?\s?(?:x|times|%|[num\N{MICRO SIGN}]?s|min(?:utes?)?"
    r"|seconds?|(?:messages|requests)/s|MiB|statements|tokens)(?![\w/])"
)
"""A number with a unit in which the report measures."""
SETTINGS = re.compile(rf"nomiddle:{GIVEN}\s+([^<>\]]*?)\s*(?:-->|\]|$)")
UNCHECKED = re.compile(
    r"```.*?```|`[^`]*`|^    [^\n]*$|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"
    r"|<(?P<tag>script|style|pre|svg|code|aside)\b.*?</(?P=tag)>"
    r"|<!-- (?P<made>\w+):begin -->.*?<!-- (?P=made):end -->|<!--.*?-->",
    re.DOTALL | re.MULTILINE,
)
"""Code, and what is made from the data: a person typed no number of it."""
WINDOW = 400
"""How far before its mark a number may stand, in characters: a sentence or two."""
DIGITS = 3
"""A large whole number may be rounded to so many digits: 253,000 for 252,784."""
TIMES_S = {"ms": 1e-3, "us": 1e-6, "\N{MICRO SIGN}s": 1e-6, "s": 1.0}
UNIT = re.compile(r"\W{0,3}(%|ms\b|us\b|\N{MICRO SIGN}s\b|s\b)|(?P<times>x\b)")
TIMES = "x"
FROM = re.compile(rf"({SAID.pattern})x to $")
MACHINES = re.compile(r",? on (\d+) machines?(?:\W|</\w+>)*$")


@dataclass(frozen=True)
class Citation:
    """A number in a text with its mark: ``low`` and ``high`` are '' without an interval.

    ``machines`` is how many the text names, '' without any, ``least`` where a range begins.
    """

    file: Path
    line: int
    id: str
    run: str
    said: str
    unit: str
    low: str = ""
    high: str = ""
    least: str = ""
    machines: str = ""
    span: tuple[int, int] = (0, 0)
    """From where to where the text has the number and its mark."""


def citations(text: str, file: Path) -> Iterator[Citation]:
    """Yield every citation of a text, in order; ``said`` is '' where no number is near."""
    end = 0
    for found in MARK.finditer(text):
        window = text[max(end, found.start() - WINDOW) : found.start()]
        end = found.end()
        name, run = ((found.group(key) or "").replace("\\", "") for key in ("id", "run"))
        if name in NO_NUMBER:
            continue
        low = high = ""
        head = window[: OPENING.search(window).start()]  # type: ignore[union-attr]
        named = MACHINES.search(head)
        head = head[: named.start()] if named else head
        span = SPAN.search(head)
        if span:
            low, high = span.group(2), span.group(3)
            head = head[: span.start()]
        numbers = list(SAID.finditer(head))
        said = numbers[-1] if numbers else None
        unit = UNIT.match(window[said.end() :]) if said else None
        begun = FROM.search(head[: said.start()]) if said else None
        yield Citation(
            file,
            text.count("\n", 0, found.start()) + 1,
            name,
            run,
            said.group() if said else "",
            (unit.group(1) or unit.group("times")) if unit else "",
            low,
            high,
            begun.group(1) if begun else "",
            named.group(1) if named else "",
            (found.start() - len(window) + _first(begun, said), found.end()),
        )


def _first(*found: re.Match[str] | None) -> int:
    return min((each.start() for each in found if each), default=0)


def unmarked(text: str, file: Path) -> Iterator[str]:
    """Yield each number with a unit that has no mark, and is not given, with its line."""
    cited = [citation.span for citation in citations(text, file)]
    given = {
        " ".join(one.split()) for said in SETTINGS.findall(text) for one in said.split(";")
    }
    shown = UNCHECKED.sub(lambda part: re.sub(r"[^\n]", " ", part[0]), text)
    for found in MEASURED.finditer(shown):
        inside = any(start <= found.start() < end for start, end in cited)
        if not inside and " ".join(found[0].split()) not in given:
            line = text.count("\n", 0, found.start()) + 1
            yield f"{file}:{line}: {found[0]} has no mark: cite it, or list it as given"


def factors(entry: Entry, unit: str) -> list[float]:
    """Return by what a number of the data may be multiplied to be in a text's unit."""
    own = str(entry["unit"]).split("/")[0]
    if unit in TIMES_S and own in TIMES_S:
        return [TIMES_S[own] / TIMES_S[unit]]
    if unit == "%" and own != "%":
        return [1.0, 100.0]  # a share, or what begins a comment in LaTeX
    return [1.0]


def agrees(
    said: str, value: float | None, factor: float = 1.0, beside: float = 0.0
) -> bool:
    """Say whether a text's number is the data's, rounded.

    An end of an interval may be rounded as far as the value beside which it stands.
    """
    if value is None or said == NEVER:
        return value is None and said == NEVER
    said = said.replace(",", "").removeprefix("L")  # a level: L2
    digits = said.lstrip("+-")
    _, _, decimals = digits.partition(".")
    place = -len(decimals)
    if not decimals:
        zeros = len(digits) - len(digits.rstrip("0"))
        place = max(0, min(zeros, len(digits) - DIGITS))
    if abs(beside * factor) >= words.LARGE_FROM:
        place = max(place, math.floor(math.log10(abs(beside * factor))) - DIGITS + 1)
    exact = float(said)
    if not decimals and not exact and value:
        return False  # a 0 for something is no rounding that a reader expects
    return math.isclose(exact, value * factor, rel_tol=1e-9, abs_tol=0.5001 * 10.0**place)


def of_winner(entry: Entry) -> Entry:
    """Return an entry with its ratios at or above 1, as a text has them with an x."""
    if not is_ratio(entry) or (entry["value"] or entry["least"]) >= 1:
        return entry
    ends = {"value": "value", "ci_low": "ci_high", "least": "greatest"}
    ends |= {end: start for start, end in ends.items()}
    turned = {new: 1 / entry[old] for new, old in ends.items() if entry.get(old)}
    return {**entry, **turned}


def wrong(citation: Citation, entries: Mapping[str, Entry]) -> Iterator[str]:
    """Yield what is wrong with a citation: unknown, retired, of another run, stale."""
    entry = entries.get(citation.id)
    if entry is None:
        why = why_retired(citation.id)
        yield (
            f"retired: {why}"
            if why
            else f"no number is called so{near(citation.id, entries)}"
        )
        return
    entry = of_run(entry, citation.run)
    there = exact(entry)
    if not citation.run:
        yield f"names no run: write nomiddle:{citation.id}@{entry['run']}"
    elif citation.run != entry["run"]:
        yield f"from the run {citation.run}, the data is of {entry['run']}"
    if not citation.said:
        yield f"no number before it: the data has {there}"
        return
    if citation.machines:
        groups = entry.get("over_machines") or ({"machines": [entry["run"]]},)
        counts = " and ".join(str(len(group["machines"])) for group in groups)
        if counts != citation.machines:
            yield f"says {citation.machines} machines, the data has {counts}"
            return
        entry = {**entry, **groups[0]}
    if citation.unit == TIMES:
        entry = of_winner(entry)
    pairs = [(citation.said, "value")]
    if citation.machines and (citation.least or entry["value"] is None):
        pairs = [(citation.least or citation.said, "least"), (citation.said, "greatest")]
    if citation.low:
        pairs += [(citation.low, "ci_low"), (citation.high, "ci_high")]
    possible = factors(entry, citation.unit)
    for said, key in pairs:
        beside = entry["value"] or 0.0 if key in ("ci_low", "ci_high") else 0.0
        if not any(agrees(said, entry[key], factor, beside) for factor in possible):
            unit = f" {citation.unit}" if citation.unit else ""
            yield (f"says {said}{unit}, the data has {exact(entry, key)} {entry['unit']}")


@dataclass(frozen=True)
class Checked:
    """The findings in the files: how many citations, which are wrong, which have expired.

    ``without`` are the files in which there is none.
    """

    citations: int
    wrong: list[str]
    expired: list[str]
    without: list[Path]


def check(
    files: Iterable[Path], entries: Iterable[Entry], *, strict: bool = False
) -> Checked:
    """Compare every citation in some files with the data.

    With ``strict`` a number with a unit and without a mark is wrong, too. Raises
    UsageError for a file that cannot be read as text.
    """
    known = {str(entry["id"]): entry for entry in entries}
    known |= {short: known[name] for short, name in full_names(known).items()}
    count, failed, expired, without = 0, [], [], []
    for file in files:
        before = count
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{file} cannot be read as text ({error}); name files of text"
            ) from error
        for citation in citations(text, file):
            count += 1
            where = f"{citation.file}:{citation.line}: {citation.id}"
            failed += [f"{where}: {what}" for what in wrong(citation, known)]
            moved = moved_on(known[citation.id]) if citation.id in known else []
            expired += [f"{where}: {'; '.join(moved)}"] if moved else []
        failed += unmarked(text, file) if strict else []
        if count == before:
            without.append(file)
    return Checked(count, failed, expired, without)
