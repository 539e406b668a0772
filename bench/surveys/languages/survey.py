"""The survey: abilities of each language on this machine, each with a reason.

An answer is true, false, or None if nothing was tried. For HTTP, an answer is also false
without an experiment if the standard library has no client or server. A binding that was
not tried neither works nor fails, wherever it is published.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.run.progress import Steps, steps
from bench.surveys import document
from bench.surveys.languages import packages
from bench.surveys.languages.catalog import Binding, Language, PeerProgram, read_catalog
from bench.surveys.languages.conversation import (
    MESSAGES,
    ask_server,
    hear_client,
    http_server,
    zmq_server,
)
from bench.surveys.languages.peers import Peer, PeerError

FORMAT = 2
REGISTRIES = "Debian 12, PyPI or npm"
VERSION = re.compile(r"\d+(\.\d+)*")
Tried = tuple[bool | None, str]
Row = dict[str, Any]


def _tried(trial: Callable[[], None]) -> Tried:
    try:
        trial()
    except PeerError as error:
        return False, str(error)
    return True, ""


def try_binding(language: Language, binding: Binding) -> Tried:
    """Have a REQ socket of this binding talk to Python's REP."""

    def trial() -> None:
        peer = Peer(language, binding.part)
        peer.build()
        with zmq_server() as server:
            hear_client(peer, server)

    lacks = [language.how] if language.command is None else []
    lacks += [packages.how(binding)] if packages.version(binding) is None else []
    if lacks:
        return None, f"not installed: {', and '.join(lacks)}"
    return _tried(trial)


def _try_http(language: Language, part: PeerProgram, talk: Callable[[Peer], None]) -> Tried:
    def trial() -> None:
        peer = Peer(language, part)
        peer.build()
        talk(peer)

    if not part.what:
        return False, part.why
    if language.command is None:
        return None, f"not installed: {language.how}"
    return _tried(trial)


def try_http_client(language: Language) -> Tried:
    """Have the client of the standard library POST to Python's server."""

    def talk(peer: Peer) -> None:
        with http_server() as server:
            hear_client(peer, server)

    return _try_http(language, language.http_client, talk)


def try_http_server(language: Language) -> Tried:
    """POST to the server of the standard library, with Python's client."""
    return _try_http(language, language.http_server, ask_server)


def language_version(language: Language) -> str:
    """Return the version of the installed compiler or interpreter, or an empty string."""
    if not language.command:
        return ""
    words = [word.format(command=language.command) for word in language.version]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    found = VERSION.search(ended.stdout + ended.stderr)
    return found[0] if found else ""


def _binding_columns(language: Language, binding: Binding | None) -> Row:
    if binding is None:
        return {
            "binding": "",
            "version": "",
            "source": "",
            "package": "",
            "released": "",
            "elsewhere": language.elsewhere,
            "interoperates": None,
            "reason": f"not in {REGISTRIES}; published elsewhere: {language.elsewhere}",
        }
    interoperates, reason = try_binding(language, binding)
    return {
        "binding": binding.part.what,
        "version": packages.version(binding) or "",
        "source": binding.source,
        "package": binding.package,
        "released": packages.released(binding),
        "elsewhere": language.elsewhere,
        "interoperates": interoperates,
        "reason": reason,
    }


def _rows(language: Language, shown: Steps) -> Iterator[Row]:
    """Yield a row for each binding, at least one; all have the same answers for HTTP."""
    about: Row = {
        "language": language.name,
        "listed_for": language.listed_for,
        "installed": language.command is not None,
        "command": Path(language.command or "").name,
        "language_version": language_version(language),
    }
    http: Row = {}
    for name, tried in (("client", try_http_client), ("server", try_http_server)):
        shown.now(f"{language.name}: HTTP {name}")
        works, reason = tried(language)
        part: PeerProgram = getattr(language, f"http_{name}")
        http[f"http_{name}"] = part.what
        http[f"http_{name}_works"] = works
        http[f"http_{name}_reason"] = reason
    bindings: Sequence[Binding | None] = language.bindings or (None,)
    for binding in bindings:
        shown.now(f"{language.name}: {binding.part.what if binding else 'ZeroMQ'}")
        row = {**about, **_binding_columns(language, binding), **http}
        shown.done(line(row))
        yield row


def line(row: Row) -> str:
    """Return a row as progress shows it."""
    words = {True: "yes", False: "no", None: "not tried"}
    binding = row["binding"] or "ZeroMQ"
    answers = {
        f"{binding}": (row["interoperates"], row["reason"]),
        "HTTP client": (row["http_client_works"], row["http_client_reason"]),
        "HTTP server": (row["http_server_works"], row["http_server_reason"]),
    }
    said = [
        f"{what} {words[answer]}{reason and f' ({reason})'}"
        for what, (answer, reason) in answers.items()
    ]
    return f"{row['language']}: {', '.join(said)}"


def survey(languages: Sequence[Language], guide: Row) -> Row:
    """Return the document of a survey: time, machine, cited facts, and the rows."""
    from bench.run.machine import describe

    began = document.opening(describe([]), versions())
    total = sum(max(len(language.bindings), 1) for language in languages)
    with steps("surveying", total) as shown:
        rows = [row for language in languages for row in _rows(language, shown)]
    return {
        "format": FORMAT,
        **began,
        "registries": REGISTRIES,
        "message_bytes": [len(message) for message in MESSAGES],
        "guide": guide,
        "rows": rows,
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and libzmq, with which all bindings are tested."""
    from bench.trial.requirements import version as installed
    from bench.trial.versions import native_versions

    return {"pyzmq": installed("pyzmq") or "", **native_versions()}


def write(out: Path) -> Row:
    """Survey all languages and write the document. Raises OSError if it cannot."""
    out.parent.mkdir(parents=True, exist_ok=True)
    found = survey(*read_catalog())
    document.write(out, found)
    return found
