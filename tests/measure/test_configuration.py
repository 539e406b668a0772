"""Configuration counts as code: a directive as a statement, a word as a token."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure.code.configuration import configuration, directives

NGINX = """
# a comment; with a { brace
events {}
http {
    proxy_set_header Connection "";  # else { not }
    upstream back { server 1.2.3.4:5; keepalive 8; }
}
"""
APACHE = """
Listen ${FRONT}  # a variable
<Proxy balancer://servers>
    Include members.conf
</Proxy>
"""
HAPROXY = """
defaults
    mode tcp  # layer four
    option redispatch

frontend front
    bind "$FRONT"
"""


@pytest.mark.parametrize(
    ("name", "text", "size"),
    [
        ("nginx.conf", NGINX, (6, 11)),
        ("haproxy.cfg", HAPROXY, (5, 9)),
        ("httpd.conf", APACHE, (3, 6)),
        ("nginx.conf", "", (0, 0)),
    ],
)
def test_directives_and_their_words_are_counted(
    name: str, text: str, size: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "program.py").write_text("pass", encoding="utf-8")
    found = configuration(tmp_path)
    assert found[:2] == size
    assert (found.gzip_bytes > 0) == (size[0] > 0)


words = st.from_regex(r"[a-z_0-9./:$]{1,9}", fullmatch=True)


@given(st.lists(st.lists(words, min_size=1, max_size=5), max_size=9), st.booleans())
def test_layout_and_comments_change_no_count(lines: list[list[str]], crowded: bool) -> None:
    gap, end = (" ", ";") if crowded else ("\n\t", " ; # done\n\n")
    text = end.join(gap.join(line) for line in [*lines, []])
    assert [*directives(text, "nginx.conf")] == lines


def test_layout_and_comments_change_no_compressed_byte(tmp_path: Path) -> None:
    found = []
    for number, text in enumerate((NGINX, NGINX.replace("# else", "# or else").strip())):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        found.append(configuration(folder))
    assert found[0] == found[1]
