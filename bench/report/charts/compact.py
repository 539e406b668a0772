"""An SVG of matplotlib in fewer bytes, drawn alike.

matplotlib names each group, transforms each letter and writes six digits of a coordinate.
Here a coordinate has a tenth of a point, a letter's outline a thousandth of its size, and
what is defined once and drawn several times a hundredth of a point. Paths go from point to
point instead of from the corner of the figure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from xml.etree import ElementTree as ET

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
GROUP, DEFS, PATH, USE, TEXT, STYLE, METADATA = (
    f"{{{SVG}}}{name}" for name in ("g", "defs", "path", "use", "text", "style", "metadata")
)
HREF = f"{{{XLINK}}}href"
LETTER = "scale(0.015625)"
"""How matplotlib scales a letter's outline to a hundredth of its size."""
THOUSANDTH = "scale(0.1)"
POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3, "z": 0}
"""How many points follow a command of a path."""
LINES = ("l", "h", "v")
REPEATED = (*LINES, "q", "c")
"""Commands whose letter may be left out where the last one had it too."""
LENGTHS = ("x", "y", "width", "height")
LONG = 200
"""Characters of an outline that is worth a definition."""
ALIKE = 5
"""Digits of a factor: a line of text a thousand points long ends where it did."""
NUMBER = re.compile(r"-?\d+\.\d+")
MOVED = re.compile(r"translate\((\S+) (\S+)\)")
UNTURNED = re.compile(r"rotate\(-?0 [^)]*\)")
URL = re.compile(r"url\(#([^)]+)\)")
ET.register_namespace("", SVG)
ET.register_namespace("xlink", XLINK)


def compact(svg: str) -> str:
    """Return an SVG that is drawn alike, without comments, metadata and names of groups."""
    root = ET.fromstring(svg)  # noqa: S314 - our own figure
    blank = {f"#{found.get('id')}" for found in root.iter(PATH) if _is_blank(found)}
    _prune(root, blank)
    _share(root)
    _rename(root)
    _flatten(root)
    _shorten(root, defined=False)
    return ET.tostring(root, encoding="unicode").replace(" />", "/>")


def _is_blank(element: ET.Element) -> bool:
    """Whether this is an outline without a point, as that of a space."""
    return element.tag == PATH and not element.get("d", "").strip()


def _prune(parent: ET.Element, blank: set[str]) -> None:
    """Remove what draws nothing: metadata, and spaces."""
    for child in list(parent):
        if child.tag == METADATA or _is_blank(child) or child.get(HREF) in blank:
            parent.remove(child)
        else:
            _prune(child, blank)


def _share(root: ET.Element) -> None:
    """Define an outline once that is drawn twice: letters with a halo are no letters."""
    drawn = Counter(element.get("d") for element in root.iter(PATH))
    shared: dict[str, ET.Element] = {}
    for element in list(root.iter(PATH)):
        outline = str(element.get("d"))
        if drawn[outline] < 2 or len(outline) < LONG or element.get("id"):
            continue
        if outline not in shared:
            about = {"id": f"shared_{len(shared)}", "d": outline}
            shared[outline] = ET.Element(PATH, about)
        element.tag = USE
        element.set(HREF, f"#{shared[outline].get('id')}")
        del element.attrib["d"]
    if shared:
        definitions = ET.Element(DEFS)
        definitions.extend(shared.values())
        root.append(definitions)


def _rename(root: ET.Element) -> None:
    """Give short ids to what is referred to, and none to anything else."""
    referred = {name for element in root.iter() for name in _references(element)}
    numbers = count()
    names = {
        str(element.get("id")): f"i{next(numbers)}"
        for element in root.iter()
        if element.get("id") in referred
    }
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                del element.attrib["id"]
                if value in names:
                    element.set("id", names[value])
            elif key == HREF:
                element.set(HREF, f"#{names[value.removeprefix('#')]}")
            else:
                element.set(key, URL.sub(lambda match: f"url(#{names[match[1]]})", value))


def _references(element: ET.Element) -> Iterator[str]:
    for key, value in element.attrib.items():
        if key == HREF:
            yield value.removeprefix("#")
        yield from URL.findall(value)


def _flatten(parent: ET.Element) -> None:
    """Replace groups that say nothing of their parts by these."""
    kept: list[ET.Element] = []
    for child in parent:
        _flatten(child)
        if child.tag == GROUP and not child.attrib:
            kept.extend(child)
        elif child.tag not in (GROUP, DEFS) or len(child):
            kept.append(child)
    parent[:] = kept


def _shorten(element: ET.Element, *, defined: bool) -> None:
    """Write numbers with the digits that are seen, and an element on a line."""
    defined = defined or element.tag == DEFS
    _shorten_place(element)
    if element.tag == PATH:
        letter = element.get("transform") == LETTER
        factor, digits = (0.15625, 0) if letter else (1.0, 2 if defined else 1)
        if letter:
            element.set("transform", THOUSANDTH)
        element.set("d", path(str(element.get("d")), factor, digits))
    if element.tag not in (TEXT, STYLE):
        element.text = None
        for child in element:
            _shorten(child, defined=defined)
    element.tail = "\n"


def _shorten_place(element: ET.Element) -> None:
    """Shorten where an element is; a letter or a mark needs no transformation for that."""
    transform = UNTURNED.sub("", element.attrib.pop("transform", "")).strip()
    moved = MOVED.fullmatch(transform)
    if element.tag == USE and moved and element.get("x") is None:
        element.set("x", moved[1])
        if float(moved[2]):
            element.set("y", moved[2])
    elif transform:
        element.set("transform", NUMBER.sub(_shortened, transform))
    for name in LENGTHS:
        if name in element.attrib:
            element.set(name, NUMBER.sub(_shortened, element.attrib[name]))


def _shortened(match: re.Match[str]) -> str:
    value = float(match[0])
    return _plain(value, 1) if abs(value) >= 10 else f"{value:.{ALIKE}g}"


def _plain(value: float, digits: int) -> str:
    """Return a number without needless zeros: "-.5", "12", "3.4"."""
    made = f"{value:.{digits}f}"
    if digits:
        made = made.rstrip("0").rstrip(".")
    made = made.replace("0.", ".", 1) if made.lstrip("-").startswith("0.") else made
    return "0" if made == "-0" else made


def path(commands: str, factor: float, digits: int) -> str:
    """Return a path of the same points, times a factor, rounded to so many digits.

    Points are rounded before their differences are taken, so that no error adds up. A line
    to the point where it is, is left out.
    """
    made, before = "", ""
    unit = 10**digits
    at = start = (0, 0)
    words = iter(commands.split())
    for command in words:
        points = [
            tuple(round(float(next(words)) * factor * unit) for _ in range(2))
            for _ in range(POINTS[command])
        ]
        steps = [(x - at[0], y - at[1]) for x, y in points]
        letter, numbers = command.lower(), [part for step in steps for part in step]
        if command == "L" and before in LINES and not any(numbers):
            continue
        if command == "L" and not numbers[1]:
            letter, numbers = "h", numbers[:1]
        elif command == "L" and not numbers[0]:
            letter, numbers = "v", numbers[1:]
        said = [_plain(number / unit, digits) for number in numbers]
        again = letter == before and letter in REPEATED
        made += "" if again else letter
        for number, word in enumerate(said):
            apart = (again or number) and not word.startswith("-")
            made += f" {word}" if apart else word
        before = letter
        at = start if command == "z" else points[-1]
        start = at if command == "M" else start
    return made
