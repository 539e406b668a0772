"""SVGs of charts: fewer bytes, drawn alike."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rc_context
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from bench.report.charts import style
from bench.report.charts.compact import POINTS, compact, path
from bench.report.charts.style import Look

CHROMIUM = shutil.which("chromium")
LOOK = Look({}, {}, {}, "host vm")
DIGITS = 1
TOKEN = re.compile(r"[a-zA-Z]|-?\d*\.?\d+")

numbers = st.floats(-2000, 2000, allow_nan=False)
commands = st.sampled_from("LQCz").flatmap(
    lambda letter: st.tuples(
        st.just(letter),
        st.lists(numbers, min_size=2 * POINTS[letter], max_size=2 * POINTS[letter]),
    )
)
starts = st.tuples(st.just("M"), st.lists(numbers, min_size=2, max_size=2))
outlines = st.lists(
    st.tuples(starts, st.lists(commands, max_size=6)), min_size=1, max_size=3
).map(lambda parts: [one for first, more in parts for one in (first, *more)])


def drawn(commands: str) -> list[tuple[str, list[float]]]:
    """Return the commands of a path with the points that they lead to, as SVG has it."""
    tokens = TOKEN.findall(commands)
    found: list[tuple[str, list[float]]] = []
    at = start = (0.0, 0.0)
    letter = ""
    while tokens:
        if tokens[0].isalpha():
            letter = tokens.pop(0)
        name = {"h": "L", "v": "L"}.get(letter, letter.upper())
        points: list[float] = []
        origin = at
        for _ in range(POINTS.get(name, POINTS.get(name.lower(), 0))):
            across = 0.0 if letter == "v" else float(tokens.pop(0))
            down = 0.0 if letter == "h" else float(tokens.pop(0))
            at = (origin[0] + across, origin[1] + down)
            points += at
        at = start if letter == "z" else at
        start = at if letter == "m" else start
        found.append(("z" if letter == "z" else name, points))
    return found


@given(outlines)
def test_a_path_leads_through_the_same_points(parts: list[tuple[str, list[float]]]) -> None:
    """But for rounding, which does not add up, and for lines of no length."""
    written = " ".join(
        f"{letter} {' '.join(map(str, values))} " for letter, values in parts
    )
    made = drawn(path(written, 1.0, DIGITS))
    unit = 10**DIGITS
    expected = [
        (letter, [round(v * unit) / unit for v in values]) for letter, values in parts
    ]
    for given_here in (made, expected):
        for number in range(len(given_here) - 1, 0, -1):
            (letter, points), (before, ends) = given_here[number], given_here[number - 1]
            if letter == before == "L" and np.allclose(points, ends, atol=1e-6):
                del given_here[number]
    assert [letter for letter, _ in made] == [letter for letter, _ in expected]
    for (_, found), (_, wanted) in zip(made, expected, strict=True):
        assert found == pytest.approx(wanted, abs=1e-6)


def chart() -> str:
    """Return matplotlib's SVG of words, a halo, marks, hatches and a clipped line."""
    figure = style.blank(
        "ZeroMQ answers 11.6x faster", "Lower is better", "case: 64 B", LOOK
    )
    (axes,) = style.panels(figure, 1)
    across = np.linspace(0, 7, 300)
    axes.plot(across, np.sin(across), marker="D", markevery=30, linestyle="--", linewidth=3)
    axes.bar([1, 2, 3], [0.5, 0.25, 1], hatch="//", color="#0072b2", width=0.35)
    axes.text(4, 0.5, "a label (µs)", path_effects=[style.HALO], fontsize=style.SMALL_PT)
    axes.set_ylabel("turned by 90 degrees")
    out = StringIO()
    with rc_context(style.RC):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def test_a_chart_takes_less_than_half_and_refers_to_its_own_definitions() -> None:
    before = chart()
    made = compact(before)
    assert len(made) < len(before) / 2
    ids = re.findall(r'\bid="([^"]+)"', made)
    referred = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', made))
    assert {a or b for a, b in referred} == set(ids)
    assert len(ids) == len(set(ids))
    assert made == compact(before)


@pytest.fixture
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("needs a browser: apt-get install chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(
            viewport={"width": 1536, "height": 864}, device_scale_factor=2
        )
        browser.close()


@pytest.mark.thorough
def test_a_chart_looks_the_same(page: Page, tmp_path: Path) -> None:
    """On a screen of 3072 pixels: no pixel in another colour, and edges where they were."""

    def pixels(svg: str, name: str) -> np.ndarray:
        (tmp_path / name).write_text(svg, encoding="utf-8")
        page.goto((tmp_path / name).as_uri())
        return np.asarray(Image.open(BytesIO(page.screenshot())).convert("L"), dtype=int)

    before = chart()
    apart = np.abs(pixels(before, "before.svg") - pixels(compact(before), "after.svg"))
    assert apart.mean() < 0.2
    assert (apart > 128).mean() < 1e-5
