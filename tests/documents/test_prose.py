"""Documents, help texts, errors, docstrings and names are plain, as CONTRIBUTING.md asks.

A program can hold the length of sentences, a readability index, and phrases that hide who
does what. Whether a sentence is clear, a reader has to say.
"""

from __future__ import annotations

import ast
import inspect
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, quantiles

import click
import pytest
import textstat

from bench.cli.main import main
from bench.contract.model import PROJECT

PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    PROJECT / "ARCHITECTURE.md",
    PROJECT / "CHANGELOG.md",
    *sorted((PROJECT / "docs").glob("*.md")),
    *sorted(PROJECT.glob("examples/*/README.md")),
]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)

FRAGMENT_WORDS = 3
"""At most so many words are no sentence, but the name of something."""
WORDS_MEAN_MAX = 16
WORDS_P95_MAX = 28
WORDS_MAX = 35
GRADE_MAX = 8.0
"""Years of school, by the Automated Readability Index: letters a word, words a sentence.

Flesch's index would need a dictionary of syllables, which textstat downloads.
"""

STARTS = r"(^|[.:] )(Of|What|Whatever|Who|Those) (?![^.]*\?)"
"""How sentences begin that hide their subject; fields of tables are no sentences."""
LISTS = r";[^.|]*;[^.|]*;"
OF_PROSE = {STARTS, LISTS, r"\bcomes? to\b(?! [0-9])"}
"""Patterns for whole sentences: tables and lists of a report have fragments as well."""
BANNED = {
    r"\bsays (what|who|how|so|that|where)\b": "name the thing: `doctor` lists the tools",
    r"\bspeaks? against\b": "blocks, stops",
    r"\bno finding\b": "does not mean",
    r"\bthe nearest is\b": "write the measured value",
    r"\b(holds|fails) when\b": "would be refuted by",
    r"\bbut for what\b": "except",
    r"\bput to\b": "is tried with",
    r"\bwhat .{0,30} is said\b": "name it",
    r"\bcomes? to\b(?! [0-9])": "results in",
    r"\bthat of\b.*\bthat of\b": "repeat the noun",
    r"\bfor ever\b": "forever",
    r"(?i)\b(befalls?|amid|whoever|whom|somebody|nobody lacks)\b": "name the process",
    r"\bgo(es)? on as\b": "keeps",
    r"\b(held|holds?) .{0,20}against\b": "compare with",
    r"\b0\.\d{2,4} times\b": "the winner first, above 1",
    STARTS: "start with a noun",
    LISTS: "a list, or sentences",
    r"\btwins?\b": "A/A copy, or C port",
    r"\bmatrix\b": "heat map",
    r"\blevel of (about )?\d": "confidence",
    r"\btiers?\b": "variant",
}
"""Phrases that hide who does what, or words with two meanings; each with what to write."""
ONLY_IN_CODE = {r"\bcells?\b": "program, or square", r"\bpatient\b": "name the process"}
"""Words that documents do not use; CONTRIBUTING.md explains them."""
OF_CODE = ("CONTRIBUTING.md", "ARCHITECTURE.md")
"""Pages about the code, which use its words."""
BENCH = PROJECT / "bench"
BANNED_IN_NAMES = {
    r"^(what|who|whose|whoever|whatever|where|of|those|it)_": "start with a noun",
    r"(^|_)(what|whatever|who|whoever|whom|somebody|nobody|anybody)(_|$)": "name the thing",
    r"_(says|said|told|tells)(_|$)": "shows, names, reports, gets an error",
    r"_(is|are)_no(ne|thing)(_|$)": "say what it is",
    r"_(that|those)_of_": "repeat the noun",
    r"_(for_ever|held_against|put_to|goes_on|came_to|comes_to|stands?)_": "plainer words",
    r"(^|_)(twins?|tiers?|cells?|matrix)(_|$)": "A/A copy, C port, variant, program, map",
}
"""Phrases that names of tests do not have: a name is a sentence with a noun for subject."""
TO_TOOLS = r"noqa|fmt:|type:|-{2,}|#!"
"""The beginning of comments that are orders to tools, or headings."""
ROOMS = sorted(path.parent.name for path in BENCH.glob("*/__init__.py"))
BANNED_IN_IDENTIFIERS = {
    *("twin", "twins", "tier", "tiers"),
    *("cast", "casting", "castings", "company"),
}
"""Words with several meanings, or from the theatre, in no identifier.

CONTRIBUTING.md has a table of words.
"""


