"""The report's page in a real browser, from a file: what a reader can do, and see."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from once import once, run_made_once
from playwright.sync_api import Browser, Page, sync_playwright

from bench.report.build import build

CHROMIUM = shutil.which("chromium")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SERIOUS = {"serious", "critical"}
PAGE_BYTES_MAX = 8_000_000
PHONE = {"width": 360, "height": 740}

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs a browser: apt-get install chromium"
    ),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = run_made_once(tmp_path_factory, "page run")
    folder = once(tmp_path_factory, "page report", lambda out: build([run], out))
    return folder / "index.html"


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
    page.wait_for_selector("#explore-chart[data-drawn]")
    assert seen.requests == [page.url], "something was asked for beside the file"
    assert not seen.complaints
    targets = page.eval_on_selector_all("nav a", "all => all.map(a => a.hash)")
    assert len(targets) > 10
    for target in targets:
        assert page.locator(target).count() == 1, target
        assert page.locator(f"{target} h2").inner_text()


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


def test_a_mistyped_address_shows_everything_else(visit: Any) -> None:
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


def test_charts_are_dark_on_a_dark_page(visit: Any) -> None:
    """Paper, ink and the stacks' colours; a dark page with a bright chart blinds."""
    paper = "getComputedStyle(document.querySelector('figure svg path')).fill"
    lights = {}
    for scheme in ("light", "dark"):
        said = visit(color_scheme=scheme).page.evaluate(paper)
        lights[scheme] = sum(int(part) for part in said[4:-1].split(","))
    assert lights == {"light": 3 * 255, "dark": 3 * 23}


def test_paper_is_light_even_if_the_screen_is_dark(visit: Any) -> None:
    page = visit(color_scheme="dark").page
    page.emulate_media(media="print")
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(26, 26, 27)"
    assert not page.locator("#explore").is_visible()


def test_answers_link_to_the_numbers_behind_them(visit: Any) -> None:
    page = visit().page
    links = page.locator("#answer dl a")
    assert links.count() > 3
    for link in links.all():
        assert page.locator(link.get_attribute("href") or "none").count() == 1


def test_a_phone_scrolls_tables_and_not_the_page(visit: Any) -> None:
    page = visit(viewport=PHONE).page
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= PHONE["width"]


