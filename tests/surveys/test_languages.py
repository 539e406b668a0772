"""The survey of languages: right answers are seen as right, and all others are not."""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from helpers_bench import processes_with
from hypothesis import given
from hypothesis import strategies as st

from bench.cli.main import main
from bench.errors import ResultsError
from bench.report.sections import bindings, claims
from bench.report.talk_claims.judge import Judged, judge, read_claims
from bench.report.talk_claims.rules import DEPENDS, NOT_TESTED, REFUTED, UPHELD
from bench.surveys.languages import packages, survey, tally
from bench.surveys.languages.catalog import (
    HTTP_CLIENT,
    HTTP_SERVER,
    WIDE_USE,
    ZMQ_CLIENT,
    ZMQ_PACKAGE,
    Binding,
    Language,
    PeerProgram,
    read_catalog,
)
from bench.surveys.languages.conversation import (
    DEADLINE_S,
    MESSAGES,
    Heard,
    ask_server,
    compare,
    hear_client,
    http_server,
    reply_to,
    zmq_server,
)
from bench.surveys.languages.peers import PEERS, Peer, PeerError

LANGUAGES, GUIDE = read_catalog()
BINDINGS = [(one, binding) for one in LANGUAGES for binding in one.bindings]
PYTHON = next(one for one in LANGUAGES if one.name == "Python")


def right(answer: tuple[bool | None, str]) -> None:
    """Skip what could not be tried, with what to install; fail on what is wrong."""
    works, reason = answer
    if works is None:
        pytest.skip(reason)
    assert works, reason


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("language", "binding"), BINDINGS, ids=[b.part.what for _, b in BINDINGS]
)
def test_a_binding_talks_to_python(language: Language, binding: Binding) -> None:
    right(survey.try_binding(language, binding))


def in_library(part: str) -> list[Language]:
    return [one for one in LANGUAGES if getattr(one, part).what]


@pytest.mark.parametrize("language", in_library(HTTP_CLIENT), ids=lambda one: one.name)
def test_an_http_client_of_a_standard_library_talks_to_python(language: Language) -> None:
    right(survey.try_http_client(language))


@pytest.mark.thorough
@pytest.mark.parametrize("language", in_library(HTTP_SERVER), ids=lambda one: one.name)
def test_python_talks_to_an_http_server_of_a_standard_library(language: Language) -> None:
    right(survey.try_http_server(language))


# --- Peers that are broken -----------------------------------------------------------

