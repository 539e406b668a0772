"""Read facts of the kernel from files below /proc and /sys.

The root is a parameter, so that tests can read an invented machine.
"""

from __future__ import annotations

import platform
from pathlib import Path

ROOT = Path("/")
CPUINFO = "proc/cpuinfo"


def text(root: Path, path: str) -> str:
    """Return a file's words in one line, or an empty string if it cannot be read."""
    try:
        return " ".join((root / path).read_text(encoding="utf-8").split())
    except OSError:
        return ""


def first_value(path: str, key: str, root: Path = ROOT) -> str:
    """Return what the first line that begins with a key has behind its colon, or ''."""
    try:
        lines = (root / path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((ln.split(":", 1)[1].strip() for ln in lines if ln.startswith(key)), "")


FAMILY = " (family "
"""Between the name of a CPU and its numbers."""


def cpu_name(root: Path = ROOT) -> str:
    """Return the name of this machine's CPU, or on ARM the name of its board.

    Virtual machines of several generations name theirs alike: the numbers of family and
    model follow the name where there are any. If neither has a name, it is the architecture
    with the numbers of implementer and part.
    """
    name = first_value(CPUINFO, "model name", root) or first_value(CPUINFO, "Model", root)
    family = first_value(CPUINFO, "cpu family", root)
    model = first_value(CPUINFO, "model\t", root)
    if name and family and model:
        return f"{name}{FAMILY}{family}, model {model})"
    board = text(root, "sys/firmware/devicetree/base/model").rstrip("\0")
    if found := name or board or platform.processor():
        return found
    numbers = [
        f"{key.removeprefix('CPU ')} {number}"
        for key in ("CPU implementer", "CPU part")
        if (number := first_value(CPUINFO, key, root))
    ]
    architecture = platform.machine() or "unknown CPU"
    return f"{architecture} ({', '.join(numbers)})" if numbers else architecture