def paragraphs(markdown: str) -> Iterator[str]:
    """Yield the prose of a page: no code, tables, headings, pictures or sources."""
    text = re.sub(r"<!--.*?-->", "", markdown, flags=re.DOTALL)
    text = text.split("\n## Sources", maxsplit=1)[0]
    text = re.sub(r"^(    .*|\|.*|#.*|!\[.*|> .*)$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\s*(\*|\d+\.) ", "\n", text, flags=re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n", text):
        if paragraph.strip():
            yield plain(" ".join(paragraph.split()))


def plain(text: str) -> str:
    """Return Markdown as it is read: a code span or a citation is one word."""
    text = re.sub(r"\[nomiddle:[^\]]*\]", "", text)
    text = re.sub(r"`[^`]*`", "Code", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\[\d[^\]]*\]|\*\*|\*", "", text)


def fields(markdown: str) -> Iterator[str]:
    """Yield the fields of the tables of a page, as they are read."""
    for row in re.findall(r"^\|(.*)\|$", markdown, flags=re.MULTILINE):
        yield from (plain(field.strip()) for field in row.split(" | "))


def sentences(paragraph: str) -> list[str]:
    """Return the sentences of a paragraph; a full stop inside a number ends none."""
    return [s for s in re.split(r"(?<=[.!?])[\")]?\s+", paragraph) if s]


def told(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [s for paragraph in paragraphs(text) for s in sentences(paragraph)]


def words(sentence: str) -> int:
    return len(re.findall(r"[\w'/.%-]*\w[\w'/.%-]*", sentence))


@every_page
def test_no_sentence_of_a_page_is_too_long(page: Path) -> None:
    assert [s for s in told(page) if words(s) > WORDS_MAX] == []


@every_page
def test_most_sentences_of_a_page_are_short(page: Path) -> None:
    lengths = [words(s) for s in told(page)]
    assert mean(lengths) <= WORDS_MEAN_MAX
    assert quantiles(lengths, n=20)[-1] <= WORDS_P95_MAX


@every_page
def test_a_page_is_readable_with_eight_years_of_school(page: Path) -> None:
    # One full stop a sentence: textstat takes that of "3.11" for another one's end.
    text = " ".join(re.sub(r"[.!?:]", "", s) + "." for s in told(page))
    assert textstat.automated_readability_index(text) <= GRADE_MAX


def lines_of_help() -> Iterator[tuple[str, str]]:
    """Yield the help of each command and each of its options."""
    commands: dict[str, click.Command] = getattr(main, "commands")  # noqa: B009 - a Group's
    for name, command in {"": main, **commands}.items():
        context = click.Context(command, info_name=name or "nomiddle")
        yield f"nomiddle {name}".strip(), command.get_help(context)


def messages() -> Iterator[tuple[str, str]]:
    """Yield each error message and each printed line of the harness, with its place."""
    for path in sorted((PROJECT / "bench").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and is_told(ast.unparse(node.func)):
                for argument in node.args[:1]:
                    if said := literal(argument):
                        yield f"{path.relative_to(PROJECT)}:{node.lineno}", said


def is_told(function: str) -> bool:
    return bool(
        re.search(r"Error$|NotMeasurable$|Advice$|\becho$|console\.print$", function)
    )


def literal(node: ast.expr) -> str:
    """Return a string as written, with X for every value that is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) or "X" for part in node.values)
    return ""


def banned(text: str, patterns: dict[str, str]) -> list[str]:
    return [
        f"{found[0]!r}: {instead}"
        for pattern, instead in patterns.items()
        if (found := re.search(pattern, text, flags=re.MULTILINE))
    ]


@every_page
def test_no_page_has_a_banned_phrase(page: Path) -> None:
    words_too = {} if page.name in OF_CODE else ONLY_IN_CODE
    found = [(s, hit) for s in told(page) if (hit := banned(s, BANNED | words_too))]
    assert found == []
    assert told(page)


@every_page
def test_no_table_of_a_page_has_a_banned_phrase(page: Path) -> None:
    phrases = {pattern: word for pattern, word in BANNED.items() if pattern not in OF_PROSE}
    words_too = {} if page.name in OF_CODE else ONLY_IN_CODE
    read = list(fields(page.read_text(encoding="utf-8")))
    assert [(f, hit) for f in read if (hit := banned(f, phrases | words_too))] == []


HELP = dict(lines_of_help())


@pytest.mark.parametrize("command", HELP)
def test_the_help_of_a_command_is_plain(command: str) -> None:
    joined = re.sub(r"--\w+", "", " ".join(HELP[command].split()))
    assert banned(joined, BANNED | ONLY_IN_CODE) == []


@pytest.mark.parametrize("command", HELP)
def test_the_help_of_a_command_has_an_example(command: str) -> None:
    examples = HELP[command].split("Example", 1)[1].split("\nOptions", 1)[0]
    assert re.search(rf"^    {command}\b", examples, flags=re.MULTILINE)


def test_the_list_of_commands_is_whole_and_nothing_in_it_is_cut() -> None:
    listed = HELP["nomiddle"].split("\nMeasure:", 1)[1]
    assert "..." not in listed
    for name in getattr(main, "commands"):  # noqa: B009 - a Group's
        assert re.search(rf"^  {name}  ", listed, flags=re.MULTILINE), name


def test_messages_are_plain() -> None:
    found = [
        (where, said, hit) for where, said in messages() if (hit := banned(said, BANNED))
    ]
    assert found == []


def test_messages_call_a_program_by_that_word() -> None:
    assert [found for found in messages() if banned(found[1], ONLY_IN_CODE)] == []


def written() -> Iterator[tuple[str, str]]:
    """Yield each text of several words that the report may print, with its place."""
    for path in sorted((BENCH / "report").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        told |= {
            id(part)
            for node in nodes
            if isinstance(node, ast.JoinedStr)
            for part in ast.walk(node)
            if part is not node
        }
        for node in nodes:
            if not isinstance(node, ast.Constant | ast.JoinedStr) or id(node) in told:
                continue
            if len((said := literal(node)).split()) > FRAGMENT_WORDS:
                yield f"{path.relative_to(PROJECT)}:{node.lineno}", said
    for path in sorted((BENCH / "report").rglob("*.md")):
        text = re.sub(r"{%.*?%}|{#.*?#}", "", path.read_text(encoding="utf-8"))
        said = re.sub(r"{{.*?}}", "X", text)
        yield from ((path.name, s) for p in paragraphs(said) for s in sentences(p))


def test_a_report_has_no_banned_phrase() -> None:
    read = list(written())
    phrases = {pattern: word for pattern, word in BANNED.items() if pattern not in OF_PROSE}
    assert [(p, s, hit) for p, s in read if (hit := banned(s, phrases))] == []
    assert len(read) > 500


def docstrings(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the sentences of the docstrings below a folder, each with its place.

    Modules, classes, functions and constants have them: all strings that are statements.
    Tests have programs that Python cannot read.
    """
    for path in sorted(folder.rglob("*.py")):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                text = inspect.cleandoc(str(node.value.value))
                place = f"{path.relative_to(PROJECT)}:{node.lineno}"
                yield from ((place, s) for s in prose(text))


def comments(room: str) -> Iterator[tuple[str, str]]:
    """Yield the sentences of the comments of a room, each with its place.

    Comments in lines that follow each other are one. Headings and orders to tools are none.
    """
    for path in sorted((BENCH / room).rglob("*.py")):
        found: dict[int, str] = {}
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                line, text = token.start[0], token.string.removeprefix("# ")
                if token.type == tokenize.COMMENT and not re.match(TO_TOOLS, text):
                    found[line] = f"{found.pop(line - 1, '')} {text}"
        for line, text in found.items():
            yield from ((f"{path.relative_to(PROJECT)}:{line}", s) for s in prose(text))


def comments_in_c(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the sentences of the comments of C files, each with its place."""
    for path in sorted([*folder.glob("*.c"), *folder.glob("*.h")]):
        for comment in re.findall(r"/\*(.*?)\*/", path.read_text(), flags=re.DOTALL):
            text = re.sub(r"\n \*", "\n", comment)
            yield from ((str(path.relative_to(PROJECT)), s) for s in prose(text))


def prose(text: str) -> Iterator[str]:
    """Yield the sentences of a docstring, without its tables and examples."""
    for paragraph in re.split(r"\n\s*\n|\n(?=\* |\d\. )", text):
        if not re.match(r"\x08|    |.*\S {2,}\S", paragraph):
            one_line = " ".join(paragraph.split())
            yield from sentences(re.sub(r"``?[^`]*``?", "Code", one_line))


def assert_plain(said: Sequence[tuple[str, str]]) -> None:
    assert said
    assert [(place, s) for place, s in said if words(s) > WORDS_MAX] == []
    assert [(p, s, hit) for p, s in said if (hit := banned(s, BANNED))] == []


@pytest.mark.parametrize("room", ROOMS)
def test_docstrings_and_comments_are_plain(room: str) -> None:
    assert_plain([*docstrings(BENCH / room), *comments(room)])


@pytest.mark.parametrize("folder", ["tests", "examples"])
def test_docstrings_outside_of_the_harness_are_plain(folder: str) -> None:
    assert_plain(list(docstrings(PROJECT / folder)))


def test_comments_of_the_host_in_c_are_plain() -> None:
    assert_plain(list(comments_in_c(BENCH / "hosts")))


def names_of_tests() -> Iterator[tuple[str, str]]:
    """Yield the name of each test, with its file."""
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        for name in re.findall(r"^ *def test_(\w+)", path.read_text(), re.MULTILINE):
            yield path.name, name


def test_names_of_tests_have_no_banned_phrase() -> None:
    names = list(names_of_tests())
    assert [(f, n, hit) for f, n in names if (hit := banned(n, BANNED_IN_NAMES))] == []
    assert len(names) > 1000


def test_names_of_tests_are_sentences() -> None:
    assert [(f, n) for f, n in names_of_tests() if len(n.split("_")) < 3] == []


def identifiers(room: str) -> Iterator[tuple[str, str]]:
    """Yield the names that a room defines: functions, classes, parameters and variables."""
    for path in sorted((BENCH / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield path.name, node.name
            elif isinstance(node, ast.arg):
                yield path.name, node.arg
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield path.name, node.id


@pytest.mark.parametrize("room", ROOMS)
def test_identifiers_have_one_word_for_one_thing(room: str) -> None:
    found = list(identifiers(room))
    assert [n for n in found if BANNED_IN_IDENTIFIERS & set(n[1].lower().split("_"))] == []
    assert found


def test_the_checks_of_prose_can_fail() -> None:
    """The tests above read prose, and can fail."""
    page = (
        "A `b c` is [here](x). It\nends.\n\n    code. Code.\n\n* One item.\n| A. | B. |\n"
    )
    assert [s for p in paragraphs(page) for s in sentences(p)] == [
        "A Code is here.",
        "It ends.",
        "One item.",
    ]
    assert words("It takes 3.11 s, or less.") == 6
    assert banned("It says what to install.", BANNED)
    assert banned("What is about none of them stays.", BANNED)
    assert not banned("What was not measured, and why?", BANNED)
    assert sum(len(told(page)) for page in PAGES) > 300
    assert len(list(messages())) > 150
    assert sum(len(list(comments(room))) for room in ROOMS) > 100
    assert list(fields("| A `b`. | C |\n|---|---|")) == ["A Code.", "C", "---|---"]
    assert banned("Whoever asks.", BANNED)
    assert banned("to hold one against another", BANNED)
    assert banned("calls_hold_up_nobody", BANNED_IN_NAMES)
    assert list(prose("One ``a b``. Two.\n\n\b\nA table.\n\na  b.")) == [
        "One Code.",
        "Two.",
    ]
    assert banned("what_is_kept", BANNED_IN_NAMES)
    assert banned("every_cell_runs", BANNED_IN_NAMES)
    assert not banned("every_program_runs", BANNED_IN_NAMES)
