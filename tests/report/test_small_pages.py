"""Pages are small, and lose nothing by it: styles, ids, code and numbers."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.report.charts.export import compact
from bench.report.pages import datatables, page, side_by_side
from bench.report.pages.explore import COLUMNS, ID, NUMBERS, packed

SVG = (
    '<svg width="9" height="9" viewBox="0 0 9 9"><defs><path id="a" d="M 0 1 L 2.345 1 z" '
    'style="fill: none"/></defs><use href="#a" style="fill: #ffffff"/>'
    '<g clip-path="url(#a)"><text style="fill: none" transform="rotate(-0 1 2)">x</text>'
    '<text transform="rotate(-90 1 2)">y</text></g></svg>'
)


def test_each_style_of_a_chart_is_a_class_with_the_same_rule() -> None:
    styles = re.findall(r'style="([^"]*)"', SVG)
    made, sheet = page.styled({"one": page.inline(SVG, "one", "One")})
    rules = dict(re.findall(r"^\.(\w+) \{ (.*) \}$", sheet, re.MULTILINE))
    assert [rules[name] for name in re.findall(r'class="(\w+)"', made["one"])] == styles
    assert "style=" not in made["one"]


def test_a_style_has_one_class_in_all_pages_so_that_they_can_be_joined() -> None:
    one, other = (page.styled({n: page.inline(SVG, n, n)})[1] for n in ("one", "other"))
    assert one == other


def test_figures_of_a_page_have_ids_of_their_own_that_their_parts_refer_to() -> None:
    seen: set[str] = set()
    for name in ("one", "other"):
        made = page.inline(SVG, name, name)
        (known,) = re.findall(r'id="([^"]+)"', made)
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', made)) == {known}
        assert known not in seen
        seen.add(known)


def test_a_chart_keeps_its_turned_texts_and_its_paths() -> None:
    made = compact(SVG)
    assert 'd="M0 1L2.35 1z"' in made.replace("2.34", "2.35")
    assert re.findall(r'transform="([^"]+)"', made) == ["rotate(-90 1 2)"]


def test_code_beside_other_code_is_whole_and_plain_words_have_no_mark() -> None:
    for cell in find_cells([IMPLEMENTATIONS]):
        text = cell.path.read_text()
        made = side_by_side._highlighted(cell.path.name, text)
        assert unescape(re.sub(r"<[^>]+>", "", made)) == text.strip("\n"), cell.id
        assert 'class="n"' not in made
        assert 'class="w"' not in made
        assert 'class="k' in made


names = st.text("ab.", max_size=4)
lines = st.fixed_dictionaries(
    {name: st.floats() if name in NUMBERS else names for name in COLUMNS}
)


@given(st.lists(lines))
def test_packed_rows_can_be_unpacked(found: list[dict[str, Any]]) -> None:
    rows = [[line[name] for name in COLUMNS] for line in found]
    columns = packed(rows)
    for number, row in enumerate(rows):
        for column, name, value in zip(columns, COLUMNS, row, strict=True):
            values = column["values"]
            if name in NUMBERS:
                assert values[number] is value
            elif name == ID:
                assert ".".join(values[part] for part in column["rows"][number]) == value
            else:
                assert values[column["rows"][number]] == value


def test_the_table_s_script_is_in_a_page_and_names_its_licences() -> None:
    script = datatables.script()
    assert "</script" not in script
    assert not re.search(r"^export", script, re.MULTILINE)
    assert "window.DataTable = " in script
    assert "datatables.net/license/mit" in script
