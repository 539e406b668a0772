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

from bench.claims.rules import NOT_TESTED, REFUTED, UPHELD
from bench.claims.talk import judge, read_ledger
from bench.cli import main
from bench.errors import ResultsError
from bench.languages import packages, survey, tally
from bench.languages.catalog import (
    HTTP_CLIENT,
    HTTP_SERVER,
    ZMQ_CLIENT,
    Binding,
    Language,
    Part,
    read_catalog,
)
from bench.languages.conversation import (
    MESSAGES,
    Heard,
    ask_server,
    compare,
    hear_client,
    http_server,
    reply_to,
    zmq_server,
)
from bench.languages.peers import PEERS, Peer, PeerError
from bench.report import bindings

LANGUAGES, GUIDE = read_catalog()
BINDINGS = [(one, binding) for one in LANGUAGES for binding in one.bindings]
PYTHON = next(one for one in LANGUAGES if one.name == "Python")


def right(answer: tuple[bool | None, str]) -> None:
    """Skip what could not be tried, with what to install; fail on what is wrong."""
    works, reason = answer
    if works is None:
        pytest.skip(reason)
    assert works, reason


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
    peer = Peer(PYTHON, Part(name, "broken", run=run), folder, folder / "build")
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
        ("pass", "if len(reply) == 8: break", "reply 8 of 8 was not given on"),
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


def test_a_client_that_is_late_is_not_waited_for_and_is_gone(tmp_path: Path) -> None:
    with zmq_server() as server, pytest.raises(PeerError, match="not done within 1 s"):
        hear_client(client(tmp_path, "time.sleep(60)"), server, deadline_s=1)
    assert not list(processes_with(str(tmp_path)))


@given(st.data())
def test_no_change_of_any_byte_passes(data: st.DataObject) -> None:
    """Of what arrived or of what was printed: a byte changed, dropped or doubled."""
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


@pytest.mark.parametrize(
    ("before", "start", "said"),
    [
        ("body = body[:-1]", "", "reply 2 of 8 is wrong"),
        ("body = body[::-1]", "", "reply 3 of 8 is wrong"),
        ("status = 500", "", "reply 1 of 8: status 500"),
        ("sys.stdout.flush(); self.connection.close(); return", "", "reply 1 of 8"),
        ("time.sleep(60)", "", "reply 1 of 8"),
        ("", "sys.exit('port taken')", "ended with status 1: port taken"),
        ("", "time.sleep(60)", "did not listen in time"),
    ],
)
def test_a_server_that_is_broken_is_seen_and_is_gone(
    before: str, start: str, said: str, tmp_path: Path
) -> None:
    text = REVERSE.format(before=before or "pass", start=start)
    with pytest.raises(PeerError) as raised:
        ask_server(peer_of(tmp_path, text, HTTP_SERVER), deadline_s=1.5)
    assert said in str(raised.value)
    assert not list(processes_with(str(tmp_path)))


def test_a_proxy_of_the_user_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    text = (PEERS / "python" / "http_client.py").read_text()
    with http_server() as server:
        hear_client(peer_of(tmp_path, text, HTTP_CLIENT), server)


def test_a_program_that_does_not_compile_says_so(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "zmq_client.py").write_text("")
    for build, said in (
        (("sh", "-c", "echo line 1: no such header >&2; false"), "no such header"),
        (("no-such-compiler",), "does not compile"),
    ):
        part = Part(ZMQ_CLIENT, "broken", build=build)
        with pytest.raises(PeerError, match=said):
            Peer(PYTHON, part, tmp_path, tmp_path / "build").build()


# --- What is missing ------------------------------------------------------------------


def test_a_missing_interpreter_says_what_to_install() -> None:
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
def test_a_missing_binding_says_what_to_install(source: str, how: str) -> None:
    binding = replace(
        PYTHON.bindings[0], source=source, package="no-such-package", prefix="somewhere"
    )
    assert survey.try_binding(PYTHON, binding) == (None, f"not installed: {how}")


def test_a_library_that_has_no_http_is_a_no_with_its_reason() -> None:
    for one in LANGUAGES:
        for part, tried in (
            (one.http_client, survey.try_http_client),
            (one.http_server, survey.try_http_server),
        ):
            if not part.what:
                assert part.why
                assert tried(one) == (False, part.why)


