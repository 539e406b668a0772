"""Citations in texts: each is found, and each that is no longer true is named."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.contract.alike import pairs
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, PROJECT
from bench.contract.rows import CaseRow, case_row
from bench.errors import UsageError
from bench.report import ratio, words
from bench.report.numbers import citation
from bench.report.numbers.citation import FORMATS, cite, mark, moved_on, spelled
from bench.report.numbers.citation_check import agrees, check, citations
from bench.report.pages import declared
from bench.report.talk_claims.retired import retired, why_retired
from bench.run.manifest import case_table
from bench.run.plan import plan
from bench.run.profiles import PROFILES

NUMBERS = PROJECT / "reports" / "numbers.json"
NUMBERED = sorted(FORMATS.keys() - {"url"})
"""The formats with a number in them."""
RUN = "2026-01-02-host-abc123"
RATIO = {
    "id": "pipeline.throughput.64B.tcp.2_workers.shared.zmq.minimal.python", "run": RUN,
    "value": 0.203829, "ci_low": 0.197261, "ci_high": 0.209246, "confidence": 0.95,
    "unit": "ratio of times", "kind": "claim", "blocks": 10, "versions": "Python 3.0.0",
    "verdict": "faster", "labels": ["ZeroMQ (minimal)", "HTTP (buffered)"],
}  # fmt: skip
TIME = {**RATIO, "id": "a.time", "value": 3690.0, "unit": "us"}
SIZE = {**RATIO, "id": "a.size", "value": 252784, "unit": "bytes", "blocks": 0}
HANG = {**RATIO, "id": "a.hang", "value": None, "unit": "s"}
ENTRIES = [RATIO, TIME, SIZE, HANG]
MARK = mark(RATIO)
RETIRED = (
    "pipeline.throughput.64B.tcp.2_workers.split.zmq.minimal.python.vs.http.minimal.python"
)


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "text.md"
    file.write_text(text)
    return check([file], ENTRIES).wrong


@pytest.mark.parametrize(
    "text",
    [
        f"It takes 0.204 [{MARK}] of the time.",
        f"It takes [0.204]({MARK}) of the time.",
        f"It takes **0.20** times <!-- {MARK} --> as long as 17 others.",
        f"<p>64 B: <b>0.204</b><!-- {MARK} --></p>",
        f"64 B take \\nomiddle{{0.204}}{{{MARK}}} times",
        f"64 B take 0.204% {MARK}\n times",
        f"0.204 (0.197 to 0.209) [{MARK}]",
        f"0.204 times (95.1 % interval 0.197 to 0.209; 10 blocks) [{MARK}]",
        f"20.4 % [{MARK}]",
        f"as in Table 3: 0.204\n[{MARK}]",
        f"<h2>0.204</h2><!-- {MARK} -->",
        MARK.replace("_", "\\_").join(["0.204 [", "]"]),
        f"3.69 ms [{mark(TIME)}], 3,690 us [{mark(TIME)}], 0.00369 s [{mark(TIME)}]",
        f"252,784 [{mark(SIZE)}] or 253,000 [{mark(SIZE)}] bytes",
        f"never [{mark(HANG)}]",
        "write nomiddle:ID@RUN behind a number",
    ],
)
def test_a_true_citation_passes_in_any_text(text: str, tmp_path: Path) -> None:
    assert problems(tmp_path, text) == []
    expected = text.replace("\\_", "_").count("nomiddle:") - text.count("nomiddle:ID")
    assert len(list(citations(text, tmp_path))) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"0.21 [{MARK}]", "says 0.21, the data has 0.204"),
        (f"0.205 [{MARK}]", "says 0.205"),
        (f"0.204 (0.190 to 0.209) [{MARK}]", "says 0.190, the data has 0.197"),
        (f"0.204 (0.197 to 0.22) [{MARK}]", "says 0.22, the data has 0.209"),
        (f"21 % [{MARK}]", "says 21 %"),
        (f"3,695 us [{mark(TIME)}]", "says 3,695 us"),
        (f"3.69 s [{mark(TIME)}]", "says 3.69 s, the data has 3,690 us"),
        (f"300,000 [{mark(SIZE)}]", "says 300,000"),
        (f"9 s [{mark(HANG)}]", "the data has never"),
        (f"never [{MARK}]", "says never"),
        (f"[{MARK}]", "no number before it: the data has 0.204"),
        (f"0.204 [{MARK.split('@')[0]}]", f"names no run: write {MARK}"),
        (f"0.204 [{MARK.split('@')[0]}@2025-01-01-x-y]", "from the run 2025-01-01-x-y"),
        (f"0.204 [{MARK.replace('tcp', 'tpc')}]", "did you mean"),
    ],
)
def test_a_false_citation_is_named_with_its_line(
    text: str, said: str, tmp_path: Path
) -> None:
    (problem,) = problems(tmp_path, f"\nfirst line\n{text}\n")
    assert problem.startswith(f"{tmp_path}/text.md:3: ")
    assert said in problem


def test_a_number_belongs_to_its_own_mark_only(tmp_path: Path) -> None:
    both = f"0.204 [{MARK}] [{mark(TIME)}]"
    (problem,) = problems(tmp_path, both)
    assert "a.time: no number before it" in problem


@given(st.floats(1e-4, 1e7, allow_nan=False, allow_infinity=False))
def test_a_number_rounded_as_in_the_report_agrees(value: float) -> None:
    assert agrees(words.number(value), value)


@given(st.floats(0.001, 999), st.floats(1.02, 3))
def test_a_number_that_has_changed_does_not_agree(value: float, factor: float) -> None:
    assert not agrees(words.number(value), value * factor)


@pytest.mark.parametrize("form", NUMBERED)
def test_a_printed_citation_passes_cite_check(form: str, tmp_path: Path) -> None:
    entries = json.loads(NUMBERS.read_text())
    some = [*entries[:40], *entries[40::23]]
    texts = [FORMATS[form](entry) for entry in some]
    file = tmp_path / "all.txt"
    file.write_text("\n\n".join(texts))
    checked = check([file], entries)
    assert checked.wrong == []
    assert checked.citations == len(some)


def test_every_format_of_a_citation_has_its_case_interval_and_run() -> None:
    entry = json.loads(NUMBERS.read_text())[0]
    for form in NUMBERED:
        said = cite(entry["id"], NUMBERS, form).replace("\\_", "_").replace("\\%", "%")
        for escaped in ("\\textmu{}", "\\u00b5"):  # in LaTeX and in JSON
            said = said.replace(escaped, "\N{MICRO SIGN}")
        for key in ("case", "machine", "versions", "date", "run", "sentence"):
            plain = re.sub(
                r"\\nomiddle\{([^{}]*)\}\{[^{}]*\}|\[([^][]*)\]\([^()]*\)", r"\1\2", said
            )
            assert str(entry[key]) in (said if key == "run" else plain), (form, key)
    low, high = ratio.of_winner(entry).interval.strip(" ()").split(ratio.TO)
    assert f"({low}{ratio.TO}{high})" in cite(entry["id"], NUMBERS, "bibtex")


def test_a_citation_expires_with_the_versions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now = {"Python": "3.11.7", "pyzmq": "28.0.0", "libzmq": "4.3.5"}
    monkeypatch.setattr(citation, "installed", now.get)
    entry = {**RATIO, "versions": "Python 3.11.7, pyzmq 27.3.0, libzmq 4.3.5, libfoo 1"}
    assert moved_on(entry) == ["pyzmq 27.3.0 then, 28.0.0 now"]
    file = tmp_path / "text.md"
    file.write_text(f"0.204 [{MARK}]")
    checked = check([file], [entry])
    assert checked.wrong == []
    assert "pyzmq 27.3.0 then, 28.0.0 now" in checked.expired[0]


def test_a_file_that_is_no_text_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"\x89PNG\xff")
    for name in ("x.png", "absent.md"):
        with pytest.raises(UsageError, match=name):
            check([tmp_path / name], ENTRIES)


def run_cite(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", "cite", *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_fails_where_a_citation_is_stale(tmp_path: Path) -> None:
    numbers, good, bad = (tmp_path / n for n in ("numbers.json", "good.txt", "bad.tex"))
    here = {**RATIO, "versions": f"Python {sys.version.split()[0]}"}
    numbers.write_text(json.dumps([here, TIME]))
    good.write_text(f"0.204 [{MARK}]")
    bad.write_text(f"0.204 [{MARK}]\n\\nomiddle{{0.3}}{{{MARK}}}")
    passed = run_cite("--check", "--numbers", str(numbers), str(good))
    assert (passed.returncode, passed.stderr) == (0, "")
    assert "1 citation in 1 file: 0 wrong" in passed.stdout
    failed = run_cite("--check", "--numbers", str(numbers), str(good), str(bad))
    assert failed.returncode == 1
    assert f"{bad}:2: {RATIO['id']}: says 0.3, the data has 0.204" in failed.stderr


def test_a_text_without_citations_is_named(tmp_path: Path) -> None:
    numbers, text = tmp_path / "numbers.json", tmp_path / "text.md"
    numbers.write_text(json.dumps([RATIO]))
    text.write_text("0.204 [nomidle:typo]")
    ended = run_cite("--check", "--numbers", str(numbers), str(text))
    assert ended.returncode == 0
    assert f"{text}: has no citation" in ended.stderr


def test_zero_is_no_rounding_of_another_number(tmp_path: Path) -> None:
    text = tmp_path / "text.md"
    for said, wrong in (("0", 1), ("0.2", 0), ("0.20", 0), ("0.3", 1)):
        text.write_text(f"{said} [{MARK}]")
        assert len(check([text], ENTRIES).wrong) == wrong, said


def test_expired_citations_are_a_warning_or_an_error(tmp_path: Path) -> None:
    numbers, text = tmp_path / "numbers.json", tmp_path / "text.md"
    numbers.write_text(json.dumps([RATIO]))
    text.write_text(f"{spelled(RATIO)} [{MARK}]")
    asked = ("--check", "--numbers", str(numbers), str(text))
    lenient, strict = run_cite(*asked), run_cite("--expire", *asked)
    assert (lenient.returncode, strict.returncode) == (0, 1)
    for ended in (lenient, strict):
        assert "Python 3.0.0 then, 3." in ended.stderr


def test_every_citation_in_the_project_s_own_texts_is_true() -> None:
    texts = [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]
    checked = check(texts, json.loads(NUMBERS.read_text()))
    assert checked.wrong == []
    assert checked.citations > 0


def cited_page(folder: Path, numbers: Path) -> Path:
    """Return the page of comparisons from numbers, with their ids in its hidden list."""
    page = folder / declared.FILE
    declared.update(page, numbers)
    return page


def test_comparisons_are_not_rendered_when_a_cited_number_is_gone(
    tmp_path: Path,
) -> None:
    entries = json.loads(NUMBERS.read_text())
    path = tmp_path / "numbers.json"
    path.write_text(json.dumps(entries))
    kept = cited_page(tmp_path, path)
    rendered = kept.read_text()
    names = [name for name in declared.cited(entries) if not why_retired(name)]
    assert len(names) > 40
    for gone in names[::9]:
        path.write_text(json.dumps([e for e in entries if e["id"] != gone]))
        with pytest.raises(UsageError, match=re.escape(gone)):
            declared.update(kept, path)
        assert kept.read_text() == rendered
    path.write_text(json.dumps(entries))
    declared.update(kept, path)
    assert kept.read_text() == rendered


def test_a_retired_number_may_go_and_its_citation_is_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    entries = json.loads(NUMBERS.read_text())
    path, text = tmp_path / "numbers.json", tmp_path / "text.md"
    path.write_text(json.dumps(entries))
    kept = cited_page(tmp_path, path)
    path.write_text(json.dumps([e for e in entries if e["id"] != RETIRED]))
    kept.write_text(
        kept.read_text().replace(declared.CITES, f"{declared.CITES}\n{RETIRED}")
    )
    declared.update(kept, path)
    assert RETIRED not in kept.read_text()
    text.write_text(f"0.0853 [nomiddle:{RETIRED}@{entries[0]['run']}]")
    known = [entry for entry in entries if entry["id"] != RETIRED]
    assert "retired: ZeroMQ's program batches" in check([text], known).wrong[0]


def test_a_number_that_is_still_compared_is_not_retired() -> None:
    """A pattern that fits too much would let a number vanish unnoticed."""
    cases: dict[str, list[CaseRow]] = {}
    cells = find_cells([IMPLEMENTATIONS])
    for planned in plan(PROFILES["standard"], cells):
        case = planned.case
        if not (case.copy or case.fault):
            cases.setdefault(case.name, []).append(case_row(case_table(planned)))
    compared = [
        f"{name}.{a.key}.vs.{b.key}"
        for name, rows in cases.items()
        for _, a, b in pairs([row for row in rows if row.language == "python"])
    ]
    assert len(compared) > 50
    assert [name for name in compared if why_retired(name)] == []
    assert all(retired().values())


def test_a_number_without_versions_never_expires() -> None:
    assert moved_on({"versions": ""}) == []


# --- Strict ---------------------------------------------------------------------------


def strictly(tmp_path: Path, text: str, name: str = "text.md") -> list[str]:
    file = tmp_path / name
    file.write_text(text)
    return check([file], ENTRIES, strict=True).wrong


@pytest.mark.parametrize(
    "number", ["3 ms", "2.4x", "11 %", "3,690 us", "0.59 s", "19 statements", "7 MiB"]
)
def test_a_number_with_a_unit_needs_a_mark(number: str, tmp_path: Path) -> None:
    (problem,) = strictly(tmp_path, f"Title\n\nIt took {number} in all.")
    assert problem.startswith(f"{tmp_path}/text.md:3: {number} has no mark")
    assert problems(tmp_path, f"It took {number} in all.") == []


@pytest.mark.parametrize(
    "text",
    [
        f"3.69 ms [{mark(TIME)}] and 3,690 us (3,690 to 3,690) [{mark({**TIME})}]",
        "A deadline of 3 s. <!-- nomiddle:given 3 s; 95 % -->",
        "Run `sleep 3 s`, or\n\n    wait 3 s\n\nfor 64 B in F6.",
        "<p>{{ cite('3 s') }}{% if 3 %}</p><style>a { width: 3 % }</style>",
        "<!-- numbers:begin -->It took 3 s.<!-- numbers:end -->",
    ],
)
def test_settings_and_code_and_rendered_numbers_need_no_mark(
    text: str, tmp_path: Path
) -> None:
    assert [said for said in strictly(tmp_path, text) if "no mark" in said] == []


def test_a_number_typed_into_a_slide_fails_the_strict_check(tmp_path: Path) -> None:
    slides = (PROJECT / "talk" / "slides.html").read_text()
    assert strictly(tmp_path, slides, "slides.html") == []
    typed = slides.replace("<h2>", "<h2>In 12 ms: ", 1)
    (problem,) = strictly(tmp_path, typed, "slides.html")
    line = slides.count("\n", 0, slides.index("<h2>")) + 1
    assert f"slides.html:{line}: 12 ms has no mark" in problem


def test_the_project_s_texts_have_no_number_without_a_mark() -> None:
    texts = [
        PROJECT / "README.md",
        PROJECT / "talk" / "slides.html",
        *(PROJECT / "docs").glob("*.md"),
    ]
    known = json.loads(NUMBERS.read_text())
    assert [p for p in check(texts, known, strict=True).wrong if "no mark" in p] == []
