"""Commands, files and links that the documents name are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bench.cli.main import main
from bench.contract.model import PROJECT
from bench.report.sections import claims

PAGES = sorted(
    [
        *PROJECT.glob("*.md"),
        *(PROJECT / "docs").glob("*.md"),
        *PROJECT.glob("examples/*/*.md"),
    ]
)
IDS = [str(page.relative_to(PROJECT)) for page in PAGES]
every_page = pytest.mark.parametrize("page", PAGES, ids=IDS)
COMMANDS: dict[str, click.Command] = getattr(main, "commands")  # noqa: B009 - a Group's
INVENTED = re.compile(r"\b(NAME|STACK|RUN|DIR|FILE|ID|WORKLOAD|NEW|OLD|PORT)\b|[*{}]")
"""Words in place of a reader's own names; such a path need not exist."""
ROOTS = ("bench/", "docs/", "tests/", "examples/", "implementations/", "reports/", ".ci/")

WRITTEN = {claims.PAGE}
"""The next `make report` writes it, where the published report is of before it."""


def code(text: str) -> Iterator[str]:
    """Yield what a page shows as code: its indented lines, and its spans."""
    yield from (line.strip() for line in text.splitlines() if line.startswith("    "))
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose))


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words behind ``nomiddle``, and behind ``python -m bench``."""
    for shown in code(text):
        found = re.match(r"(?:\S*/)?(?:nomiddle|python -m bench) (.*)", shown)
        if found:
            yield found[1].split(" #")[0].split()


def told(page: Path) -> str:
    """Return a page without what is generated into it."""
    return re.sub(
        r"<!-- \w+:begin -->.*<!-- \w+:end -->",
        "",
        page.read_text(encoding="utf-8"),
        flags=re.S,
    )


@every_page
def test_every_command_exists_with_its_options(page: Path) -> None:
    for name, *words in commands(told(page)):
        if name.startswith("-"):
            continue
        assert name in COMMANDS, f"nomiddle {name}"
        known = {opt for param in COMMANDS[name].params for opt in param.opts} | {"--help"}
        for word in words:
            if word.startswith("--"):
                assert word.split("=")[0] in known, f"nomiddle {name} {word}"


@every_page
def test_every_option_named_alone_belongs_to_some_command(page: Path) -> None:
    known = {opt for c in COMMANDS.values() for p in c.params for opt in p.opts}
    known |= {"--help", "--version"}
    for shown in code(told(page)):
        if re.match(r"--\w", shown):
            assert shown.split()[0] in known, shown


@every_page
def test_every_make_target_exists(page: Path) -> None:
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for shown in code(told(page)):
        if found := re.match(r"make ([a-z-]+)", shown):
            assert found[1] in targets, shown


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        where = page.parent / path if path else page
        assert where.exists() or where.name in WRITTEN, target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", where.read_text(), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, target


def slug(heading: str) -> str:
    """Return the anchor that code hosts give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@every_page
def test_every_file_that_is_named_exists(page: Path) -> None:
    for shown in code(told(page)):
        if shown.startswith(ROOTS) and " " not in shown and not INVENTED.search(shown):
            assert (PROJECT / shown).exists(), shown


def test_the_walk_through_the_example_shows_the_example() -> None:
    """Comments aside, docs/adding-a-stack.md has its request/reply line for line."""
    shown = (PROJECT / "docs" / "adding-a-stack.md").read_text()
    program = (PROJECT / "examples/nng/minimal/request_reply.py").read_text()
    functions = program[program.index("def serve") :]
    lines = [ln for ln in functions.splitlines() if ln and not ln.lstrip().startswith("#")]
    assert "\n".join(f"    {line}" for line in lines) in shown.replace(
        "\n\n    def", "\n    def"
    )


def test_every_document_is_linked_from_the_first_page() -> None:
    readme = (PROJECT / "README.md").read_text()
    for page in (PROJECT / "docs").glob("*.md"):
        assert f"(docs/{page.name}" in readme, page.name


def test_the_checks_of_documents_find_commands_files_and_links() -> None:
    """The tests above read what they are meant to."""
    text = (
        "See `nomiddle check x --levels`, or\n\n    .venv/bin/nomiddle run --out d  # so\n"
    )
    assert list(commands(text)) == [["run", "--out", "d"], ["check", "x", "--levels"]]
    assert sum(len(list(commands(told(page)))) for page in PAGES) > 30
