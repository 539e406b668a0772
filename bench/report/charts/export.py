"""Charts as files: SVG, and when asked for PNG, both in dark colours, and CSV.

The same data gives the same bytes. Text in SVG files is drawn as paths, so that a slide
looks the same everywhere. The SVGs for the page keep it as text, which is small, can be
searched, and uses the reader's fonts.
"""

from __future__ import annotations

import io
import signal
from collections.abc import Mapping, Sequence
from itertools import product
from multiprocessing import get_all_start_methods, get_context
from os import cpu_count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from bench.report.charts import dark, outcomes, style
from bench.report.charts.compact import compact
from bench.report.charts.style import Chart
from bench.run.archive import write_whole
from bench.run.interrupts import STOPPING

DARK = "-dark"
"""The end of a dark file's name."""
PALETTE_MAX = 256
FLAT_PIXELS = 3
"""A square of so many equal pixels is drawn in that colour: no edge mixes one."""
WORKERS = 2
ENDINGS = (".svg", ".png", ".csv")
SHOWN = (".svg",)
"""The files of a chart that a page, README or a slide of the talk shows, by their ends."""
FURTHER = (f"{DARK}.svg", ".png", f"{DARK}.png", ".csv")
"""The files of a chart that are made only when asked for."""
Pixels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
_drawn: Sequence[Chart] = ()


def svg(figure: Figure, *, text: bool = False) -> str:
    """Return a figure as SVG without metadata, in as few bytes as it needs.

    With ``text`` words stay text instead of becoming paths.
    """
    out = io.StringIO()
    with rc_context({**style.RC, "svg.fonttype": "none" if text else "path"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return compact(out.getvalue())


def indexed(figure: Figure) -> Image.Image:
    """Return a figure as pixels with a palette: what is drawn flat keeps its colour."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    with rc_context(style.RC):
        canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
    palette, indices = reduced(pixels)
    image = Image.fromarray(indices, "P")
    image.putpalette(palette.tobytes())
    return image


def reduced(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """Return at most ``PALETTE_MAX`` colours for pixels, and the index of each pixel's.

    ``pixels`` are 8-bit RGB of shape (height, width, 3). Flat colours, see ``flat``, are
    all in the palette; where those are more than fit, the most frequent of them. The rest
    are mixtures at edges. Each becomes the nearest colour of the palette. The palette keeps
    the largest distance small: a rare colour counts like the others, since a thin bar in a
    stack's colour has few pixels.
    """
    colors, numbers = numbered(pixels)
    counts = np.bincount(numbers.ravel(), minlength=len(colors))
    solid = np.zeros(len(colors), dtype=bool)
    solid[numbers[flat(numbers)]] = True
    order = np.lexsort((np.arange(len(colors)), -counts, ~solid))
    chosen = order[: int(solid.sum())][:PALETTE_MAX]
    apart = 0
    while len(more := _spread(colors, order, chosen, apart)) > PALETTE_MAX:
        apart += 1
    palette = colors[more]
    nearest = np.argmin(_distances(colors, palette), axis=1)
    return palette.astype(np.uint8), nearest.astype(np.uint8)[numbers]


def numbered(pixels: Pixels) -> tuple[Numbers, Numbers]:
    """Return the colours of an image, sorted, and for each pixel which of them it has.

    The table of all colours there could be costs less than sorting a million pixels.
    """
    red, green, blue = (pixels[..., part].astype(np.int64) for part in range(3))
    packed = red << 16 | green << 8 | blue
    seen = np.zeros(1 << 24, dtype=bool)
    seen[packed] = True
    keys = np.flatnonzero(seen)
    places = np.empty(seen.size, dtype=np.int64)  # but for those of the keys never touched
    places[keys] = np.arange(len(keys))
    colors = np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=1)
    return colors, places[packed]


def flat(numbers: Numbers) -> npt.NDArray[np.bool_]:
    """Return which pixels are the first corner of a square of one colour."""
    height, width = (side - FLAT_PIXELS + 1 for side in numbers.shape)
    same: npt.NDArray[np.bool_] = np.zeros(numbers.shape, dtype=bool)
    same[:height, :width] = True
    for row, column in product(range(FLAT_PIXELS), repeat=2):
        part = numbers[row : row + height, column : column + width]
        same[:height, :width] &= part == numbers[:height, :width]
    return same


def _spread(colors: Numbers, order: Numbers, chosen: Numbers, apart: int) -> list[int]:
    """Return the chosen colours, and of the others in order those so far from all.

    They are as many as fit into a palette, or else one more.
    """
    close = _distances(colors, colors[chosen]) <= apart**2
    near: npt.NDArray[np.bool_] = np.any(close, axis=1)
    kept: list[int] = chosen.tolist()
    for number in order[len(chosen) :].tolist():
        if not near[number]:
            kept.append(number)
            if len(kept) > PALETTE_MAX:
                break
            near |= _distances(colors, colors[number : number + 1])[:, 0] <= apart**2
    return kept


def _distances(colors: Numbers, others: Numbers) -> Numbers:
    """Return the squared distance in RGB of each colour from each of the others."""
    squares: Numbers = np.square(colors[:, None] - others[None]).sum(axis=2)
    return squares


def darkened(image: Image.Image) -> Image.Image:
    """Return the dark variant of pixels with a palette: the same pixels, mirrored
    colours.
    """
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
    """Return the text of a table's field that is a list of events."""
    return outcomes.counted(value) if isinstance(value, list) else value


def csv(table: pd.DataFrame) -> str:
    """Return a chart's data, a row per line, numbers with six digits."""
    plain = table.map(_plain)
    return str(plain.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def write(chart: Chart, folder: Path, *, all_files: bool = False) -> str:
    """Write a chart's files into a folder, as ``export``; return its SVG for the page."""
    if chart.page_only:
        return svg(chart.figure, text=True)
    paths = svg(chart.figure)
    write_whole(folder / f"{chart.name}.svg", paths)
    if all_files:
        image = indexed(chart.figure)
        write_whole(folder / f"{chart.name}{DARK}.svg", dark.darkened(paths))
        (folder / f"{chart.name}.png").write_bytes(png(image))
        (folder / f"{chart.name}{DARK}.png").write_bytes(png(darkened(image)))
        write_whole(folder / f"{chart.name}.csv", csv(chart.table))
    return svg(chart.figure, text=True)


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
