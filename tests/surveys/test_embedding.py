"""Servers embedded in a program that already runs: they serve, and what is asked of them.

Real processes and real sockets. Each of the twelve questions is asked of a server of the
exhibits and of an odd one, and has to give another answer.
"""

from __future__ import annotations

import contextlib
import errno
import json
import re
import shutil
import socket
import struct
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Semaphore
from typing import Any

import pytest
import zmq
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bench.cli.main import main
from bench.contract.model import PROJECT
from bench.errors import ResultsError
from bench.measure.code.size import size
from bench.report.sections import embedded
from bench.surveys.embedding import application, asking, limits, programs, questions, tally
from bench.surveys.embedding.asking import Asked, ServerAnswer, ending
from bench.surveys.embedding.programs import Embedded, command, find_embedded, lacking
from bench.surveys.embedding.running import NotServing, Running, connect
from bench.surveys.embedding.speech import (
    SPEECHES,
    STRANGER,
    Frames,
    Gone,
    Http,
    Speech,
    Zmtp,
    ask,
)
from bench.surveys.embedding.survey import QUESTIONS, answers, row

EVERY = find_embedded()
BY_KEY = {program.key: program for program in EVERY}
ODD = Path(__file__).parents[1] / "cells" / "odd_servers"
PUBLISHED = PROJECT / "reports" / tally.FILE
BODIES = [b"", b"x", bytes(range(256)) * 400, b"y" * (1 << 20)]
PATIENCE_S = 2.0
END_S = 10.0
CLIENTS, STOPS = 4, 3

every_program = pytest.mark.parametrize("program", EVERY, ids=BY_KEY)
in_c = pytest.mark.parametrize(
    "program", [p for p in EVERY if p.language == "c"], ids=lambda p: p.key
)


def words_of(program: Embedded) -> list[str]:
    if wanted := lacking(program):
        pytest.skip(wanted)
    return command(program)


def odd(name: str) -> list[str]:
    application = PROJECT / "bench" / "surveys" / "embedding" / "application.py"
    return [sys.executable, str(application), str(ODD / f"{name}.py")]


@contextlib.contextmanager
def greeted(server: Running, speech: Speech) -> Iterator[socket.socket]:
    with server.connected() as sock:
        speech.greet(sock)
        yield sock


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# -- the exhibits -----------------------------------------------------------------------


@every_program
def test_an_embedded_server_echoes_beside_other_work_and_stops_cleanly(
    program: Embedded, tmp_path: Path
) -> None:
    speech = SPEECHES[program.stack.name]
    with Running(words_of(program), tmp_path) as server:
        before = server.count()
        with greeted(server, speech) as first, greeted(server, speech) as second:
            for body in BODIES:  # of which all servers take the largest
                with greeted(server, speech) as another:
                    assert ask(speech, another, body).body == body
                for kept in (first, second):  # open since before, after each reply too
                    assert ask(speech, kept, body).body == body
            after = server.count()
            assert after > before >= 0
            assert server.stop() is not None
        assert server.process.returncode == 0
        assert server.pieces >= after
        with pytest.raises(OSError, match="refused"):
            connect(server.address)
    assert not server.printed()


def ask_until_it_ends(server: Running, speech: Speech, asked: Semaphore) -> None:
    while True:
        try:
            with greeted(server, speech) as sock:
                while True:
                    assert ask(speech, sock, b"more").body == b"more"
                    asked.release()
        except ConnectionRefusedError:
            return
        except (OSError, Gone):
            continue


@pytest.mark.thorough
@every_program
def test_an_embedded_server_stops_cleanly_between_a_request_and_its_reply(
    program: Embedded, tmp_path: Path
) -> None:
    speech, words = SPEECHES[program.stack.name], words_of(program)
    for _ in range(STOPS):
        asked = Semaphore(0)
        with ThreadPoolExecutor(CLIENTS) as pool, Running(words, tmp_path) as server:
            asking = [
                pool.submit(ask_until_it_ends, server, speech, asked)
                for _ in range(CLIENTS)
            ]
            assert all(asked.acquire(timeout=END_S) for _ in range(10 * CLIENTS))
            assert server.stop() is not None
            assert server.process.returncode == 0, server.printed()
            for client in asking:
                client.result(END_S)


@pytest.mark.parametrize("key", [p.key for p in EVERY if p.stack.name == "zmq"])
def test_all_parts_of_a_request_come_back(key: str, tmp_path: Path) -> None:
    words = words_of(BY_KEY[key])
    with (
        Running(words, tmp_path) as server,
        zmq.Context() as context,
        context.socket(zmq.REQ) as client,
    ):
        client.linger, client.rcvtimeo = 0, int(END_S * 1000)
        client.connect(server.address)
        for parts in ([b"one"], [b"", b"two", b""], [bytes([n]) for n in range(100)]):
            client.send_multipart(parts)
            assert client.recv_multipart() == parts


