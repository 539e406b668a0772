"""Every embedded server is asked everything; what they say becomes one document."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bench import surveys
from bench.embedding import QUESTIONS, questions
from bench.embedding.programs import (
    NODE,
    Embedded,
    command,
    lacking,
    package_version,
)
from bench.embedding.questions import Answer, Asked
from bench.embedding.speech import SPEECHES, Gone, ask
from bench.errors import NoMiddleError
from bench.machine import HARNESS, describe
from bench.measure.size import size

FORMAT = 1
SIDE_BY_SIDE = 3
COUNTED = ("statements", "tokens", "gzip_bytes", "lines")
Row = dict[str, Any]


def answers(asked: Asked) -> tuple[dict[str, Answer], Row]:
    """Ask one program everything; return its answers and what was counted meanwhile.

    Raises NotServing where it does not even serve at its loopback address.
    """
    found: dict[str, Answer] = {}
    with (
        asked.running() as waiting,
        asked.running() as server,
        ThreadPoolExecutor(len(questions.PATIENT)) as pool,
    ):
        patient = {
            name: pool.submit(question, asked, waiting)
            for name, question in questions.PATIENT.items()
        }
        with asked.client(server) as sock:
            ask(asked.speech, sock, questions.MESSAGE)
            threads = server.threads()
        for name, quick in questions.QUICK.items():
            found[name] = answered(partial(quick, asked, server))
        for name, elsewhere in questions.ELSEWHERE.items():
            found[name] = answered(partial(elsewhere, asked))
        found["stop"], stop_ms = questions.stop(asked)
        for name, future in patient.items():
            found[name] = answered(future.result)
    counted = {"threads": threads, "stop_ms": stop_ms}
    return {name: found[name] for name in QUESTIONS}, counted


def answered(question: Callable[[], Answer]) -> Answer:
    """Return an answer, also where a program broke down over the question."""
    try:
        return question()
    except (OSError, Gone) as error:
        return Answer("serves nobody any more", f"{type(error).__name__}: {error}")


def row(program: Embedded) -> Row:
    """Return all that is known of one program; without answers where it cannot run."""
    counted = asdict(size(program.path, program.search))
    about: Row = {
        "key": program.key,
        "stack": program.stack.name,
        "language": program.language,
        "label": program.label,
        "main": program.is_main,
        "file": program.path.name,
        "lacks": lacking(program),
        **{name: counted[name] for name in COUNTED},
        "files": [file.name for file in counted["files"]],
        "answers": {},
    }
    if about["lacks"]:
        return about
    with tempfile.TemporaryDirectory(prefix="nomiddle-") as folder:
        speech = SPEECHES[program.stack.name]
        try:
            asked = Asked(command(program), speech, Path(folder))
            found, counted = answers(asked)
        except NoMiddleError as error:
            return {**about, "lacks": f"does not serve: {error}"}
    return {**about, **counted, "answers": {k: asdict(v) for k, v in found.items()}}


def survey(programs: Sequence[Embedded], done: Callable[[str], None]) -> Row:
    """Ask all of these programs; ``done`` is told of each.

    Those in C are built first, so that no compiler runs beside a program that is asked.
    """
    stacks = {program.stack.name: program.stack for program in programs}
    about = describe(list(stacks.values()))
    versions = {k: v for k, v in about["versions"].items() if k not in HARNESS}
    began = surveys.opening(about, versions | node_versions(programs))
    for program in programs:
        if program.language == "c" and not lacking(program):
            command(program)

    def asked(program: Embedded) -> Row:
        made = row(program)
        done(f"{program.key:32} {made['lacks'] or 'answered'}")
        return made

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        rows = list(pool.map(asked, programs))
    return {
        "format": FORMAT,
        **began,
        "stacks": {name: {"label": stack.label} for name, stack in stacks.items()},
        "questions": QUESTIONS,
        "programs": rows,
    }


def node_versions(programs: Iterable[Embedded]) -> dict[str, str]:
    """Return the versions of Node.js and of the packages that programs in it need."""
    found = {}
    try:
        said = subprocess.run(
            [NODE, "--version"], capture_output=True, text=True, check=True
        )
        found["Node.js"] = said.stdout.strip().removeprefix("v")
    except (OSError, subprocess.CalledProcessError):
        return {}
    for program in programs:
        pins = program.path.parent / "package.json"
        if program.language == "javascript" and pins.exists():
            for name in json.loads(pins.read_text())["dependencies"]:
                if version := package_version(program.path.parent, name):
                    found[f"{name} (npm)"] = version
    return found
