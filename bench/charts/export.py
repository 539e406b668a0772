"""Charts as files: SVG and PNG, light and dark, and CSV of what they show.

The same data gives the same bytes. Text in SVG files is drawn as paths, so that a slide
looks the same everywhere; in the SVGs for the page it stays text, which is small, can be
searched, and is found by a reader's own fonts.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from multiprocessing import get_all_start_methods, get_context
from os import cpu_count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from bench.archive import write_whole
from bench.charts import dark, outcomes, style
from bench.charts.style import Chart

DARK = "-dark"
"""What the name of a dark file ends with."""
PALETTE_MAX = 256
WORKERS = 2
ENDINGS = ("svg", "png", "csv")
LINE_BREAKS = re.compile(r"\s*\n\s*")
LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
_drawn: Sequence[Chart] = ()


def svg(figure: Figure, *, text: bool = False) -> str:
    """Return a figure as SVG without metadata, in as few bytes as it needs.

    With ``text`` words stay text instead of becoming paths.
    """
    out = io.StringIO()
    with rc_context({**style.RC, "svg.fonttype": "none" if text else "path"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    made = out.getvalue()
    made = re.sub(r"<!DOCTYPE.*?>|<metadata>.*?</metadata>", "", made, flags=re.DOTALL)
    made = LONG_NUMBER.sub(_shorter, made)
    return LINE_BREAKS.sub(lambda match: " " if _inside(made, match) else "\n", made)


def _shorter(match: re.Match[str]) -> str:
    """Return a coordinate to a hundredth of a point; what is small is a scale, and kept."""
    value = float(match[0])
    return f"{value:.2f}" if value >= 10 else match[0]


def _inside(made: str, match: re.Match[str]) -> bool:
    """Whether a line is broken inside a tag, whose parts must stay apart."""
    return made[match.start() - 1] != ">"


def indexed(figure: Figure) -> Image.Image:
    """Return a figure as pixels with a palette: its most frequent colours, exactly."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    with rc_context(style.RC):
        canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    full = Image.fromarray(pixels).convert("RGB")
    found: Any = full.getcolors(full.width * full.height)
    palette = Image.new("P", (1, 1))
    frequent = sorted(found, reverse=True)[:PALETTE_MAX]
    palette.putpalette([part for _, rgb in frequent for part in rgb])
    return full.quantize(palette=palette, dither=Image.Dither.NONE)


def darkened(image: Image.Image) -> Image.Image:
    """Return pixels with a palette as their dark twin: the same ones, mirrored colours."""
    parts = image.getpalette() or []
    made = image.copy()
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    made.putpalette([part for rgb in triples for part in dark.mirrored_rgb(rgb)])
    return made


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(style.DPI, style.DPI))
    return out.getvalue()


def _plain(value: Any) -> Any:
    """Return what a table's cell says of itself, where it is a list of what happened."""
    return outcomes.counted({"against": value}) if isinstance(value, list) else value


def csv(table: pd.DataFrame) -> str:
    """Return what a chart shows, a row per line, numbers with six digits."""
    plain = table.map(_plain)
    return str(plain.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def write(chart: Chart, folder: Path) -> str:
    """Write a chart's files into a folder; return its SVG for the page."""
    paths, image = svg(chart.figure), indexed(chart.figure)
    light, shade = folder / chart.name, folder / f"{chart.name}{DARK}"
    write_whole(light.with_suffix(".svg"), paths)
    write_whole(shade.with_suffix(".svg"), dark.darkened(paths))
    light.with_suffix(".png").write_bytes(png(image))
    shade.with_suffix(".png").write_bytes(png(darkened(image)))
    write_whole(light.with_suffix(".csv"), csv(chart.table))
    return svg(chart.figure, text=True)


def _write_one(number: int, folder: Path) -> str:
    return write(_drawn[number], folder)


def export(drawn: Sequence[Chart], folder: Path) -> Mapping[str, str]:
    """Write every chart's files, remove those of before; return the page's SVGs by name.

    Figures are drawn by several processes where the system can share them by forking.
    """
    global _drawn  # noqa: PLW0603 - inherited by the processes that draw
    folder.mkdir(parents=True, exist_ok=True)
    names = {chart.name for chart in drawn}
    for old in (path for ending in ENDINGS for path in folder.glob(f"*.{ending}")):
        if old.stem.removesuffix(DARK) not in names:
            old.unlink()
    _drawn = drawn
    work = [(number, folder) for number in range(len(drawn))]
    if "fork" in get_all_start_methods() and len(work) > 1 and (cpu_count() or 1) > 1:
        with get_context("fork").Pool(WORKERS) as pool:
            made = pool.starmap(_write_one, work, chunksize=1)
    else:
        made = [_write_one(*one) for one in work]
    _drawn = ()
    return {chart.name: text for chart, text in zip(drawn, made, strict=True)}