@pytest.mark.parametrize("key", [p.key for p in EVERY if p.stack.name == "raw_socket"])
def test_a_lost_client_and_nonsense_are_noted_in_at_most_a_line(
    key: str, tmp_path: Path
) -> None:
    asked = Asked(words_of(BY_KEY[key]), Frames(), tmp_path)
    with asked.running() as server:
        with asked.client(server) as sock:
            assert ask(asked.speech, sock, b"whole").body == b"whole"
            sock.sendall(asked.speech.request(b"gone")[:-1])
            reset(sock)
        assert len(printed(server, 1)) == 1
        with asked.client(server) as sock:
            sock.sendall(asked.speech.nonsense)
            assert ending(sock, END_S)[0] is not None
        assert len(printed(server, 2)) == 2
        assert not asked.asks(server)
    assert len(server.printed()) == 2


def printed(server: Running, count: int) -> list[str]:
    """Wait for so many lines, and return those that are there."""
    deadline_s = time.monotonic() + END_S
    while len(server.printed()) < count and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return server.printed()


SERVES_NOT: dict[str, set[str]] = {
    "ipv6": set(),
    "unix_socket": {"http.c", "http.python_http_server"},
}
"""As docs/embedding.md says, and why."""


@pytest.mark.thorough
@every_program
@pytest.mark.parametrize("name", SERVES_NOT)
def test_an_embedded_server_serves_at_the_documented_addresses(
    name: str, program: Embedded, tmp_path: Path
) -> None:
    if name == "ipv6" and not questions.has_ipv6():
        pytest.skip("this machine has no IPv6")
    speech = SPEECHES[program.stack.name]
    found = questions.ELSEWHERE[name](Asked(words_of(program), speech, tmp_path))
    assert found.said == ("no" if program.key in SERVES_NOT[name] else "yes"), found.note


@given(
    host=st.ip_addresses().map(str),
    port=st.integers(0, 65535),
    path=st.text("/az#? ", min_size=1),
)
def test_a_parsed_address_gives_the_same_url(host: str, port: int, path: str) -> None:
    url = f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
    address = application.parse(url)
    assert (address.host, address.port, address.path) == (host, port, None)
    assert application.url_of((address.host, address.port)) == url == address.url
    local = application.parse(f"ipc://{path}")
    assert (local.host, local.port, local.path) == (None, None, path)
    assert application.url_of(path) == local.url == application.url_of(local.url)


@pytest.mark.parametrize("key", ["raw_socket.python", "raw_socket.c", "http.javascript"])
def test_a_program_ends_with_the_process_that_started_it(key: str, tmp_path: Path) -> None:
    with Running(words_of(BY_KEY[key]), tmp_path) as server:
        assert server.process.stdin
        server.process.stdin.close()
        assert server.process.wait(END_S) == 0
        server.process.stdin = None


@pytest.mark.thorough
@in_c
def test_sanitizers_find_nothing_in_a_server_with_all_kinds_of_clients(
    program: Embedded, tmp_path: Path
) -> None:
    """Two that reset, a stranger, one in the middle of a request and one that has asked and
    is idle; these two are there while it stops."""
    speech = SPEECHES[program.stack.name]
    words = words_of(replace(program, sanitized=True))
    with Running(words, tmp_path) as server, contextlib.ExitStack() as opened:
        for sent in (speech.request(b"gone")[:-1], speech.request(b"gone")):
            with greeted(server, speech) as sock:
                sock.sendall(sent)
                reset(sock)
        with server.connected() as sock:
            sock.sendall(speech.nonsense)
        idle = opened.enter_context(greeted(server, speech))
        halfway = opened.enter_context(greeted(server, speech))
        for body in BODIES:
            assert ask(speech, idle, body).body == body
        halfway.sendall(speech.request(b"never")[:-1])
        assert server.stop() is not None
        assert server.process.returncode == 0, server.printed()
    found = [line for line in server.printed() if "Sanitizer" in line or "error:" in line]
    assert not found


def test_there_is_a_program_of_every_stack_in_every_language() -> None:
    for stack in ("raw_socket", "http", "zmq"):
        mine = {p.language for p in EVERY if p.stack.name == stack and p.is_main}
        assert mine == {"python", "c", "javascript"}
    assert len(BY_KEY) == len(EVERY)


