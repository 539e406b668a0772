"""The report's page in a real browser, from a file: what a reader can do, and see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import synthetic
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from bench.report import build

CHROMIUM = shutil.which("chromium")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SERIOUS = {"serious", "critical"}
PAGE_BYTES_MAX = 8_000_000
PHONE = {"width": 360, "height": 740}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs a browser: apt-get install chromium"
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    return build([synthetic.make(folder / "run")], folder / "report")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as started:
        made = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield made
        made.close()


class Visit:
    """A page that was opened, what it asked for, and what it complained of."""

    def __init__(self, browser: Browser, url: str, **how: Any) -> None:
        self.context = browser.new_context(**how)
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type == "error" else None
            ),
        )
        self.page.goto(url)


@pytest.fixture
def visit(browser: Browser, report: Path) -> Iterator[Any]:
    opened: list[Visit] = []

    def go(fragment: str = "", **how: Any) -> Visit:
        opened.append(Visit(browser, report.as_uri() + fragment, **how))
        return opened[-1]

    yield go
    for each in opened:
        each.context.close()


def rows(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.eval_on_selector_all(
        "#explore tbody tr", "all => all.map(r => [...r.cells].map(c => c.textContent))"
    )
    return found


def test_the_page_works_alone_and_has_every_section_that_it_links(visit: Any) -> None:
    seen = visit()
    page = seen.page
    assert seen.requests == [page.url], "something was asked for beside the file"
    assert not seen.complaints
    targets = page.eval_on_selector_all("nav a", "all => all.map(a => a.hash)")
    assert len(targets) > 10
    for target in targets:
        assert page.locator(target).count() == 1, target
        assert page.locator(f"{target} h2").inner_text()


def test_filters_leave_what_was_asked_for_and_the_address_brings_it_back(
    visit: Any,
) -> None:
    first = visit().page
    for name, value in (
        ("workload", "Pipeline"),
        ("what", "throughput"),
        ("stack", "ZeroMQ"),
    ):
        first.select_option(f"select[name={name}]", value)
    found = rows(first)
    assert found
    assert all(row[0] == "Pipeline" and row[2] == "ZeroMQ" for row in found)
    again = visit(first.url[first.url.index("#") :]).page
    assert rows(again) == found
    assert again.locator("select[name=stack]").input_value() == "ZeroMQ"


def test_columns_sort_both_ways_and_the_best_of_a_case_is_marked(visit: Any) -> None:
    page = visit().page
    page.click("#explore-reset")
    page.select_option("select[name=what]", "size statements")
    page.select_option("select[name=workload]", "Request/reply")
    page.click("#explore th[data-name=value] button")
    values = [int(row[11].split()[0].replace(",", "")) for row in rows(page)]
    assert len(values) > 2
    assert values == sorted(values)
    page.click("#explore th[data-name=value] button")
    assert next(row[11] for row in rows(page)).startswith(f"{max(values):,}")
    sorted_by = page.locator("#explore th[data-name=value]").get_attribute("aria-sort")
    assert sorted_by == "descending"
    best = page.locator("#explore td.best")
    assert best.first.inner_text() == "1"


def test_an_address_that_somebody_mistyped_shows_everything_else(visit: Any) -> None:
    seen = visit("#explore?workload=Nonsense&stack=ZeroMQ&sort=nothing")
    assert {row[2] for row in rows(seen.page)} == {"ZeroMQ"}
    assert not seen.complaints


def test_the_reader_chooses_light_or_dark(visit: Any) -> None:
    page = visit(color_scheme="light").page

    def background() -> str:
        said: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return said

    light = background()
    page.click("#theme")
    assert background() == light
    page.click("#theme")
    assert background() != light
    assert page.locator("#theme").inner_text() == "Colours: dark"


def test_charts_are_dark_where_the_page_is(visit: Any) -> None:
    """Paper, ink and the stacks' colours; a dark page with a bright chart blinds."""
    paper = "getComputedStyle(document.querySelector('figure svg path')).fill"
    lights = {}
    for scheme in ("light", "dark"):
        said = visit(color_scheme=scheme).page.evaluate(paper)
        lights[scheme] = sum(int(part) for part in said[4:-1].split(","))
    assert lights == {"light": 3 * 255, "dark": 3 * 23}


def test_paper_is_light_whatever_the_screen_is(visit: Any) -> None:
    page = visit(color_scheme="dark").page
    page.emulate_media(media="print")
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(26, 26, 27)"
    assert not page.locator("#explore").is_visible()


def test_answers_lead_to_what_they_rest_on(visit: Any) -> None:
    page = visit().page
    links = page.locator("#answer dl a")
    assert links.count() > 3
    for link in links.all():
        assert page.locator(link.get_attribute("href") or "none").count() == 1


def test_a_phone_scrolls_tables_and_not_the_page(visit: Any) -> None:
    page = visit(viewport=PHONE).page
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_anybody_out(visit: Any, scheme: str) -> None:
    page = visit(color_scheme=scheme).page
    found = Axe().run(page).response["violations"]
    said = [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in found
        if one["impact"] in SERIOUS
    ]
    assert not said


def test_the_page_is_small_enough_to_send(report: Path) -> None:
    assert report.stat().st_size < PAGE_BYTES_MAX
