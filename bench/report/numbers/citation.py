"""A number with everything that a reader of it must know, in the form that a text needs.

A citation is a number with the mark ``nomiddle:ID@RUN`` behind it, in any text file:
``0.204 [nomiddle:ID@RUN]``. The mark says which number of which run is meant, so that
``cite --check`` can find it again (``bench.report.numbers.citation_check``).
"""

from __future__ import annotations

import fnmatch
import json
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.errors import SUGGESTIONS_MAX, ResultsError, UsageError, near
from bench.report import ratio, words
from bench.report.entries import of_run
from bench.report.numbers.alias import alias
from bench.report.numbers.formats import FORMS
from bench.trial.requirements import version
from bench.trial.versions import c_version, native_versions

SCHEME = "nomiddle:"
"""The beginning of a citation's mark."""

Entry = Mapping[str, Any]
ELSEWHERE = "elsewhere the same programs can have another ratio"
HOLDS = f"for that machine and run: {ELSEWHERE}"
"""The caution that each citation of a ratio carries."""
NEVER = "never"
"""How a time is written that was never reached: numbers.json has null for it."""
PAGES = "reports/"
"""The folder of the published pages, from the root of the repository."""
COMPARED = "workloads.html#comparisons"
COMPARISONS = (
    "claim", "further", "alternative", "language", "other_language", "apart",
)  # fmt: skip
PLACES = {
    **dict.fromkeys(COMPARISONS, COMPARED),
    "experiment": "experiments.html#experiments",
    "topology": "topologies.html#topologies",
    "embedding": "code.html#embedding",
    "languages": "code.html#bindings",
    "price": "failures.html#price",
    "change": "code.html#flexibility",
    **dict.fromkeys(("own", "total", "twins", "weight"), "code.html#size"),
    "noise": "method.html#noise",
    "time": "method.html#time",
}
"""Where the numbers of a kind stand. All others are in the explorer."""
LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "\N{MICRO SIGN}": r"\textmu{}", "\N{PLUS-MINUS SIGN}": r"\textpm{}",
}  # fmt: skip


def load_numbers(path: Path) -> list[dict[str, Any]]:
    """Read numbers.json. Raises UsageError where there is none, ResultsError if damaged."""
    if not path.exists():
        raise UsageError(
            f"{path} does not exist: measure with `make bench`, or rebuild the report of "
            "a run with `make report`"
        )
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ResultsError(
            f"{path} is damaged: {error}; rebuild it: `make report`"
        ) from error
    if not isinstance(entries, list):
        raise ResultsError(f"{path} is no list of numbers; rebuild it: `make report`")
    return entries


def fitting(pattern: str, numbers: Path) -> list[str]:
    """Return the ids that fit a pattern with stars. Raises UsageError without any."""
    found = fnmatch.filter((str(entry["id"]) for entry in load_numbers(numbers)), pattern)
    if not found:
        raise UsageError(f"no id fits {pattern!r}; every id is in {numbers}")
    return found


def full_names(identifiers: Iterable[str]) -> dict[str, str]:
    """Return ids by their short names."""
    return {alias(identifier): identifier for identifier in identifiers}


def find(identifier: str, numbers: Path) -> dict[str, Any]:
    """Return an entry by its id, its short name, or the mark of a citation.

    Raises UsageError for an unknown id, with those most like it, and for another run's.
    """
    entries = {entry["id"]: entry for entry in load_numbers(numbers)}
    name, _, run = identifier.removeprefix(SCHEME).partition("@")
    if name not in entries:  # 5,000 short names take a tenth of a second
        name = full_names(entries).get(name, name)
    if name not in entries:
        stars = f"*{name.replace('.', '*')}*"
        inside = fnmatch.filter(entries, stars)
        listed = f"; `cite {stars!r}` lists {words.plural(len(inside), 'id')}"
        hint = listed if len(inside) > SUGGESTIONS_MAX else near(name, inside or entries)
        raise UsageError(f"no number is called {name!r}{hint}; every id is in {numbers}")
    found = of_run(entries[name], run)
    if run and run != found["run"]:
        raise UsageError(
            f"{name} is of the run {found['run']} in {numbers}, not of {run}; name the "
            "other run's file with --numbers"
        )
    return found