ASK = """
import sys, time, zmq
socket = zmq.Context().socket(zmq.REQ)
socket.connect(sys.argv[1])
for line in sys.stdin:
    request = bytes.fromhex(line)
    {before}
    socket.send(request)
    reply = socket.recv()
    {after}
    print(reply.hex(), flush=True)
"""
REVERSE = """
import http.server, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))[::-1]
        status = 200
        {before}
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
{start}
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def peer_of(folder: Path, text: str, name: str = ZMQ_CLIENT) -> Peer:
    """Return a program in Python as a peer."""
    (folder / PYTHON.folder).mkdir(exist_ok=True)
    (folder / PYTHON.folder / f"{name}.py").write_text(text)
    run = ("{python}", "{source}", "{target}")
    peer = Peer(PYTHON, PeerProgram(name, "broken", run=run), folder, folder / "build")
    peer.build()
    return peer


def client(folder: Path, before: str = "pass", after: str = "pass") -> Peer:
    return peer_of(folder, ASK.format(before=before, after=after))


def test_the_client_of_these_tests_is_right_unless_it_is_broken(tmp_path: Path) -> None:
    with zmq_server() as server:
        hear_client(client(tmp_path), server)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("pass", "reply = reply[:-1]", "reply 2 of 8 is wrong: 0 bytes instead of 1"),
        ("pass", "reply = reply.rstrip(b'\\0')", "reply 2 of 8 is wrong"),
        ("pass", "reply = reply[::-1]", "reply 3 of 8 is wrong: 255 bytes, not the same"),
        ("request = request[:65535]", "pass", "request 5 of 8 is wrong"),
        ("if not request: print(); continue", "pass", "request 1 of 8 is wrong"),
        ("pass", "if len(reply) == 8: break", "reply 8 of 8 was not passed on"),
        ("if len(request) == 8: break", "pass", "request 8 of 8 never arrived"),
        ("print(request[::-1].hex()); continue", "pass", "request 1 of 8 never arrived"),
        ("pass", "print('hello'); continue", "reply 1 of 8 is wrong: 'hello' is no hex"),
        ("pass", "print(reply.hex())", "reply 2 of 8 is wrong"),
        ("sys.exit('no such thing')", "pass", "ended with status 1: no such thing"),
        ("pass", "sys.exit(3)", "ended with status 3"),
    ],
)
def test_a_client_that_is_broken_does_not_interoperate(
    before: str, after: str, said: str, tmp_path: Path
) -> None:
    with (
        zmq_server() as server,
        pytest.raises(PeerError) as raised,
    ):
        hear_client(client(tmp_path, before, after), server)
    assert said in str(raised.value)


def test_a_late_client_is_ended(tmp_path: Path) -> None:
    with zmq_server() as server, pytest.raises(PeerError, match="not done within 1 s"):
        hear_client(client(tmp_path, "time.sleep(60)"), server, deadline_s=1)
    assert not list(processes_with(str(tmp_path)))


@given(st.data())
def test_no_change_of_any_byte_passes(data: st.DataObject) -> None:
    """A byte of the messages or of the output is changed, dropped or doubled."""
    heard = Heard()
    said = [heard.answer(message).hex() for message in MESSAGES]
    compare(heard, said)
    number = data.draw(st.sampled_from([n for n, one in enumerate(MESSAGES) if one]))
    got = bytearray(MESSAGES[number])
    at = data.draw(st.integers(0, len(got) - 1))
    match data.draw(st.sampled_from(["changed", "dropped", "doubled"])):
        case "changed":
            got[at] ^= data.draw(st.integers(1, 255))
        case "dropped":
            del got[at]
        case _:
            got.insert(at, got[at])
    if data.draw(st.booleans()):
        heard.requests[number] = bytes(got)
    else:
        said[number] = reply_to(bytes(got)).hex()
    with pytest.raises(PeerError, match="is wrong"):
        compare(heard, said)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("before", "start", "said", "deadline_s"),
    [
        ("body = body[:-1]", "", "reply 2 of 8 is wrong", DEADLINE_S),
        ("body = body[::-1]", "", "reply 3 of 8 is wrong", DEADLINE_S),
        ("status = 500", "", "reply 1 of 8: status 500", DEADLINE_S),
        ("self.connection.close(); return", "", "reply 1 of 8", DEADLINE_S),
        ("time.sleep(60)", "", "reply 1 of 8", 5),  # time enough to start
        ("", "sys.exit('port taken')", "ended with status 1: port taken", DEADLINE_S),
        ("", "time.sleep(60)", "did not listen in time", 1),
    ],
)
def test_a_broken_server_is_detected_and_ended(
    before: str, start: str, said: str, deadline_s: float, tmp_path: Path
) -> None:
    text = REVERSE.format(before=before or "pass", start=start)
    with pytest.raises(PeerError) as raised:
        ask_server(peer_of(tmp_path, text, HTTP_SERVER), deadline_s)
    assert said in str(raised.value)
    assert not list(processes_with(str(tmp_path)))


def test_a_proxy_of_the_user_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    text = (PEERS / "python" / "http_client.py").read_text()
    with http_server() as server:
        hear_client(peer_of(tmp_path, text, HTTP_CLIENT), server)


def test_a_program_that_does_not_compile_is_reported(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "zmq_client.py").write_text("")
    for build, said in (
        (("sh", "-c", "echo line 1: no such header >&2; false"), "no such header"),
        (("no-such-compiler",), "does not compile"),
    ):
        part = PeerProgram(ZMQ_CLIENT, "broken", build=build)
        with pytest.raises(PeerError, match=said):
            Peer(PYTHON, part, tmp_path, tmp_path / "build").build()


# --- What is missing ------------------------------------------------------------------


def test_a_missing_interpreter_is_shown_with_its_package() -> None:
    absent = replace(PYTHON, commands=("no-such-python",), package="python9")
    wanted = None, "not installed: apt-get install python9"
    assert survey.try_http_client(absent) == wanted
    assert survey.try_http_server(absent) == wanted
    assert survey.try_binding(absent, PYTHON.bindings[0]) == wanted


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("Debian", "apt-get install no-such-package"),
        ("PyPI", "python -m pip install no-such-package"),
        ("npm", "npm install --prefix somewhere no-such-package"),
    ],
)
def test_a_missing_binding_is_shown_with_its_package(source: str, how: str) -> None:
    binding = replace(
        PYTHON.bindings[0], source=source, package="no-such-package", prefix="somewhere"
    )
    assert survey.try_binding(PYTHON, binding) == (None, f"not installed: {how}")


def test_a_library_without_http_is_a_no_with_its_reason() -> None:
    for one in LANGUAGES:
        for part, tried in (
            (one.http_client, survey.try_http_client),
            (one.http_server, survey.try_http_server),
        ):
            if not part.what:
                assert part.why
                assert tried(one) == (False, part.why)


def test_the_date_of_a_package_is_the_date_of_its_newest_changelog_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "DOCUMENTS", tmp_path)
    (tmp_path / "libx").mkdir()
    with gzip.open(tmp_path / "libx" / "changelog.Debian.gz", "wt") as file:
        for version, day in (("2", "Thu, 05 Jan 2023"), ("1", "Fri, 01 Jan 2021")):
            file.write(f"x ({version}) unstable; urgency=low\n\n  * x\n\n")
            file.write(f" -- Somebody <x@example.org>  {day} 23:30:00 +0000\n\n")
    binding = Binding(PYTHON.bindings[0].part, "Debian", "libx other")
    assert packages.released(binding) == "2023-01-05"
    assert packages.released(replace(binding, package="not-there")) == ""
    assert packages.released(replace(binding, source="PyPI")) == ""


# --- What it comes to -----------------------------------------------------------------

USUAL: dict[str, Any] = {
    "listed_for": "wide use",
    "installed": True, "command": "cc", "language_version": "1.0",
    "binding": "zmq", "version": "3",
    "source": "Debian", "package": "libzmq", "released": "2020-01-01",
    "elsewhere": "", "interoperates": True, "reason": "",
    "http_client": "http", "http_client_works": True, "http_client_reason": "",
    "http_server": "", "http_server_works": False, "http_server_reason": "none",
}  # fmt: skip
ELSEWHERE = {
    "interoperates": None, "binding": "", "version": "", "source": "", "package": "",
    "reason": "not in Debian; published elsewhere: lib (Hub)", "elsewhere": "lib (Hub)",
}  # fmt: skip
ABSENT = {"interoperates": None, "reason": "not installed: apt-get install x"}


def surveyed(*rows: dict[str, Any]) -> dict[str, Any]:
    machine = {
        "host": "vm", "cpu": "CPU", "hypervisor": False, "cpus": [0], "kernel": "6.1",
        "versions": {"pyzmq": "27.3.0", "libzmq": "4.3.5"},
    }  # fmt: skip
    return {
        "started": "2026-11-25T10:00:00+00:00", "machine": machine, "guide": GUIDE,
        "registries": "Debian", "message_bytes": [0, 1], "rows": list(rows),
    }  # fmt: skip


def row(name: str, **changed: Any) -> dict[str, Any]:
    return {"language": name, **USUAL, **changed}


def ranges(document: dict[str, Any]) -> dict[str, tuple[float, float, float]]:
    return {
        count.id.removeprefix("languages."): (count.low, count.value, count.high)
        for count in tally.counted(document)
    }


def test_a_language_counts_once_however_many_bindings_it_has() -> None:
    rows = [row("C"), row("C", interoperates=False), row("Tcl", **ELSEWHERE), row("D")]
    assert ranges(surveyed(*rows, row("COBOL", interoperates=False))) == {
        "surveyed": (4, 4, 4),
        "zmq.tried": (3, 3, 3),
        "zmq.interoperating": (2, 2, 2),
        "zmq.untried": (1, 1, 1),
        "zmq.share": (0.5, 0.5, 0.75),
        "http_client.standard_library": (4, 4, 4),
        "http_server.standard_library": (0, 0, 0),
    }


@pytest.mark.parametrize("why", [ELSEWHERE, ABSENT, {**ABSENT, "installed": False}])
def test_an_untried_binding_is_neither_yes_nor_no_for_any_reason(
    why: dict[str, Any],
) -> None:
    found = ranges(surveyed(row("C"), row("X", **why)))
    assert found["surveyed"] == (2, 2, 2)
    assert found["zmq.tried"] == (1, 1, 1)
    assert found["zmq.share"] == (0.5, 0.5, 1)


def test_untried_http_is_neither_yes_nor_no() -> None:
    document = surveyed(row("C"), row("PHP", http_client_works=None))
    assert ranges(document)["http_client.standard_library"] == (1, 1, 2)
    said = next(c.sentence for c in tally.counted(document) if "http_client" in c.id)
    assert said.endswith("in their standard library (up to 2, 1 not being tried)")


ANSWERS = st.sampled_from([True, False, None])


@given(st.lists(st.tuples(ANSWERS, ANSWERS), min_size=1))
def test_the_range_includes_every_outcome_of_untried_languages(
    answers: list[tuple[bool | None, bool | None]],
) -> None:
    """Whether each works or fails, the share and the count lie within what was said."""

    def made(otherwise: bool | None) -> dict[str, tuple[float, float, float]]:
        def settled(answer: bool | None) -> bool | None:
            return otherwise if answer is None else answer

        rows = [
            row(f"L{n}", interoperates=settled(zmq), http_client_works=settled(http))
            for n, (zmq, http) in enumerate(answers)
        ]
        return ranges(surveyed(*rows))

    found, worst, best = made(None), made(False), made(True)
    for name in ("zmq.share", "http_client.standard_library"):
        low, value, high = found[name]
        assert (low, low, low) == worst[name]
        assert (high, high, high) == best[name]
        assert low == value


def test_the_section_has_every_answer_with_its_reason() -> None:
    made = bindings.section(
        surveyed(row("C"), row("Tcl", **ELSEWHERE), row("Octave", **ABSENT))
    )
    table = made.tables[0].rows
    assert table[0] == [
        "C (cc 1.0)", "zmq (Debian: libzmq)", "3, 2020-01-01", "yes", "yes: http",
        "no: none",
    ]  # fmt: skip
    assert table[1][3] == "not tried: not in Debian; published elsewhere: lib (Hub)"
    assert table[2][3] == "not tried: not installed: apt-get install x"
    said = " ".join(made.bullets)
    assert "1 of 3 languages surveyed have a binding of ZeroMQ in Debian that talks" in said
    assert "A binding of ZeroMQ works in a share of 0.333 to 1 of 3 languages" in said
    assert "In 2 languages no binding was tried: Tcl, Octave." in said
    assert "not comparable" in said
    assert "hello world in 29" in said
    assert "not tested here" in said


def test_a_share_leaves_out_languages_that_are_listed_for_their_package() -> None:
    rows = [row("C"), row("Tcl", **ELSEWHERE), row("D", http_client_works=False)]
    for_package = row("R", listed_for=ZMQ_PACKAGE), row("S", listed_for=ZMQ_PACKAGE)
    said = " ".join(bindings.section(surveyed(*rows, *for_package)).bullets)
    assert "for nothing but a package of ZeroMQ in Debian it has R, S." in said
    assert "in 2 of 3 languages, and in up to 3" in said
    assert "(0.667 to 1); 2 have an HTTP client." in said
    said = " ".join(bindings.section(surveyed(*rows)).bullets)
    assert "selects on what is asked" not in said


def test_a_language_without_a_binding_here_names_where_one_is_published() -> None:
    for one in LANGUAGES:
        assert one.listed_for in (WIDE_USE, ZMQ_PACKAGE)
        assert one.bindings or one.elsewhere
        assert one.listed_for == WIDE_USE or one.bindings


def test_without_a_survey_the_section_names_the_command_that_makes_one() -> None:
    made = bindings.section(None)
    assert made.paragraphs == ["Not surveyed: .venv/bin/nomiddle languages."]
    assert list(bindings.numbers(None)) == []


@pytest.mark.parametrize(
    ("works", "fails", "untried", "verdict"),
    [
        (9, 0, 1, UPHELD),
        (10, 0, 0, UPHELD),
        (8, 0, 2, DEPENDS),
        (1, 0, 9, DEPENDS),
        (9, 1, 0, DEPENDS),
        (8, 2, 0, REFUTED),
        (0, 0, 10, NOT_TESTED),
        (0, 0, 0, NOT_TESTED),
    ],
)
def test_bindings_for_almost_any_language_follow_the_survey(
    works: int, fails: int, untried: int, verdict: str
) -> None:
    rows = [row(f"W{n}") for n in range(works)]
    rows += [row(f"F{n}", interoperates=False) for n in range(fails)]
    rows += [row(f"U{n}", **ELSEWHERE) for n in range(untried)]
    assert judged("C33", surveyed(*rows) if rows else None).verdict == verdict


def judged(name: str, document: dict[str, Any] | None) -> Judged:
    entries = list(bindings.numbers(document))
    return next(one for one in judge(read_claims(), entries) if one.claim.id == name)


def test_an_open_claim_names_the_bindings_that_must_be_tried() -> None:
    found = judged("C33", surveyed(row("C"), row("Tcl", **ELSEWHERE)))
    assert found.reason == "1 of 2 parts hold, 1 cannot be told from this run"
    assert "Needs trials of the bindings that were not tried" in claims.changes(found)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([True, True, False], UPHELD),
        ([True, False], UPHELD),
        ([True, False, False], DEPENDS),  # the quote asks for less than the survey
        ([True, False, None], NOT_TESTED),
        ([], NOT_TESTED),
    ],
)
def test_most_languages_have_an_http_client_follows_the_survey(
    answers: list[bool | None], verdict: str
) -> None:
    rows = [row(f"L{n}", http_client_works=works) for n, works in enumerate(answers)]
    assert judged("C19", surveyed(*rows) if rows else None).verdict == verdict


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', '{"rows": [{"language": "C"}]}'])
def test_a_damaged_survey_is_an_error_with_the_command_that_makes_it_again(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / tally.FILE).write_text(text)
    with pytest.raises(ResultsError, match=r"damaged.*-m bench languages"):
        tally.read(tmp_path / tally.FILE)


def test_the_command_writes_the_document_that_the_report_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = replace(PYTHON, name="Nothing", commands=("no-such-command",))
    monkeypatch.setattr(survey, "read_catalog", lambda: ([PYTHON, absent], GUIDE))
    out = tmp_path / "further" / "languages.json"
    ended = CliRunner().invoke(main, ["languages", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    assert "1 of 2 languages surveyed have a binding" in ended.output
    document = tally.read(out)
    assert document
    python, nothing = document["rows"]
    assert python["interoperates"] is True
    assert python["language_version"] == ".".join(map(str, sys.version_info[:3]))
    assert nothing["reason"].startswith("not installed: apt-get install")
    assert {entry["date"] for entry in bindings.numbers(document)} == {
        document["started"][:10]
    }


def test_the_published_survey_is_of_the_languages_that_are_listed() -> None:
    published = json.loads((Path(PEERS).parents[3] / "reports" / tally.FILE).read_text())
    names = list(dict.fromkeys(found["language"] for found in published["rows"]))
    assert names == [one.name for one in LANGUAGES]


def test_every_peer_belongs_to_a_language_that_is_listed() -> None:
    def wanted(one: Language) -> set[str]:
        parts = [one.http_client, one.http_server, *(b.part for b in one.bindings)]
        return {part.peer for part in parts if part.what}

    listed = {one.folder: wanted(one) for one in LANGUAGES if wanted(one)}
    there = {
        folder.name: {path.stem for path in folder.iterdir() if path.suffix != ".toml"}
        for folder in PEERS.iterdir()
    }
    assert there == listed
