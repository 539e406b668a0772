"""The version and the date of an installed package, from its package manager."""

from __future__ import annotations

import email.utils
import gzip
import json
import re
import subprocess
from importlib import metadata
from pathlib import Path

from bench.contract.model import PROJECT
from bench.surveys.languages.catalog import Binding

DOCUMENTS = Path("/usr/share/doc")
DEBIAN, PYPI, NPM = "Debian", "PyPI", "npm"
TRAILER = re.compile(r"^ -- .*?>  (.+)$", re.MULTILINE)
"""The line with the date that ends an entry in a changelog of Debian."""


def _debian_version(package: str) -> str | None:
    words = ["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Version}"]
    try:
        ended = subprocess.run(
            [*words, package], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    status, _, version = ended.stdout.partition(" ")
    return version if status == "installed" else None


def _debian_date(package: str) -> str:
    """Return the date of the newest entry in a package's changelog, or an empty string."""
    for name in ("changelog.Debian.gz", "changelog.gz"):
        path = DOCUMENTS / package / name
        if path.exists():
            with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
                found = TRAILER.search(file.read())
            if found:
                return email.utils.parsedate_to_datetime(found[1]).date().isoformat()
    return ""


def _pypi_version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _npm_version(binding: Binding) -> str | None:
    path = PROJECT / binding.prefix / "node_modules" / binding.package / "package.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return None


def version(binding: Binding) -> str | None:
    """Return the installed version of a binding, or None."""
    if binding.source == PYPI:
        return _pypi_version(binding.package)
    if binding.source == NPM:
        return _npm_version(binding)
    versions = [_debian_version(name) for name in binding.package.split()]
    return None if None in versions else versions[0]


def released(binding: Binding) -> str:
    """Return the date of the changelog of an installed Debian package, or an empty string.

    On that date this version was packaged. The binding's authors may have released it
    earlier. Packages of PyPI and npm carry no date.
    """
    if binding.source != DEBIAN:
        return ""
    return _debian_date(binding.package.split()[0])


def how(binding: Binding) -> str:
    """Return the command that installs a binding."""
    if binding.source == PYPI:
        return f"python -m pip install {binding.package}"
    if binding.source == NPM:
        return f"npm install --prefix {binding.prefix} {binding.package}"
    return f"apt-get install {binding.package}"