# -- the questions ----------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (asking, questions):
        monkeypatch.setattr(module, "PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(limits, "BODY_BYTES", (1 << 20, 2 << 20, 4 << 20))
    monkeypatch.setattr(limits, "HEADER_BYTES", (2048, 4096, 8192))


def answer(words: list[str], speech: Speech, name: str, folder: Path) -> ServerAnswer:
    folder.mkdir(exist_ok=True)
    asked = Asked(words, speech, folder)
    if name == "stop":
        return questions.stop(asked)[0]
    if elsewhere := questions.ELSEWHERE.get(name):
        return elsewhere(asked)
    with asked.running() as server:
        return {**questions.PATIENT, **questions.QUICK}[name](asked, server)


EXPECTED = {
    "keep_alive": ("odd_http", "closed after 1 s", "open for more than 2 s"),
    "max_body": ("odd_http", "2 MiB, then 507", "1 MiB, then 413"),
    "max_header": ("odd_http", "4 KiB to 8 KiB, then 494", "4 KiB to 8 KiB, then 400"),
    "header_timeout": ("odd_http", "closed after 1 s, 408", "open for more than 2 s"),
    "concurrency": ("odd_http", "a thread for each", "no further thread"),
    "disconnect": ("odd_http", "the program ends", "serves on"),
    "bad_request": ("odd_http", "500, left open for 2 s", "400, closed"),
    "head": ("odd_http", "200, with a body", "200"),
    "ipv6": ("odd_http", "no", "yes"),
    "unix_socket": ("odd_http", "no", "yes"),
    "stop": ("odd_http", "not within 2 s", "yes"),
    "port_0": ("odd_port", "it does not know", "it knows"),
}
"""An odd server over HTTP, its answer, and that of the exhibit in Python."""


@pytest.mark.thorough
@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.usefixtures("impatient")
def test_a_question_distinguishes_an_odd_server_from_the_measured_one(
    name: str, tmp_path: Path
) -> None:
    if name == "ipv6" and not questions.has_ipv6():
        pytest.skip("this machine has no IPv6")
    server, unlike, usual = EXPECTED[name]
    exhibit = words_of(BY_KEY["http.python"])
    assert answer(exhibit, Http(), name, tmp_path / "usual").said == usual
    assert answer(odd(server), Http(), name, tmp_path / "odd").said == unlike


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("server", "speech", "name", "said"),
    [
        ("odd_frames", Frames(), "bad_request", "echoed, left open for 2 s"),
        (
            "odd_frames",
            Frames(),
            "concurrency",
            "no further thread, slow ones hold up others: no reply",
        ),
        (
            "odd_zmtp",
            Zmtp(),
            "bad_request",
            "its greeting, left open for 2 s; serves nobody else: a wrong reply",
        ),
        ("odd_zmtp", Zmtp(), "max_body", "less than 1 MiB, then a wrong reply"),
        ("odd_zmtp", Zmtp(), "keep_alive", "a wrong reply"),
        ("odd_zmtp", Zmtp(), "ipv6", "a wrong reply"),
        ("odd_end", Frames(), "stop", "the program ends with status 1"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_servers_of_other_protocols_are_asked_in_their_protocol(
    server: str, speech: Speech, name: str, said: str, tmp_path: Path
) -> None:
    if name == "ipv6" and not questions.has_ipv6():
        pytest.skip("this machine has no IPv6")
    assert answer(odd(server), speech, name, tmp_path).said == said


@pytest.mark.parametrize(
    ("speech", "came", "said"),
    [
        (Http(), b"", "nothing"),
        (Http(), b"HTTP/1.1 400 No\r\n\r\n", "400"),
        (Frames(), b"", "nothing"),
        (Frames(), b"\xff\0", "other bytes"),
        (Frames(), STRANGER, "echoed"),
        (Zmtp(), b"\xff\0\0", "its greeting"),
        (Zmtp(), b"what?", "other bytes"),
    ],
)
def test_every_reply_to_garbage_has_a_name(speech: Speech, came: bytes, said: str) -> None:
    assert questions.came_back(speech, came) == said


def test_output_about_a_lost_client_is_a_note(tmp_path: Path) -> None:
    """A library without a log and one with a log give one answer."""
    notes = set()
    for key in ("raw_socket.python", "zmq.python"):
        speech = SPEECHES[BY_KEY[key].stack.name]
        found = answer(words_of(BY_KEY[key]), speech, "disconnect", tmp_path / key)
        assert found.said == "serves on"
        notes.add(found.note)
    assert len(notes) == 2


@pytest.mark.parametrize("name", ["head", "max_header"])
@pytest.mark.parametrize("key", ["raw_socket.python", "zmq.python"])
def test_a_question_without_meaning_for_a_server_is_not_asked(
    key: str, name: str, tmp_path: Path
) -> None:
    speech = SPEECHES[BY_KEY[key].stack.name]
    assert not answer(words_of(BY_KEY[key]), speech, name, tmp_path).applies


def test_a_machine_without_ipv6_asks_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a program does not serve it there says nothing of the program."""
    usual = socket.create_server

    def without_ipv6(address: Any, **named: Any) -> socket.socket:
        if named.get("family") == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return usual(address, **named)

    monkeypatch.setattr(questions.socket, "create_server", without_ipv6)
    found = answer(words_of(BY_KEY["zmq.python"]), Zmtp(), "ipv6", tmp_path)
    assert not found.applies
    assert found.said == "this machine has no IPv6"


def test_a_message_above_the_limit_of_zeromq_ends_the_connection(
    tmp_path: Path,
) -> None:
    """The speech of ZMTP sees a refusal: without one, all sizes would seem to work."""
    speech = Zmtp()
    with Running(odd("odd_zmtp"), tmp_path) as server, greeted(server, speech) as sock:
        assert ask(speech, sock, b"small").body == b"SMALL"
        with pytest.raises(Gone):
            ask(speech, sock, bytes(2 << 20))


def test_a_program_that_cannot_start_is_shown_with_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(NotServing, match="the odd server listens at one address only"):
        Running(odd("odd_http"), tmp_path, "tcp://127.0.0.2:0")


@pytest.mark.thorough
@pytest.mark.usefixtures("impatient")
def test_a_program_is_asked_every_question(tmp_path: Path) -> None:
    asked = Asked(words_of(BY_KEY["zmq.python"]), Zmtp(), tmp_path)
    found, counted = answers(asked)
    assert list(found) == list(QUESTIONS)
    assert counted["threads"] > 1
    assert counted["stop_ms"] > 0


# -- what is missing --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "without", "said"),
    [
        ("zmq.javascript", "node", "apt-get install nodejs"),
        ("http.javascript", "node", "apt-get install nodejs"),
        ("zmq.c", "gcc", "apt-get install gcc"),
    ],
)
def test_a_program_without_its_tools_names_the_command_that_installs_them(
    key: str, without: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    which = shutil.which
    monkeypatch.setattr(
        programs.shutil, "which", lambda tool: None if tool == without else which(tool)
    )
    made = row(BY_KEY[key])
    assert made["lacks"].startswith(said)
    assert made["answers"] == {}
    assert made["statements"] > 10


def test_a_package_of_another_version_is_to_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs.shutil, "which", lambda tool: tool)
    program = BY_KEY["zmq.javascript"]
    folder = tmp_path / "embedded"
    home = folder / "node_modules" / "zeromq"
    home.mkdir(parents=True)
    shutil.copy(program.path.parent / "package.json", folder)
    copy = replace(program, path=folder / "echo.js")
    assert lacking(copy) == "make node"
    pinned = json.loads((folder / "package.json").read_text())["dependencies"]["zeromq"]
    for version, wanted in (("0.0.1", "make node"), (pinned, "")):
        (home / "package.json").write_text(json.dumps({"version": version}))
        assert lacking(copy) == wanted


def test_a_c_program_that_does_not_compile_is_reported_not_raised(tmp_path: Path) -> None:
    folder = tmp_path / "embedded"
    folder.mkdir()
    (folder / "echo.c").write_text("/* Wrong. */\nint start(void) { return wrong; }\n")
    program = replace(BY_KEY["raw_socket.c"], path=folder / "echo.c")
    if wanted := lacking(program):
        pytest.skip(wanted)
    made = row(program)
    assert "does not compile" in made["lacks"]


# -- what it comes to -------------------------------------------------------------------


def told(said: str, applies: bool = True) -> dict[str, Any]:
    return {"said": said, "note": "", "applies": applies}


def a_row(stack: str, language: str, said: str, **changed: Any) -> dict[str, Any]:
    return {
        "key": f"{stack}.{language}",
        "stack": stack,
        "language": language,
        "label": language.capitalize(),
        "main": True,
        "lacks": "",
        "statements": 7,
        "tokens": 70,
        "gzip_bytes": 99,
        "lines": 9,
        "files": ["echo.py"],
        "threads": 2,
        "stop_ms": 12.5,
        "answers": {"head": told(said), "ipv6": told("no"), "stop": told("why", False)},
        **changed,
    }


ROWS = [
    a_row("http", "python", "405"),
    a_row("http", "c", "200"),
    a_row("http", "rust", "501", main=False),
    a_row("zmq", "python", "one"),
    a_row("zmq", "c", "", answers={}, lacks="apt-get install gcc"),
]
SURVEY = {
    "started": "2026-01-02T03:04:05+00:00",
    "machine": {
        "host": "h",
        "cpu": "c",
        "cpus": [0],
        "kernel": "6",
        "versions": {"a": "1"},
    },
    "stacks": {"http": {"label": "HTTP"}, "zmq": {"label": "ZeroMQ"}},
    "questions": {"head": "HEAD?", "ipv6": "IPv6?", "stop": "Stop?"},
    "programs": ROWS,
}


def test_agreement_counts_questions_that_apply_and_main_programs_only() -> None:
    found = tally.agreement(ROWS)
    assert found == {"http": {"head": ["405", "200"], "ipv6": ["no"]}, "zmq": {}}
    assert tally.agreeing(found["http"]) == 1


def test_the_report_shows_answers_and_names_missing_programs() -> None:
    section = embedded.section(SURVEY)
    text = " ".join(section.bullets)
    assert (
        "HTTP: all languages give one answer to 1 of 2 questions; they differ in: HEAD"
        in (text)
    )
    assert "An IPv6 address is not served: HTTP (Python, C, Rust); ZeroMQ (Python)." in text
    http, zmq, sizes = section.tables
    assert http.rows[0] == ["HEAD?", "405", "200", "501", "2"]
    assert http.rows[2][1] == "not applicable: why"
    assert zmq.rows[0][2] == "not asked: apt-get install gcc"
    assert sizes.rows[0][1] == "7"
    assert section == embedded.section(SURVEY)


def test_numbers_are_by_stack_and_language() -> None:
    found = {entry["id"]: entry["value"] for entry in embedded.numbers(SURVEY)}
    assert found["embedding.size.statements.http.python"] == 7
    assert found["embedding.size.statements.zmq.c"] == 7
    assert found["embedding.agreeing.http"] == 1
    assert found["embedding.differing.http"] == 1
    assert found["embedding.size.gzip.zmq.c"] == 99
    assert not any("in_common" in name for name in found)


def test_stacks_are_compared_on_questions_that_all_answered() -> None:
    zmq = {"answers": {"ipv6": told("no"), "stop": told("why")}}
    rows = [*ROWS[:3], a_row("zmq", "python", "", **zmq), a_row("zmq", "c", "", **zmq)]
    found = {entry["id"]: entry for entry in embedded.numbers({**SURVEY, "programs": rows})}
    assert found["embedding.differing.http"]["value"] == 1
    common = found["embedding.differing_in_common.http"]
    assert (common["value"], common["unit"]) == (0, "questions")
    assert "in 0 of the 1 questions that all stacks can be asked" in common["sentence"]


def test_without_a_survey_the_report_names_the_command_that_makes_one(
    tmp_path: Path,
) -> None:
    assert tally.read(tmp_path / tally.FILE) is None
    assert embedded.section(None).paragraphs == [
        "Not surveyed: .venv/bin/nomiddle embedding."
    ]
    assert not list(embedded.numbers(None))


def test_a_damaged_survey_is_named(tmp_path: Path) -> None:
    path = tmp_path / tally.FILE
    path.write_text('{"programs": [{}]}')
    with pytest.raises(ResultsError, match=r"damaged.*-m bench embedding"):
        tally.read(path)


def test_the_published_survey_is_of_these_programs() -> None:
    published = tally.read(PUBLISHED)
    assert published
    assert re.fullmatch(r"[0-9a-f]{12}", published["machine"]["revision"])
    found = {row["key"]: row for row in published["programs"]}
    assert set(found) == set(BY_KEY)
    for key, program in BY_KEY.items():
        counted = size(program.path, program.search)
        assert found[key]["statements"] == counted.statements
        assert found[key]["tokens"] == counted.tokens
        assert set(found[key]["answers"]) == set(QUESTIONS)


@pytest.mark.usefixtures("impatient")
def test_the_command_writes_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words_of(BY_KEY["raw_socket.python"])
    monkeypatch.setattr(
        "bench.surveys.embedding.programs.find_embedded",
        lambda: [BY_KEY["raw_socket.python"]],
    )
    out = tmp_path / "answers.json"
    ended = CliRunner().invoke(main, ["embedding", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    assert "1 of 1 answered" in ended.output
    made = tally.read(out)
    assert made
    assert made["programs"][0]["answers"]["port_0"]["said"] == "it knows"
    assert made["machine"]["versions"]["python"]