def is_ratio(entry: Entry) -> bool:
    return str(entry["unit"]) == "ratio of times"


def holds(entry: Entry) -> str:
    """Return the caution: for which machines and runs a ratio holds, and how many."""
    runs = [run for group in entry.get("over_machines", ()) for run in group["machines"]]
    if not runs:
        return HOLDS
    return f"on {words.plural(len(runs), 'machine')} ({', '.join(runs)}): {ELSEWHERE}"


def sentence(entry: Entry) -> str:
    """Return the sentence of a number, with what other machines found of it."""
    more = entry.get("sentence_over_machines")
    return f"{entry['sentence']}. {more}" if more else str(entry["sentence"])


def mark(entry: Entry) -> str:
    return f"{SCHEME}{entry['id']}@{entry['run']}"


def spelled(entry: Entry) -> str:
    """Return the number of an entry as texts write it: "28.8x", in favour of the winner."""
    return ratio.of_winner(entry).times if is_ratio(entry) else exact(entry)


def exact(entry: Entry, key: str = "value") -> str:
    """Return a number as the data have it: whole if counted, else with 3 digits."""
    value = entry[key]
    if value is None:
        return NEVER
    if float(value).is_integer() and entry["blocks"] == 0:
        return f"{value:,.0f}"
    return f"{value:.0f}" if entry["kind"] == "level" else words.number(value)


def interval(entry: Entry) -> str:
    """Return "0.197 to 0.209", '' for what was counted or has too few blocks."""
    if entry["ci_low"] is None or entry["ci_high"] is None or entry["confidence"] == 1:
        return ""
    if is_ratio(entry):
        return ratio.of_winner(entry).interval.strip(" ()")
    like = entry["value"] or None  # beside 0 an end has digits of its own
    return " to ".join(words.number(entry[end], like) for end in ("ci_low", "ci_high"))


def installed(name: str) -> str | None:
    """Return the version that is installed here, None where this cannot be told."""
    if name == "Python":
        return platform.python_version()
    return native_versions().get(name) or version(name) or c_version(name)


def moved_on(entry: Entry) -> list[str]:
    """Return the versions that are others here: "pyzmq 27.3.0 then, 28.0.0 now".

    A citation expires with them: nobody has measured it with what is installed now.
    """
    found = []
    for part in filter(None, str(entry["versions"]).split(", ")):  # a time has none
        name, _, then = part.rpartition(" ")
        now = installed(name)
        if now is not None and now != then:
            found.append(f"{name} {then} then, {now} now")
    return found


def _text(entry: Entry) -> str:
    lines = [
        f"{sentence(entry)}.",
        f"  cells     {', '.join(entry['cells'])}",
        f"  case      {entry['case']}",
        f"  machine   {entry['machine']}; loopback, one machine",
        f"  versions  {entry['versions']}",
        f"  run       {entry['run']}, {entry['date']}, grade {entry['grade']}",
        f"  id        {entry['id']}",
        f"  in short  {alias(entry['id'])}",
        f"  cite as   {spelled(entry)} [{mark(entry)}]",
        *([f"  holds     {holds(entry)}"] if is_ratio(entry) else []),
        *([f"  checked   by A/A copies: {entry['check']}"] if "check" in entry else []),
    ]
    return "\n".join(lines)


def _split(entry: Entry) -> tuple[str, str, str]:
    """Return the sentence in three: before its number, the number, after it.

    A sentence that has its number in another unit gets it in front.
    """
    said, number = sentence(entry), spelled(entry)
    found = re.search(rf"(?<![\w.,]){re.escape(number)}(?![\w,]|\.\d)", said)
    if not found:
        return "", number, f" {unit_of(entry)}: {said}"
    return said[: found.start()], number, said[found.end() :]


