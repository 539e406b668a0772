"""The report's pages in a real browser, from files: what a reader can do, and see."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import pytest
from axe_playwright_python.sync_playwright import Axe
from once import once, run_made_once
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from bench.report.build import build
from bench.report.numbers.citation import load_numbers
from bench.report.pages import site
from bench.report.pages.explore import FILTERS

CHROMIUM = shutil.which("chromium")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
INDEX = "index.html"
SERIOUS = {"serious", "critical"}
EXPLORER = "explore.html"
PAGES = [INDEX, *(page.file for page in site.PAGES)]
STORY_PX = 8 * 800
"""Eight screens."""
PHONE = {"width": 360, "height": 740}

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs a browser: apt-get install chromium"
    ),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = run_made_once(tmp_path_factory, "run with faults", keep=lambda _: True)
    folder = once(tmp_path_factory, "report with faults", lambda out: build([run], out))
    return folder


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

    def go(fragment: str = "", page: str = EXPLORER, **how: Any) -> Visit:
        opened.append(Visit(browser, (report / page).as_uri() + fragment, **how))
        return opened[-1]

    yield go
    for each in opened:
        each.context.close()


def rows(page: Page) -> list[dict[str, str]]:
    """Return what the explorer's table shows, by column, with the whole id of each row."""
    found: list[dict[str, str]] = page.evaluate(
        """() => {
          const texts = (all) => [...all].map((one) => one.textContent);
          const names = texts(document.querySelectorAll("#explore thead .dt-column-title"));
          return [...document.querySelectorAll("#explore tbody tr[title]")].map((row) => ({
            ...Object.fromEntries(texts(row.cells).map((text, at) => [names[at], text])),
            id: row.title,
          }));
        }"""
    )
    return found


def head(page: Page, name: str) -> Locator:
    """Return the heading of a column of the explorer's table."""
    titles = page.locator(".dt-column-title", has_text=re.compile(f"^{name}$"))
    return page.locator("#explore thead th", has=titles)


def value_of(row: dict[str, str]) -> float:
    return float(row["value"].split()[0].replace(",", ""))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_works_alone_and_names_its_subject(visit: Any, name: str) -> None:
    seen = visit(page=name)
    page = seen.page
    if name == EXPLORER:
        page.wait_for_selector(DRAWN)
    assert seen.requests == [page.url.split("#")[0]], (
        "something was asked for beside the file"
    )
    assert not seen.complaints
    assert page.locator("h1").count() == 1
    assert page.locator("header nav [aria-current=page]").count() == 1


def test_the_story_begins_with_a_chart_and_ends_after_eight_screens(visit: Any) -> None:
    page = visit(page=INDEX, viewport={"width": 1280, "height": 800}).page
    first = page.locator("figure").first.bounding_box()
    assert first is not None
    assert first["y"] + first["height"] < 800
    assert page.evaluate("document.documentElement.scrollHeight") <= STORY_PX


def test_an_address_of_the_page_that_had_everything_leads_to_its_new_place(
    visit: Any,
) -> None:
    page = visit("#failures", page=INDEX).page
    page.wait_for_url(re.compile(r"failures\.html#failures$"))
    page = visit("#explore?what=throughput&stack=ZeroMQ", page=INDEX).page
    page.wait_for_url(re.compile(r"explore\.html#explore\?"))
    assert page.locator("select[name=stack]").input_value() == "ZeroMQ"


