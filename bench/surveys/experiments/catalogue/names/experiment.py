"""A program that knows its peer by a name, where names cause trouble.

Each client has a network of its own, in which the only resolver is the experiment's. No
question for a name leaves it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.errors import TrialError
from bench.faults.network.hosts import Network
from bench.surveys.experiments.catalogue.names.asking import LIMIT_S, SILENT, SLOW_S
from bench.surveys.experiments.catalogue.names.clients import TIMEOUT_S
from bench.surveys.experiments.catalogue.names.resolver import ADDRESS
from bench.surveys.experiments.experiment import (
    Block,
    Experiment,
    Found,
    Quantity,
    libzmq,
)
from bench.surveys.experiments.processes import line, need, role, started
from bench.trial.requirements import version

ASKING = "bench.surveys.experiments.catalogue.names.asking"
RESOLVER_S = 1
FILES = {
    "resolv.conf": f"nameserver {ADDRESS[0]}\nsearch .\n"
    f"options timeout:{RESOLVER_S} attempts:1\n",
    "nsswitch.conf": "hosts: files dns\n",
}
"""The files that the C library reads in the network of a client."""
MOUNTED = "for file in resolv.conf nsswitch.conf; do mount --bind $0/$file /etc/$file; done"
DROPPED = f"""
table ip silence {{
  chain out {{
    type filter hook output priority 0;
    ip daddr {SILENT} drop
  }}
}}
"""
ALL_S = 60.0
SUBJECTS = {
    "sockets": "a program on BSD sockets (create_connection)",
    "streams": "a program on asyncio's streams",
    "requests": "a program on requests",
    "aiohttp": "a program on aiohttp",
    "pycurl": "a program on pycurl",
    "zmq": "a program on ZeroMQ",
}
WITHIN = f"(never: not within {LIMIT_S:g} s)"
QUANTITIES = {
    "plain_ms": Quantity("ms", "{subject} has an answer by name after {value} ms", 1e-3),
    "first_refuses_ms": Quantity(
        "ms",
        "{subject} has an answer after {value} ms if the first address of a name refuses "
        f"{WITHIN}",
        1e-3,
    ),
    "first_silent_ms": Quantity(
        "ms",
        "{subject} has an answer after {value} ms if the first address of a name is silent "
        f"and the timeout {1000 * TIMEOUT_S:g} ms {WITHIN}",
        1e-3,
    ),
    "undisturbed_ms": Quantity(
        "ms",
        "another conversation of {subject} stands still for {value} ms beside a lookup",
    ),
    "standstill_ms": Quantity(
        "ms",
        "another conversation of {subject} stands still for {value} ms beside a lookup "
        f"that takes {1000 * SLOW_S:g} ms",
    ),
    "told_ms": Quantity(
        "ms",
        "{subject} is told after {value} ms that nobody has a name (never: only by its own "
        "timeout)",
        1e-3,
    ),
    "gives_up_ms": Quantity(
        "ms",
        "{subject} gives up after {value} ms with a timeout of "
        f"{1000 * TIMEOUT_S:g} ms if the resolver says nothing",
        1e-3,
    ),
    "moved_ms": Quantity(
        "ms",
        "{subject} finds a peer that has moved to another address of its name after "
        f"{{value}} ms {WITHIN}",
        1e-3,
    ),
}


def asked(subject: str, folder: Path) -> Mapping[str, Any]:
    """Return values and words of one subject.

    Raises TrialError if even the control finds no peer: then another resolver answers.
    """
    with Network("here") as network:
        network.run("here", "nft", "-f", "-", said=DROPPED)
        mounted = [need("unshare", "util-linux"), "--mount", "sh", "-ec"]
        enter = [*network.enter("here"), *mounted, f'{MOUNTED}; exec "$@"', str(folder)]
        with started(role(ASKING, subject), enter=enter) as client:
            found: Mapping[str, Any] = json.loads(line(client, ALL_S))
    if found["values"]["plain_ms"] > LIMIT_S * 1000:
        raise TrialError(
            f"{subject} finds no name by the experiment's resolver: end nscd, if it runs"
        )
    return found


def measure(block: Block) -> Found:
    """Ask in all networks at once: they mostly wait."""
    for name, text in FILES.items():
        (block.folder / name).write_text(text)
    order = block.random.sample([*SUBJECTS], len(SUBJECTS))
    with ThreadPoolExecutor(len(order)) as pool:
        every = dict(
            zip(order, pool.map(lambda name: asked(name, block.folder), order), strict=True)
        )
    values = {
        quantity: {name: every[name]["values"][quantity] for name in SUBJECTS}
        for quantity in QUANTITIES
    }
    answers = {
        question: {name: every[name]["words"][case] for name in SUBJECTS}
        for case, question in {
            "unknown": "A name that nobody has",
            "unanswered": "A resolver that says nothing",
        }.items()
    }
    return Found(values, answers)


def versions() -> Mapping[str, str]:
    packages = ("requests", "aiohttp", "pycurl")
    return {**libzmq(), **{name: version(name) or "none" for name in packages}}


EXPERIMENT = Experiment(
    name="names",
    asks="What becomes of a program whose peer has a name, where names cause trouble?",
    control="The name of one address, from a resolver that answers at once.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    versions=versions,
)
