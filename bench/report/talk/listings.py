"""Programs on slides: a cell's own file, highlighted, with its path."""

from __future__ import annotations

from html import escape
from pathlib import Path

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename

from bench.contract.model import IMPLEMENTATIONS
from bench.errors import UsageError

STYLE = "xcode"
LINES_MAX = 44
"""More lines than this are not readable from the back of a room, however small."""
ROOM = 500
FORMATTER = HtmlFormatter(style=STYLE, nowrap=True)


def css() -> str:
    """Return the colours of the tokens."""
    return str(FORMATTER.get_style_defs(".listing"))


def code_of(path: Path, between: tuple[str, str] | None) -> str:
    """Return a file's text, or its lines from one that begins so to before another.

    Raises UsageError where the file or the lines are not there, or are too many to show.
    """
    try:
        lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    except OSError as error:
        raise UsageError(
            f"the talk shows {path} ({error.strerror}); correct the slide"
        ) from error
    if between:
        first, last = between
        starts = [i for i, line in enumerate(lines) if line.startswith(first)]
        if not starts:
            raise UsageError(
                f"the talk shows {path} from {first!r}, and no line starts so; correct the "
                "slide"
            )
        lines = lines[starts[0] :]
        ends = [i for i, line in enumerate(lines) if i and last and line.startswith(last)]
        lines = lines[: ends[0]] if ends else lines
    if len(lines) > LINES_MAX:
        raise UsageError(
            f"{path}: {len(lines)} lines on a slide, {LINES_MAX} at most; show a part of it"
        )
    return "\n".join(lines).strip("\n")


def listing(name: str, between: tuple[str, str] | None = None, room: int = ROOM) -> Markup:
    """Return a file below ``implementations/`` as HTML, or lines of it as ``code_of``.

    The style sheet makes it as large as its width and ``room``, pixels in height, allow.
    """
    code = code_of(IMPLEMENTATIONS / name, between)
    tokens = highlight(code, get_lexer_for_filename(name), FORMATTER).rstrip("\n")
    lines = code.splitlines()
    fits = f"--room: {room}px; --lines: {len(lines)}; --chars: {max(map(len, lines))}"
    return Markup(  # noqa: S704 - pygments escapes the code
        f'<figure class="code" style="{fits}"><pre class="listing" tabindex="0"><code>'
        f"{tokens}</code></pre><figcaption>implementations/{escape(name)}</figcaption>"
        "</figure>"
    )
