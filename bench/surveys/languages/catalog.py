"""The list of languages, their bindings of ZeroMQ, and their own HTTP libraries."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CATALOG = Path(__file__).parent / "languages.toml"
WIDE_USE, ZMQ_PACKAGE = "wide use", "zmq package"
"""Why a language is in the list. The second reason favours ZeroMQ."""
ZMQ_CLIENT, HTTP_CLIENT, HTTP_SERVER = "zmq_client", "http_client", "http_server"


@dataclass(frozen=True)
class PeerProgram:
    """A program to try: its library, and how to build and run it if that is unusual.

    ``what`` is the library. It is empty if there is nothing to try; ``why`` is the reason.
    """

    peer: str
    what: str = ""
    why: str = ""
    build: Sequence[str] = ()
    run: Sequence[str] = ()
    libraries: Sequence[str] = ()


@dataclass(frozen=True)
class Binding:
    """A binding of ZeroMQ: its program, and the packages that install it.

    ``source`` is PyPI, npm or Debian. ``package`` has the names there, with spaces.
    ``prefix`` is the folder below the project in which npm installs.
    """

    part: PeerProgram
    source: str
    package: str
    prefix: str = ""


@dataclass(frozen=True)
class Language:
    """A language. ``commands`` are the names of its compiler or interpreter.

    ``elsewhere`` is a binding that was not tried, and where it is published. ``listed_for``
    is why the language is in the list.
    """

    name: str
    folder: str
    commands: Sequence[str]
    package: str
    version: Sequence[str]
    http_client: PeerProgram
    http_server: PeerProgram
    bindings: Sequence[Binding] = field(default=())
    elsewhere: str = ""
    listed_for: str = WIDE_USE

    @property
    def command(self) -> str | None:
        """The first of its commands that is on PATH."""
        return next(filter(None, map(shutil.which, self.commands)), None)

    @property
    def how(self) -> str:
        """The command that installs the compiler or interpreter."""
        return f"apt-get install {self.package}"


def _part(found: Mapping[str, Any], peer: str, language: Mapping[str, Any]) -> PeerProgram:
    names = ("what", "why", "libraries", "peer")
    given = {name: found[name] for name in names if name in found}
    built = found.get("build", () if "run" in found else language.get("build", ()))
    run = found.get("run", language.get("run", ()))
    return PeerProgram(**{"peer": peer, "build": built, "run": run, **given})


def _language(found: Mapping[str, Any]) -> Language:
    names = ("name", "folder", "commands", "package", "version", "elsewhere", "listed_for")
    bindings = [
        Binding(
            _part(one, ZMQ_CLIENT, found),
            one["from"],
            one["package"],
            one.get("prefix", ""),
        )
        for one in found.get("bindings", ())
    ]
    return Language(
        **{name: found[name] for name in names if name in found},
        http_client=_part(found[HTTP_CLIENT], HTTP_CLIENT, found),
        http_server=_part(found[HTTP_SERVER], HTTP_SERVER, found),
        bindings=bindings,
    )


def read_catalog(path: Path = CATALOG) -> tuple[list[Language], dict[str, Any]]:
    """Return the languages, and the facts that are cited from ZeroMQ's guide."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_language(one) for one in found["languages"]], found["guide"]