def serious(page: Page) -> list[str]:
    """Return what axe finds that keeps somebody out."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_no_serious_problem_of_accessibility(visit: Any, scheme: str) -> None:
    page = visit(color_scheme=scheme).page
    assert not serious(page)


DRAWN = "#explore-chart[data-drawn]"
MARKS = "#explore-chart .mark-symbol path"


def rows_shown(page: Page, section: str) -> list[str]:
    """Return the workloads of the rows that a section shows, also of folded tables."""
    found: list[str] = page.eval_on_selector_all(
        f"#{section} tr[data-workload]:not([hidden])",
        "all => all.map(row => row.dataset.workload)",
    )
    return found


def test_a_filter_hides_rows_and_charts_and_counts_them(
    visit: Any,
) -> None:
    page = visit().page
    status = page.locator("#filter-status")
    before = status.inner_text()
    every = rows_shown(page, "cost")
    assert len(set(every)) > 1
    page.select_option("select[name=workload]", "Fan-out")
    assert rows_shown(page, "cost") == ["Fan-out"] * every.count("Fan-out")
    assert page.locator("#figure-cost_fan_out").is_visible()
    assert not page.locator("#figure-cost_pipeline").is_visible()
    left, all_ = status.inner_text().split(": ")[1].split(" rows")[0].split(" of ")
    hidden = page.locator("main tr[data-stack][hidden]").count()
    assert int(all_) - int(left) == hidden > 0
    assert f"{len(every) - every.count('Fan-out')} of {len(every)} rows" in (
        page.locator("#cost h2 + .emptied").inner_text()
    )
    page.click("#filter-reset")
    assert status.inner_text() == before
    assert rows_shown(page, "cost") == every


def test_an_empty_section_shows_that_it_is_filtered_and_general_sections_stay(
    visit: Any,
) -> None:
    page = visit("#?workload=Fan-out&stack=BSD+sockets&variant=aiohttp_client").page
    for section in page.locator("main > section").all():
        assert section.locator("h2").is_visible()
        if section.locator("tr[data-stack]").count():
            assert section.locator("h2 + .emptied").is_visible()
    assert page.locator("#conformance table").is_hidden()
    note = page.locator("#conformance .scroll + .emptied")
    assert note.is_visible()
    assert note.inner_text().startswith("The filter hides all")
    assert page.locator("#machine table").first.is_visible()
    assert page.locator("#explore-status").inner_text().startswith("0 of")


def test_a_comparison_stays_for_either_of_its_stacks(visit: Any) -> None:
    page = visit("#comparisons?stack=ZeroMQ").page
    stacks = page.eval_on_selector_all(
        "#comparisons tr[data-stack]:not([hidden])",
        "all => all.map(row => row.dataset.stack)",
    )
    assert any("|" in stack for stack in stacks)
    assert all("ZeroMQ" in stack.split("|") for stack in stacks)


def test_a_link_to_a_section_keeps_the_view_and_the_address_restores_both(
    visit: Any,
) -> None:
    first = visit().page
    first.select_option("select[name=workload]", "Pipeline")
    first.click("nav a[href='#throughput']")
    first.wait_for_url(re.compile(r"#throughput\?"))
    address = first.url[first.url.index("#") :]
    assert address == "#throughput?workload=Pipeline&what=latency"
    again = visit(address).page
    assert set(rows_shown(again, "cost")) == {"Pipeline"}
    assert (
        again.locator("#throughput h2").bounding_box()["y"]
        >= again.locator("#filter").bounding_box()["height"] - 1
    ), "the bar stands before what the link leads to"
    again.click("#filter-reset")
    assert again.url.endswith("#throughput")


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


def test_the_interactive_chart_is_dark_on_a_dark_page(visit: Any) -> None:
    fills = []
    for scheme in ("light", "dark"):
        page = visit("#explore?what=size+statements", color_scheme=scheme).page
        page.wait_for_selector(DRAWN)
        numbers = "getComputedStyle(document.querySelector('#explore-chart text')).fill"
        fills.append(page.evaluate(numbers))
    assert len(set(fills)) == 2


def test_every_control_works_with_the_keyboard(visit: Any) -> None:
    page = visit().page
    page.focus("#filter summary")
    page.keyboard.press("Enter")
    assert page.locator("select[name=workload]").is_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Pipe")
    assert set(rows_shown(page, "cost")) == {"Pipeline"}
    page.focus("#explore-reset")
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement.contains(document.getElementById('explore-chart'))"
    )


def test_a_phone_has_the_filters_folded_and_the_chart_within_it(visit: Any) -> None:
    page = visit("#explore?what=throughput", viewport=PHONE).page
    page.wait_for_selector(DRAWN)
    assert page.locator("select[name=workload]").is_hidden()
    page.click("#filter summary")
    assert page.locator("select[name=workload]").is_visible()
    chart = page.locator("#explore-chart svg").bounding_box()
    assert chart is not None
    assert chart["x"] >= 0
    assert chart["x"] + chart["width"] <= PHONE["width"]


def test_a_printed_page_names_its_filters(visit: Any) -> None:
    page = visit("#?workload=Fan-out").page
    page.emulate_media(media="print")
    assert page.locator("#filter-status").is_visible()
    assert page.locator("select[name=workload]").is_hidden()
    page.emulate_media(media="screen")
    page.click("#filter-reset")
    page.emulate_media(media="print")
    assert page.locator("#filter-status").is_hidden()


@pytest.mark.parametrize("name", ["claims.html", "side_by_side/request_reply.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_beside_the_report_look_alike_and_are_accessible(
    browser: Browser, report: Path, name: str, scheme: str
) -> None:
    seen = Visit(browser, (report.parent / name).as_uri(), color_scheme=scheme)
    assert seen.requests == [seen.page.url]
    assert not serious(seen.page)
    assert not seen.complaints
    seen.page.click("#theme")
    assert seen.page.locator("#theme").inner_text() == "Colours: light"
    light = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light == "rgb(246, 246, 247)"
    seen.context.close()


def test_the_page_is_small_enough_to_send(report: Path) -> None:
    assert report.stat().st_size < PAGE_BYTES_MAX
