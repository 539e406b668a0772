"""Names and options of libraries, and what each statement is about."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.contract.slides import slides
from bench.errors import NoMiddleError
from bench.measure.code import shares as shares_module
from bench.measure.code.shares import CLASSES, classified, shares, words
from bench.measure.code.size import Program, read_program, size_of
from bench.measure.code.surface import Surface, surface

Read = Callable[..., Program]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str, name: str = "cell.py", **others: str) -> Program:
        for other, content in others.items():
            (tmp_path / other.replace("_", ".")).write_text(content)
        path = tmp_path / name
        path.write_text(text)
        return read_program(path, [tmp_path])

    return read


def test_names_in_python_are_counted_if_a_library_defines_them(read: Read) -> None:
    program = read(
        "import zmq\nfrom framing import frame\n"
        "from urllib.parse import urlsplit as split\n"
        "class Desk:\n"
        "    def __init__(self, size):\n        self.kept = size\n"
        "    def take(self, desk):\n"
        "        socket = zmq.Context.instance().socket(zmq.PUB)\n"
        "        desk.take(self.kept)\n"
        "        socket.send(frame(b''.join([])).hex())\n",
        framing_py="def frame(message):\n    return message.encode()\n",
    )
    expected = ("Context", "PUB", "instance", "send", "socket", "urllib.parse", "urlsplit")
    assert surface(program).names == (*expected, "zmq")


def test_options_in_python_are_found(read: Read) -> None:
    program = read(
        "import zmq\nfrom aiohttp import web\nfrom asyncio import Queue\n"
        "LIMIT = 3\n"
        "def subscribe(address, size):\n"
        "    socket = zmq.Context.instance().socket(zmq.SUB)\n"
        "    socket.subscribe(b'')\n"
        "    socket.rcvhwm = socket.sndhwm = LIMIT\n"
        "    raw.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)\n"
        "    raw.settimeout(size)\n"
        "    Queue(maxsize=LIMIT * 2), Queue(items=size)\n"
        "    web.Response(body=address)\n"
        "    subscribe(address, size=3)\n"
    )
    expected = ("Queue.maxsize", "TCP_NODELAY", "rcvhwm", "settimeout", "sndhwm")
    assert surface(program).options == (*expected, "subscribe")


def test_an_attribute_of_the_program_itself_is_no_option(read: Read) -> None:
    program = read(
        "class Peer:\n    def __init__(self):\n        self.heard = 0\n"
        "def note(peer):\n    peer.heard = 1\n"
    )
    assert surface(program) == Surface((), ())


def test_names_and_options_of_c(read: Read) -> None:
    program = read(
        '#include <zmq.h>\n#include "host.h"\n#include "own.h"\n'
        "#define LIMIT 3\n#define TRY(call) must(call, ZMQ_LINGER)\n"
        "struct client { void *socket; };\n"
        "void serve(const char *address, handle_fn *handle)\n{\n"
        "    struct client client = {.socket = zmq_socket(NULL, ZMQ_REP)};\n"
        "    struct message message;\n"
        "    struct sockaddr_in where = {.sin_port = htons(LIMIT)};\n"
        "    if (zmq_setsockopt(client.socket, ZMQ_SUBSCRIBE, address, 0) == -1)\n"
        '        fail("zmq_setsockopt", own(address));\n'
        "    setsockopt(3, SOL_SOCKET, SO_REUSEADDR, &where, sizeof where);\n"
        "    curl_easy_setopt(curl, CURLOPT_POST, 1L);\n"
        "    start(MHD_USE_EPOLL, MHD_OPTION_SOCK_ADDR, &where, MHD_OPTION_END);\n"
        "    while (!stopping()) handle(message.data, message.size);\n}\n",
        name="cell.c",
        own_h="char *own(const char *);\n",
    )
    found = surface(program)
    assert {
        "zmq.h",
        "zmq_socket",
        "ZMQ_REP",
        "sockaddr_in",
        "sin_port",
        "ZMQ_LINGER",
    } < set(found.names)
    given = {"fail", "stopping", "message", "data", "size", "handle_fn", "handle", "serve"}
    own = {"LIMIT", "TRY", "client", "socket", "where", "address", "own", "call"}
    assert not (given | own | {"sizeof", "char"}) & set(found.names)
    assert found.options == (
        "CURLOPT_POST", "MHD_OPTION_SOCK_ADDR", "MHD_USE_EPOLL", "SO_REUSEADDR",
        "ZMQ_SUBSCRIBE",
    )  # fmt: skip


# --- Shares ---------------------------------------------------------------------------


def kinds(program: Program) -> list[str]:
    return [kind for source in program.sources for _, kind in classified(source)]


def test_python_statements_are_classified_by_purpose(read: Read) -> None:
    program = read(
        "import socket\n"
        "HEADER = Struct('!I')\n"
        "BACKOFF_S = 1\n"
        "def call(address, requests):\n"
        "    server = socket.create_connection(address)\n"
        "    for request in requests:\n"
        "        try:\n"
        "            server.send(HEADER.pack(len(request)))\n"
        "        except OSError:\n"
        "            server.close()\n"
        "            raise\n"
        "        yield server.recv(9)\n"
        "def insist():\n"
        "    x = 1\n"
    )
    assert kinds(program) == [
        "connection", "framing", "error", "business", "connection", "business", "error",
        "framing", "error", "error", "business", "error", "error",
    ]  # fmt: skip


def test_c_statements_are_classified_by_purpose(read: Read) -> None:
    program = read(
        "void serve(const char *address, handle_fn *handle)\n{\n"
        "    void *socket = zmq_socket(context, ZMQ_REP);\n"
        "    if (!socket)\n"
        '        fail("zmq_socket", zmq_strerror(zmq_errno()));\n'
        '    check(zmq_bind(socket, address), "zmq_bind");\n'
        "    length = ntohl(length);\n"
        "    if (length)\n"
        "        handle(data, size);\n"
        "}\n",
        name="cell.c",
    )
    assert kinds(program) == [
        "business", "connection", "error", "error", "connection", "framing", "business",
        "business",
    ]  # fmt: skip


CELLS = find_cells([IMPLEMENTATIONS])
CELLS += slides(CELLS)


@pytest.mark.parametrize("cell", CELLS, ids=[cell.id for cell in CELLS])
def test_each_statement_of_an_exhibit_is_in_one_class(cell: object) -> None:
    program = read_program(cell.path, cell.search)  # type: ignore[attr-defined]
    found = shares(program)
    assert tuple(found) == CLASSES
    assert sum(found.values()) == size_of(program).statements


@pytest.mark.parametrize("cell", CELLS, ids=[cell.id for cell in CELLS])
def test_every_name_of_a_library_has_a_purpose(cell: object) -> None:
    """A cell that begins to use another name has to say what that one is about."""
    names = surface(read_program(cell.path, cell.search)).names  # type: ignore[attr-defined]
    unknown = [name for name in names if words().class_of(name) is None]
    assert not unknown, f"add to bench/measure/code/shares.toml: {', '.join(unknown)}"


def used_by_exhibits() -> tuple[set[str], set[str]]:
    names: set[str] = set()
    parts: set[str] = set()
    for cell in CELLS:
        for source in read_program(cell.path, cell.search).sources:
            for statement in source.grammar.statements(source.tree):
                names.update(shares_module.names_in(statement, source.grammar))
                parts.update(statement.functions)
                parts.update(shares_module.defined(statement.node, source.grammar))
    return names, parts


def test_a_classified_name_is_used_by_a_program() -> None:
    names, parts = used_by_exhibits()
    for patterns in words().names.values():
        for pattern in patterns:
            assert any(fnmatchcase(name, pattern) for name in names), pattern
    for listed in words().parts.values():
        assert not set(listed) - parts


def test_a_name_in_two_classes_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = shares_module.TABLE.read_text()
    table = tmp_path / "shares.toml"
    table.write_text(text.replace('"pause",', '"pause", "bind",'))
    monkeypatch.setattr(shares_module, "TABLE", table)
    words.cache_clear()
    try:
        with pytest.raises(NoMiddleError, match="in two classes: bind"):
            words()
    finally:
        words.cache_clear()