def unit_of(entry: Entry) -> str:
    """Return what follows a number that is written alone: "ms", "in favour of ZeroMQ"."""
    if is_ratio(entry):
        return f"in favour of {ratio.side(entry, ratio.of_winner(entry).winner)}"
    return "" if entry["value"] is None else str(entry["unit"])


def _markdown(entry: Entry) -> str:
    before, number, after = _split(entry)
    caution = holds(entry)
    link = f'{PAGES}{address(entry)} "{mark(entry)}"'
    more = f". {caution[0].upper()}{caution[1:]}" if is_ratio(entry) else ""
    about = f"({_run(entry)}; case `{entry['case']}`{more}.)"
    return f"{before}[{number}]({link}){after}. {about}"


def _run(entry: Entry) -> str:
    """Return the machine and the run of a number, for a footnote."""
    graded = f"{entry['date']}, grade {entry['grade']}; run {entry['run']}"
    return f"{entry['machine']}; {entry['versions']}; {graded}"


def _escaped(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in text)


def _latex(entry: Entry) -> str:
    before, number, after = map(_escaped, _split(entry))
    more = f"; {holds(entry)}" if is_ratio(entry) else ""
    about = f"{_run(entry)}; case {entry['case']}{more}"
    return (
        "\\providecommand{\\nomiddle}[2]{#1}% the number is printed, its mark is not\n"
        f"{before}\\nomiddle{{{number}}}{{{mark(entry)}}}{after}"
        f"\\footnote{{{_escaped(about)}.}}"
    )


def _bibtex(entry: Entry) -> str:
    span = f" ({interval(entry)})" if interval(entry) else ""
    key = re.sub(r"[^A-Za-z0-9]+", "-", f"nomiddle-{entry['date']}-{entry['id']}")
    note = f"{spelled(entry)} {unit_of(entry)}{span} [{mark(entry)}]"
    about = _escaped(
        f"{entry['machine']}; {entry['versions']}; grade {entry['grade']}; "
        f"case {entry['case']}"
    )
    fields = {
        "title": f"{{{_escaped(sentence(entry))}}}",
        "author": "{{No Middle}}",
        "year": f"{{{str(entry['date'])[:4]}}}",
        "date": f"{{{entry['date']}}}",
        "note": f"{{{_escaped(note)}; {about}}}",
    }
    said = "".join(f"  {name} = {value},\n" for name, value in fields.items())
    return f"@misc{{{key},\n{said}}}"


def address(entry: Entry) -> str:
    """Return the page of a report with the number on it, and where it is on the page."""
    place = PLACES.get(entry["kind"])
    return place or f"explore.html#explore?id={entry['id']}"


def _json(entry: Entry) -> str:
    more = {
        "alias": alias(entry["id"]),
        "address": address(entry),
        "cite": f"{spelled(entry)} [{mark(entry)}]",
        "moved_on": moved_on(entry),
    }
    return json.dumps({**entry, **more}, indent=1, allow_nan=False, ensure_ascii=False)


def _url(entry: Entry) -> str:
    return f"{PAGES}{address(entry)}"


MAKERS: dict[str, Callable[[Entry], str]] = {
    "text": _text,
    "markdown": _markdown,
    "latex": _latex,
    "bibtex": _bibtex,
    "json": _json,
    "url": _url,
}
FORMATS = {form: MAKERS[form] for form in FORMS}
"""The function of each form. A form without one raises KeyError here."""


def cite(identifier: str, numbers: Path, form: str = "text") -> str:
    """Return a number in one of ``FORMATS``: sentence, case, machine, versions, run.

    Raises UsageError for an unknown id, with those most like it.
    """
    return FORMATS[form](find(identifier, numbers))


def warnings(identifier: str, numbers: Path) -> Iterator[str]:
    """Yield why a number should no longer be cited as it is."""
    moved = moved_on(find(identifier, numbers))
    if moved:
        yield f"measured with other versions than are installed: {'; '.join(moved)}"