def test_filters_leave_the_chosen_rows_and_the_address_restores_them(
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
    assert all(row["id"].startswith("pipeline.throughput.") for row in found)
    assert {row["stack"] for row in found} == {"ZeroMQ"}
    again = visit(first.url[first.url.index("#") :]).page
    assert rows(again) == found
    assert again.locator("select[name=stack]").input_value() == "ZeroMQ"


def test_a_text_is_searched_for_and_the_address_restores_it(visit: Any) -> None:
    first = visit("#explore?what=throughput").page
    every = rows(first)
    first.fill("input[type=search]", "http aiohttp")
    first.wait_for_url(re.compile("search=http"))
    found = rows(first)
    assert 0 < len(found) < len(every)
    assert {row["stack"] for row in found} == {"HTTP"}
    assert all(row["variant"].startswith("aiohttp") for row in found)
    assert "(the report has " in first.locator(".dt-info").inner_text()
    assert rows(visit(first.url[first.url.index("#") :]).page) == found


def test_columns_sort_both_ways_and_the_best_of_a_case_is_marked(visit: Any) -> None:
    page = visit().page
    page.click("#explore-reset")
    page.select_option("select[name=what]", "size statements")
    page.select_option("select[name=workload]", "Request/reply")
    assert page.locator("#explore td.best").first.inner_text() == "1"
    times = [float(row["times the best"]) for row in rows(page)]
    assert times == sorted(times)
    head(page, "value").click()
    expect(head(page, "value")).to_have_attribute("aria-sort", "ascending")
    values = [value_of(row) for row in rows(page)]
    assert len(values) > 2
    assert values == sorted(values)
    head(page, "value").click()
    expect(head(page, "value")).to_have_attribute("aria-sort", "descending")
    assert [value_of(row) for row in rows(page)] == sorted(values, reverse=True)
    again = visit(page.url[page.url.index("#") :]).page
    assert [value_of(row) for row in rows(again)] == sorted(values, reverse=True)


def test_the_best_is_among_the_rows_that_are_shown(visit: Any) -> None:
    page = visit("#explore?what=size+statements&stack=BSD+sockets&language=Python").page
    assert {row["stack"] for row in rows(page)} == {"BSD sockets"}
    assert rows(page)[0]["times the best"] == "1"


def test_a_mistyped_address_shows_everything_else(visit: Any) -> None:
    seen = visit("#explore?workload=Nonsense&stack=ZeroMQ&sort=nothing")
    assert {row["stack"] for row in rows(seen.page)} == {"ZeroMQ"}
    assert not seen.complaints


def test_the_rows_that_are_left_are_exported_with_whole_numbers(
    visit: Any, report: Path
) -> None:
    seen = visit("#explore?what=throughput&stack=ZeroMQ")
    page = seen.page
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as CSV").click()
    made = list(
        csv.DictReader(Path(saved.value.path()).read_text("utf-8-sig").splitlines())
    )
    assert [row["id"] for row in made] == [row["id"] for row in rows(page)]
    numbers = {entry["id"]: entry for entry in load_numbers(report / "numbers.json")}
    for row in made:
        entry = numbers[row["id"]]
        assert float(row["value"]) == entry["value"]
        assert (float(row["low"]), float(row["high"])) == (
            entry["ci_low"],
            entry["ci_high"],
        )
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save for Excel").click()
    assert saved.value.suggested_filename == "nomiddle-numbers.xlsx"
    assert is_zipfile(saved.value.path())
    assert not seen.complaints
    assert {url.split(":")[0] for url in seen.requests} <= {"file", "blob"}


def test_a_row_links_to_itself_and_to_its_citation(visit: Any) -> None:
    page = visit("#explore?what=throughput").page
    wanted = rows(page)[1]
    page.get_by_role("link", name=f"cite {wanted['id']}", exact=True).click()
    page.wait_for_url(re.compile("explore.id="))
    assert [row["id"] for row in rows(page)] == [wanted["id"]]
    assert f"nomiddle cite {wanted['id']}" in page.locator("#explore-cited").inner_text()
    page.select_option("select[name=what]", "throughput")
    assert page.locator("#explore-cited").is_hidden()


def test_more_rows_than_a_page_has_are_one_click_away(visit: Any) -> None:
    page = visit().page
    page.click("#explore-reset")
    first = rows(page)
    assert len(first) == 100
    page.get_by_role("link", name="Next").or_(
        page.get_by_role("button", name="Next")
    ).click()
    assert {row["id"] for row in rows(page)}.isdisjoint(row["id"] for row in first)
    page.locator(".dt-length select").select_option("-1")
    assert len(rows(page)) > 200


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


def test_charts_are_dark_on_a_dark_page(visit: Any) -> None:
    """Paper, ink and the stacks' colours; a dark page with a bright chart blinds."""
    lights = {}
    for scheme in ("light", "dark"):
        page = visit(page=INDEX, color_scheme=scheme).page
        shot = page.locator("figure .wide svg").first.screenshot()
        lights[scheme] = Image.open(BytesIO(shot)).convert("L").getpixel((5, 5))
    assert lights["light"] == 255
    assert 20 <= lights["dark"] <= 26


def test_paper_is_light_even_if_the_screen_is_dark(visit: Any) -> None:
    page = visit(page=INDEX, color_scheme="dark").page
    page.emulate_media(media="print")
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(26, 26, 27)"
    assert not page.locator("nav").first.is_visible()


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_scrolls_tables_and_not_the_page(visit: Any, name: str) -> None:
    page = visit(page=name, viewport=PHONE).page
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= PHONE["width"]


def test_a_phone_has_the_first_chart_in_its_width(visit: Any) -> None:
    page = visit(page=INDEX, viewport=PHONE).page
    assert page.locator("#figure-hero .narrow").is_visible()
    assert not page.locator("#figure-hero .wide").is_visible()


def serious(page: Page) -> list[str]:
    """Return what axe finds that keeps a reader out."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("name", [*PAGES, "side_by_side/request_reply.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_no_serious_problem_of_accessibility(
    visit: Any, name: str, scheme: str
) -> None:
    page = visit(page=name, color_scheme=scheme).page
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    assert not serious(page)


DRAWN = "#explore-chart[data-drawn]"
MARKS = "#explore-chart .mark-symbol path"


def test_the_chart_has_a_mark_for_each_row_that_the_filters_leave(visit: Any) -> None:
    seen = visit("#explore?what=throughput")
    page = seen.page
    page.wait_for_selector(DRAWN)
    assert page.locator(MARKS).count() == len(rows(page)) > 2
    page.select_option("select[name=stack]", "ZeroMQ")
    kept = len(rows(page))
    page.wait_for_selector(f"#explore-chart[data-drawn='{kept}']")
    assert page.locator(MARKS).count() == kept
    assert len({mark.get_attribute("fill") for mark in page.locator(MARKS).all()}) == 1
    label = page.locator("#explore-chart").get_attribute("aria-label") or ""
    assert label.startswith(f"Chart of throughput, messages/s: {kept} number")
    assert "ZeroMQ (" in label
    page.locator(MARKS).first.hover()
    assert "ZeroMQ (" in page.locator("#vg-tooltip-element").inner_text()
    page.select_option("select[name=what]", "*")
    assert page.locator("#explore-chart").is_hidden()
    assert "Choose" in page.locator("#explore-drawn").inner_text()
    assert not seen.complaints


def test_paper_has_the_explorer_s_rows_and_no_buttons(visit: Any) -> None:
    page = visit("#explore?what=throughput", color_scheme="dark").page
    page.wait_for_selector(DRAWN)
    page.emulate_media(media="print")
    assert page.locator("#explore tbody tr").first.is_visible()
    for control in (".dt-buttons", ".dt-search", ".dt-paging"):
        assert not page.locator(control).first.is_visible()


def test_the_interactive_chart_is_dark_on_a_dark_page(visit: Any) -> None:
    fills = []
    for scheme in ("light", "dark"):
        page = visit("#explore?what=size+statements", color_scheme=scheme).page
        page.wait_for_selector(DRAWN)
        numbers = "getComputedStyle(document.querySelector('#explore-chart text')).fill"
        fills.append(page.evaluate(numbers))
    assert len(set(fills)) == 2


def test_the_explorer_works_with_the_keyboard(visit: Any) -> None:
    page = visit().page
    page.click("#explore-reset")
    page.focus("select[name=workload]")
    page.keyboard.type("Pipe")
    assert all(row["id"].startswith("pipeline.") for row in rows(page))
    page.select_option("select[name=what]", "size statements")
    page.focus(f"select[name={FILTERS[-1]}]")
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement.contains(document.getElementById('explore-chart'))"
    )
    head(page, "value").locator("[tabindex='0']").focus()
    page.keyboard.press("Enter")
    values = [value_of(row) for row in rows(page)]
    assert values == sorted(values)
    assert "sort=value" in page.url


def test_a_phone_has_the_explorer_s_chart_within_it(visit: Any) -> None:
    page = visit("#explore?what=throughput", viewport=PHONE).page
    page.wait_for_selector(DRAWN)
    chart = page.locator("#explore-chart svg").bounding_box()
    assert chart is not None
    assert chart["x"] >= 0
    assert chart["x"] + chart["width"] <= PHONE["width"]
