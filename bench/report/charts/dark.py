"""Dark variants of a chart's colours: lightness is mirrored, hue and strength are kept.

One rule serves every colour, so a new stack gets its dark variant without a setting, and
colours that differ in lightness still do. It is made in Oklab, where equal steps look
equal.
"""

from __future__ import annotations

import re
from functools import cache

from bench.report.charts.style import INK, PAPER

DARK_PAPER, DARK_INK = "#171717", "#f1f1f3"
"""The dark paper and ink; all lightness in between is in proportion."""
HEX_COLOR = re.compile(r"#[0-9a-f]{6}\b")
Lab = tuple[float, float, float]
_TO_CONE = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_FROM_LAB = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_FROM_CONE = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
"""Björn Ottosson's matrices: linear sRGB to cones, to Oklab, and back."""


def _times(matrix: tuple[Lab, ...], vector: Lab) -> Lab:
    one, two, three = (
        sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix
    )
    return one, two, three


def _linear(part: int) -> float:
    value = part / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _encoded(value: float) -> float:
    """Return a linear part as sRGB from 0 to 1, beyond it where no screen can show it."""
    if value <= 0.0031308:
        return 12.92 * value
    return float(1.055 * value ** (1 / 2.4) - 0.055)


def oklab(rgb: tuple[int, int, int]) -> Lab:
    red, green, blue = (_linear(part) for part in rgb)
    one, two, three = (part ** (1 / 3) for part in _times(_TO_CONE, (red, green, blue)))
    return _times(_TO_LAB, (one, two, three))


def _srgb(lab: Lab) -> tuple[float, float, float]:
    one, two, three = (part**3 for part in _times(_FROM_LAB, lab))
    red, green, blue = (_encoded(part) for part in _times(_FROM_CONE, (one, two, three)))
    return red, green, blue


def _rgb_of(color: str) -> tuple[int, int, int]:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


@cache
def _ends() -> tuple[float, float, float, float]:
    """Return the lightness of paper and ink, light and dark."""
    paper, ink, dark_paper, dark_ink = (
        oklab(_rgb_of(color))[0] for color in (PAPER, INK, DARK_PAPER, DARK_INK)
    )
    return paper, ink, dark_paper, dark_ink


@cache
def mirrored_rgb(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the dark variant of a colour, each part from 0 to 255.

    A colour that no screen shows at that lightness is made paler until one does.
    """
    paper, ink, dark_paper, dark_ink = _ends()
    light, a, b = oklab(rgb)
    mirrored = dark_paper + (paper - light) * (dark_ink - dark_paper) / (paper - ink)
    for step in range(21):
        keep = 1 - step / 20
        parts = _srgb((min(mirrored, 1.0), keep * a, keep * b))
        if all(-0.002 <= part <= 1.002 for part in parts):
            break
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in parts)
    return red, green, blue


def mirrored(color: str) -> str:
    """Return the dark variant of a colour like "#1f5fa8"."""
    return "#{:02x}{:02x}{:02x}".format(*mirrored_rgb(_rgb_of(color)))


def darkened(svg: str) -> str:
    """Return an SVG with every colour replaced by its dark variant."""
    return HEX_COLOR.sub(lambda match: mirrored(match[0]), svg)