def test_the_date_of_a_package_is_that_of_its_newest_entry(
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
    "installed": True, "command": "cc", "language_version": "1.0",
    "binding": "zmq", "version": "3",
    "source": "Debian", "package": "libzmq", "released": "2020-01-01", "available": True,
    "elsewhere": "", "interoperates": True, "reason": "",
    "http_client": "http", "http_client_works": True, "http_client_reason": "",
    "http_server": "", "http_server_works": False, "http_server_reason": "none",
}  # fmt: skip
NOWHERE = {
    "available": False, "interoperates": None, "binding": "", "version": "", "source": "",
    "package": "", "reason": "not to be had", "elsewhere": "lib is on Hub",
}  # fmt: skip


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


def values(document: dict[str, Any]) -> dict[str, int]:
    return {
        count.id.removeprefix("languages."): count.value
        for count in tally.counted(document)
    }


def test_a_language_counts_once_however_many_bindings_it_has() -> None:
    found = values(
        surveyed(row("C"), row("C", interoperates=False), row("Tcl", **NOWHERE), row("D"))
    )
    assert found == {
        "surveyed": 3,
        "zmq.interoperating": 2,
        "zmq.standard_library": 0,
        "http_client.standard_library": 3,
        "http_server.standard_library": 0,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"interoperates": None, "reason": "not installed: apt-get install x"},
        {"http_client_works": None},
        {**NOWHERE, "installed": False},
    ],
)
def test_a_language_with_a_question_open_is_not_counted(changed: dict[str, Any]) -> None:
    found = values(surveyed(row("C"), row("Octave", **changed)))
    assert found["surveyed"] == 1
    assert found["zmq.interoperating"] == 1


def test_zeromq_in_a_standard_library_would_be_counted() -> None:
    found = values(surveyed(row("Next", source=tally.STANDARD_LIBRARY)))
    assert found["zmq.standard_library"] == 1


def test_the_section_says_every_answer_with_its_reason() -> None:
    tried = row("Octave", interoperates=None, reason="not installed: apt-get install x")
    made = bindings.section(surveyed(row("C"), row("Tcl", **NOWHERE), tried))
    table = made.tables[0].rows
    assert table[0] == [
        "C (cc 1.0)", "zmq (Debian: libzmq)", "3, 2020-01-01", "yes", "yes: http",
        "no: none",
    ]  # fmt: skip
    assert table[1][3] == "no: not to be had"
    assert table[2][3] == "not installed: apt-get install x"
    said = " ".join(made.bullets)
    assert "0 of 2 languages surveyed have ZeroMQ in their standard library." in said
    assert "1 have a binding in other registries" in said
    assert "hello world in 29" in said
    assert "not tested here" in said


def test_without_a_survey_the_section_says_how_to_make_one() -> None:
    made = bindings.section(None)
    assert made.paragraphs == ["Not surveyed: python -m bench languages."]
    assert list(bindings.numbers(None)) == []


@pytest.mark.parametrize(
    ("working", "verdict"), [(3, UPHELD), (2, UPHELD), (1, REFUTED), (None, NOT_TESTED)]
)
def test_the_talk_s_claims_on_languages_follow_the_survey(
    working: int | None, verdict: str
) -> None:
    entries: list[dict[str, Any]] = []
    if working is not None:
        rows = [row(f"L{n}") for n in range(working)]
        rows += [
            row(f"M{n}", **NOWHERE, http_client_works=False) for n in range(4 - working)
        ]
        entries = list(bindings.numbers(surveyed(*rows)))
    found = {one.claim.id: one.verdict for one in judge(read_ledger(), entries)}
    assert found["C33"] == verdict
    assert found["C19"] == verdict


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', '{"rows": [{"language": "C"}]}'])
def test_a_damaged_survey_says_how_to_make_it_again(text: str, tmp_path: Path) -> None:
    (tmp_path / tally.FILE).write_text(text)
    with pytest.raises(ResultsError, match=r"damaged.*python -m bench languages"):
        tally.read(tmp_path / tally.FILE)


def test_the_command_writes_what_the_report_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = replace(PYTHON, name="Nothing", commands=("no-such-command",))
    monkeypatch.setattr(survey, "read_catalog", lambda: ([PYTHON, absent], GUIDE))
    out = tmp_path / "further" / "languages.json"
    ended = CliRunner().invoke(main, ["languages", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    assert "1 of 1 languages surveyed have a binding" in ended.output
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
    published = json.loads((Path(PEERS).parents[2] / "reports" / tally.FILE).read_text())
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
