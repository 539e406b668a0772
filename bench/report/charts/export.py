"""Charts as files: SVG, and when asked for PNG and CSV.

The same data gives the same bytes. Text in an SVG stays text, which is small, can be
searched, and uses the reader's fonts. A page and a slide show the same SVG as a file has.
"""

from __future__ import annotations

import io
import re
import signal
from collections.abc import Mapping, Sequence
from multiprocessing import get_all_start_methods, get_context
from os import cpu_count
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from bench.report.charts import outcomes, style
from bench.report.charts.style import Chart
from bench.run.archive import write_whole
from bench.run.interrupts import STOPPING

WORKERS = 2
ENDINGS = (".svg", ".png", ".csv")
SHOWN = (".svg",)
"""The files of a chart that a page, README or a slide of the talk shows, by their ends."""
FURTHER = (".png", ".csv")
"""The files of a chart that are made only when asked for."""
NOT_DRAWN = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.S
)
PLACES = re.compile(r'(?<= )(?:d|x|y|width|height|points|transform|viewBox)="[^"]*"')
DECIMAL = re.compile(r"-?\d+\.\d{2,}")
UNTURNED = re.compile(r' transform="rotate\(-?0(?:\.0*)? [^)]*\)"')
"""The attribute of a text that lies: it is turned by nothing."""
PATH = re.compile(r'(?<= d=")[^"]*')
AROUND_A_LETTER = re.compile(r" ?([A-Za-z]) ?")
ID, REFERENCE = re.compile(r' id="([^"]*)"'), re.compile(r'(?:href="#|url\(#)([^")]+)')
LARGE_FROM = 10.0
FONT = "font-family: 'DejaVu Sans'"
_drawn: Sequence[Chart] = ()


def svg(figure: Figure) -> str:
    """Return a figure as SVG without metadata."""
    out = io.StringIO()
    with rc_context(style.RC):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return compact(out.getvalue())


def compact(svg: str) -> str:
    """Return an SVG that is drawn alike, without comments and names that nothing refers to.

    Coordinates keep the digits that are seen: a tenth of a point, small ones a hundredth.
    """
    text = NOT_DRAWN.sub("", svg)
    known = set(REFERENCE.findall(text))
    text = ID.sub(lambda found: found[0] if found[1] in known else "", text)
    text = PLACES.sub(
        lambda found: DECIMAL.sub(_shortened, " ".join(found[0].split())), text
    )
    text = PATH.sub(
        lambda found: AROUND_A_LETTER.sub(r"\1", found[0]), UNTURNED.sub("", text)
    )
    text = re.sub(r"\n\s*", "\n", text.replace(f"; {FONT}", "")).strip()
    text = re.sub(r"<g>\n(<[^\n]*/>)\n</g>", r"\1", text)
    return text.replace("<svg ", f'<svg style="{FONT}, sans-serif" ', 1) + "\n"


def _shortened(number: re.Match[str]) -> str:
    value = float(number[0])
    return f"{value:.1f}" if abs(value) >= LARGE_FROM else f"{value:.2f}"


def csv(table: pd.DataFrame) -> str:
    """Return a chart's data, a row per line, numbers with six digits, lists as text."""
    plain = table.map(lambda v: outcomes.counted(v) if isinstance(v, list) else v)
    return str(plain.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def write(chart: Chart, folder: Path, *, all_files: bool = False) -> str:
    """Write a chart's files into a folder, as ``export``; return its SVG."""
    drawn = svg(chart.figure)
    if chart.page_only:
        return drawn
    write_whole(folder / f"{chart.name}.svg", drawn)
    if all_files:
        with rc_context(style.RC):
            chart.figure.savefig(folder / f"{chart.name}.png", metadata={"Software": None})
        write_whole(folder / f"{chart.name}.csv", csv(chart.table))
    return drawn


def _end_quietly() -> None:
    """Have the signals that interrupt a run end this process: it has no trial to end."""
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _write_one(number: int, folder: Path, all_files: bool) -> str:
    return write(_drawn[number], folder, all_files=all_files)


def export(
    drawn: Sequence[Chart], folder: Path, *, all_files: bool = False
) -> Mapping[str, str]:
    """Write every chart's files, remove those of before; return the page's SVGs by name.

    The files are those that are ``SHOWN``, with ``all_files`` the ``FURTHER`` too. Figures
    are drawn by several processes where the system can share them by forking.
    """
    global _drawn  # noqa: PLW0603 - inherited by the processes that draw
    folder.mkdir(parents=True, exist_ok=True)
    ends = [*SHOWN, *(FURTHER if all_files else ())]
    kept = {f"{c.name}{end}" for c in drawn if not c.page_only for end in ends}
    for old in list(folder.iterdir()):
        if old.suffix in ENDINGS and old.name not in kept:
            old.unlink()
    _drawn = drawn
    work = [(number, folder, all_files) for number in range(len(drawn))]
    if "fork" in get_all_start_methods() and len(work) > 1 and (cpu_count() or 1) > 1:
        with get_context("fork").Pool(WORKERS, _end_quietly) as pool:
            made = pool.starmap(_write_one, work, chunksize=1)
            pool.close()
            pool.join()
    else:
        made = [_write_one(*one) for one in work]
    _drawn = ()
    return {chart.name: text for chart, text in zip(drawn, made, strict=True)}
