"""Ask every embedded server all questions, and make one document of the answers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

from bench.errors import NoMiddleError
from bench.measure.code.size import size
from bench.run.machine import HARNESS, describe
from bench.surveys import document
from bench.surveys.embedding import questions
from bench.surveys.embedding.asking import MESSAGE, Asked, ServerAnswer
from bench.surveys.embedding.programs import (
    NODE,
    Embedded,
    command,
    lacking,
    package_version,
)
from bench.surveys.embedding.speech import SPEECHES, Gone, ask
from bench.trial.scratch import scratch_folder

QUESTIONS = {
    "keep_alive": "A connection that is idle after a reply",
    "max_body": "The largest request",
    "max_header": "The largest header",
    "header_timeout": "A client that never finishes its header",
    "concurrency": "Eight clients at once",
    "disconnect": "A client that is gone before its reply",
    "bad_request": "A client that talks nonsense",
    "head": "The method HEAD",
    "ipv6": "An IPv6 address",
    "unix_socket": "A local socket's path",
    "stop": "Stopped by the program, with clients connected",
    "port_0": "Port 0: where does it listen?",
}
"""The questions, by their names in the document."""

FORMAT = 1
SIDE_BY_SIDE = 3
COUNTED = ("statements", "tokens", "gzip_bytes", "lines")
Row = dict[str, Any]


def answers(asked: Asked) -> tuple[dict[str, ServerAnswer], Row]:
    """Ask one program all questions; return its answers, and counts made meanwhile.

    Raises NotServing if the program does not serve at its loopback address.
    """
    found: dict[str, ServerAnswer] = {}
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
            ask(asked.speech, sock, MESSAGE)
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


def answered(question: Callable[[], ServerAnswer]) -> ServerAnswer:
    """Return the answer to a question, also if the program failed during the experiment."""
    try:
        return question()
    except (OSError, Gone) as error:
        return ServerAnswer("serves nobody any more", f"{type(error).__name__}: {error}")


def row(program: Embedded) -> Row:
    """Return the row of one program; it has no answers if the program cannot run here."""
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
    with scratch_folder() as folder:
        speech = SPEECHES[program.stack.name]
        try:
            asked = Asked(command(program), speech, folder)
            found, counted = answers(asked)
        except NoMiddleError as error:
            return {**about, "lacks": f"does not serve: {error}"}
    return {**about, **counted, "answers": {k: asdict(v) for k, v in found.items()}}


def survey(programs: Sequence[Embedded], done: Callable[[str], None]) -> Row:
    """Ask all of these programs, and call ``done`` with a label after each.

    Programs in C are built first, so that no compiler runs beside an experiment.
    """
    stacks = {program.stack.name: program.stack for program in programs}
    about = describe(list(stacks.values()))
    versions = {k: v for k, v in about["versions"].items() if k not in HARNESS}
    began = document.opening(about, versions | node_versions(programs))
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
    """Return the versions of Node.js and of the packages that these programs need."""
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
            for name in json.loads(pins.read_text(encoding="utf-8"))["dependencies"]:
                if version := package_version(program.path.parent, name):
                    found[f"{name} (npm)"] = version
    return found
