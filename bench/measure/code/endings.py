"""Count the statements of a program that return from a role and free its memory.

A program in C needs them: the harness has its roles stop, and searches for leaks. Programs
in Python are killed, and the interpreter frees their memory. So these statements in C are a
duty of the comparison, and no cost of the language.
"""

from __future__ import annotations

from functools import lru_cache

from tree_sitter import Node

from bench.measure.code.shares import defined, names_in
from bench.measure.code.size import Program, Source

STOPPING = "stopping"
NAMES = frozenset(
    {
        STOPPING, "expect_stopping", "pause", "asked_to_stop", "CURLOPT_XFERINFOFUNCTION",
        "CURLOPT_NOPROGRESS", "ZMQ_BLOCKY",
        "free", "freeaddrinfo", "close", "shutdown", "pthread_join", "sem_destroy",
        "close_inbox", "close_session", "close_outbox", "close_subscribers", "end_welcome",
        "end_connections", "zmq_close", "zmq_ctx_term", "zmq_msg_close",
        "curl_easy_cleanup", "curl_slist_free_all", "curl_global_cleanup",
        "curl_multi_cleanup", "curl_multi_remove_handle", "MHD_stop_daemon",
        "MHD_destroy_response", "MHD_OPTION_NOTIFY_COMPLETED",
    }
)  # fmt: skip
"""Names of the C library and of the host that end or free something."""
PARTS = frozenset(
    {
        "expect_stopping", "asked_to_stop", "close_inbox", "close_session", "close_outbox",
        "close_subscribers", "end_welcome", "end_connections", "end_request",
    }
)  # fmt: skip
"""Functions with no other purpose."""


def endings(program: Program) -> int:
    """Return the number of such statements; 0 for a language that needs none."""
    return sum(map(_of_file, program.sources))


@lru_cache(maxsize=256)
def _of_file(source: Source) -> int:
    if source.path.suffix not in (".c", ".h"):
        return 0
    asking: set[int] = set()
    count = 0
    for statement in source.grammar.statements(source.tree):
        names = set(names_in(statement, source.grammar))
        functions = {*statement.functions, *defined(statement.node, source.grammar)}
        if STOPPING in names and statement.node.type == "if_statement":
            asking.add(statement.node.id)
        about = names & NAMES or functions & PARTS or _is_below(statement.node, asking)
        count += bool(about)
    return count


def _is_below(node: Node, asking: set[int]) -> bool:
    """Return whether a statement runs only if a test finds that the role must stop."""
    parent = node.parent
    while parent is not None and parent.type in ("compound_statement", "else_clause"):
        parent = parent.parent
    return parent is not None and parent.id in asking
