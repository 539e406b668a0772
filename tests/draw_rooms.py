"""Draws the rooms of bench/ into ARCHITECTURE.md, from what their modules import.

.venv/bin/python tests/draw_rooms.py
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import grimp

PAGE = Path(__file__).resolve().parents[1] / "ARCHITECTURE.md"
DRAWN = re.compile(
    r"(?<=<!-- drawn by tests/draw_rooms.py -->\n)```mermaid\n.*?```\n", re.S
)
Rooms = Mapping[str, set[str]]


def graph() -> grimp.ImportGraph:
    return grimp.build_graph("bench", exclude_type_checking_imports=True, cache_dir=None)


def rooms_imported(modules: grimp.ImportGraph) -> dict[str, set[str]]:
    """Return the rooms that each room imports."""
    found: dict[str, set[str]] = {}
    for module in modules.modules:
        _, *names = module.split(".")
        if names and names[0] != "__main__":
            room = found.setdefault(names[0], set())
            for other in modules.find_modules_directly_imported_by(module):
                room |= {*other.split(".")[1:2]} - {names[0]}
    return found


def nearest(rooms: Rooms, room: str) -> set[str]:
    """Return the rooms that a room imports, without those that another of them imports."""
    return {
        one
        for one in rooms[room]
        if not any(one in below(rooms, other) for other in rooms[room] - {one})
    }


def below(rooms: Rooms, room: str) -> set[str]:
    """Return the rooms that a room imports, directly or through others."""
    return rooms[room].union(*(below(rooms, other) for other in rooms[room]))


def picture(rooms: Rooms) -> str:
    """Return the rooms as a flow chart: an arrow leads to the room that imports another."""
    arrows = sorted((one, room) for room in rooms for one in nearest(rooms, room))
    lines = [f"    {one} --> {room}" for one, room in arrows]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```", ""])


def drawn() -> str:
    """Return the page with the picture as it has to be."""
    made = picture(rooms_imported(graph()))
    return DRAWN.sub(lambda _: made, PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(drawn(), encoding="utf-8")
