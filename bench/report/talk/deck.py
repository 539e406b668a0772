"""The template becomes one HTML file that needs nothing else, and a PDF of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bench.contract.model import PROJECT
from bench.errors import NoMiddleError
from bench.report.talk.listings import css, listing
from bench.report.talk.material import Material
from bench.report.talk.topologies import TOPOLOGIES, svg
from bench.run.archive import write_whole

TALK = PROJECT / "talk"
OUT = PROJECT / "build" / "talk"
"""Built, not committed: it is derived in a second from what is, and holds a library."""
PACKAGE = "reveal.js"
PAGE, PAPER, PRINT = "index.html", "print.html", "talk.pdf"
INSTALL_S, PRINT_S = 120, 120
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass(frozen=True)
class Assets:
    """The parts of reveal.js that the page contains."""

    script: Markup
    notes: Markup
    style: Markup


def _pinned() -> str:
    dependencies = json.loads((TALK / "package.json").read_text(encoding="utf-8"))[
        "dependencies"
    ]
    return str(dependencies[PACKAGE])


def fetch(folder: Path) -> Assets:
    """Return reveal.js in the version of talk/package.json, by npm where it is not there.

    Raises NoMiddleError where npm is missing or fails, with what to do.
    """
    home = folder / "node_modules" / PACKAGE
    described = home / "package.json"
    if (
        not described.exists()
        or json.loads(described.read_text(encoding="utf-8"))["version"] != _pinned()
    ):
        _install(folder)
    dist = home / "dist"
    style = (dist / "reset.css").read_text(encoding="utf-8") + (
        dist / "reveal.css"
    ).read_text(encoding="utf-8")
    return Assets(
        script=_script((dist / "reveal.js").read_text(encoding="utf-8")),
        notes=_script((dist / "plugin" / "notes.js").read_text(encoding="utf-8")),
        style=Markup(style),  # noqa: S704 - a pinned package
    )


def _install(folder: Path) -> None:
    if shutil.which("npm") is None:
        raise NoMiddleError(
            f"the slides need {PACKAGE} {_pinned()} and npm to get it: apt-get install npm"
        )
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(TALK / "package.json", folder / "package.json")
    options = ("--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund")
    try:
        ended = subprocess.run(
            ["npm", "install", *options],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoMiddleError(
            f"npm install in {folder} did not end within {INSTALL_S} s; run it yourself"
        ) from error
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["no word"])[-1]
        raise NoMiddleError(f"npm install in {folder} failed: {last}")


def _script(text: str) -> Markup:
    """Return a script that no string inside of it can end."""
    return Markup(text.replace("</script", "<\\/script"))  # noqa: S704 - a pinned package


def render(material: Material, assets: Assets | None, folder: Path = TALK) -> str:
    """Return the deck as one page; without ``assets`` the one that is printed.

    Raises UsageError for a number that is not there, by its id.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = {name: Markup(svg(made())) for name, made in TOPOLOGIES.items()}  # noqa: S704
    return environment.get_template("slides.html").render(
        **material.names(),
        listing=listing,
        topologies=drawn,
        assets=assets,
        style=Markup(css() + (folder / "slides.css").read_text(encoding="utf-8")),  # noqa: S704
    )


def build(reports: Path, out: Path = OUT) -> Path:
    """Write the deck and its version for paper, and return the deck's path."""
    out.mkdir(parents=True, exist_ok=True)
    material = Material(reports)
    write_whole(out / PAPER, render(material, None))
    write_whole(out / PAGE, render(material, fetch(out)))
    return out / PAGE


def browser() -> str | None:
    return next((name for name in BROWSERS if shutil.which(name)), None)


def print_pdf(page: Path) -> Path:
    """Print a deck for paper, each slide followed by its notes, and return the PDF's path.

    Raises NoMiddleError where there is no browser, or it fails.
    """
    name = browser()
    if name is None:
        raise NoMiddleError("a PDF needs a browser to print it: apt-get install chromium")
    pdf = page.with_name(PRINT)
    address = page.with_name(PAPER).resolve().as_uri()
    with tempfile.TemporaryDirectory(prefix="nomiddle-browser-") as profile:
        command = [
            name, *BROWSER, f"--user-data-dir={profile}", "--no-pdf-header-footer",
            f"--print-to-pdf={pdf.resolve()}", address,
        ]  # fmt: skip
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, timeout=PRINT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise NoMiddleError(f"{name} did not print {page} in {PRINT_S} s") from error
    if ended.returncode or not pdf.exists():
        raise NoMiddleError(f"{name} could not print {page}: {ended.stderr.strip()[-300:]}")
    return pdf
