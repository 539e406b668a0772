"""Which of a program's options would another system have? Answers that this one can give.

Names of options are counted, not behaviour: for that a program has to run elsewhere.
docs/platforms.md has what documentation says of other systems.
"""

from __future__ import annotations

import socket

from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq

SUBJECTS = {
    "so": "the options of every socket (SO_)",
    "tcp": "the options of TCP (TCP_)",
    "ip": "the options of IPv4 (IP_)",
    "ipv6": "the options of IPv6 (IPV6_)",
    "zmq": "the libzmq of this Python",
}
POSIX = {
    "so": "ACCEPTCONN BROADCAST DEBUG DOMAIN DONTROUTE ERROR KEEPALIVE LINGER OOBINLINE "
    "PROTOCOL RCVBUF RCVLOWAT RCVTIMEO REUSEADDR SNDBUF SNDLOWAT SNDTIMEO TYPE",
    "tcp": "NODELAY",
    "ip": "",
    "ipv6": "JOIN_GROUP LEAVE_GROUP MULTICAST_HOPS MULTICAST_IF MULTICAST_LOOP "
    "UNICAST_HOPS V6ONLY",
}
"""The options of POSIX.1-2024: <sys/socket.h>, <netinet/tcp.h> and <netinet/in.h>."""
FEATURES = ("ipc", "curve", "pgm", "norm", "tipc", "gssapi", "vmci", "draft")
"""The features that zmq_has(3) knows: a build has each, or lacks it."""


def options(kind: str) -> set[str]:
    """Return the options that Python's module has here, without their prefix."""
    prefix = f"{kind.upper()}_"
    return {name.removeprefix(prefix) for name in dir(socket) if name.startswith(prefix)}


def measure(_: Block) -> Found:
    """Count names; all blocks count the same."""
    import zmq

    here = {kind: options(kind) for kind in POSIX}
    there = {kind: {*names.split()} for kind, names in POSIX.items()}
    has = {name: zmq.has(name) for name in FEATURES}
    others = {kind: sorted(here[kind] - there[kind]) for kind in POSIX}
    return Found(
        {
            "options": {kind: len(names) for kind, names in here.items()},
            "in_posix": {kind: len(here[kind] & there[kind]) for kind in POSIX},
            "posix_here": {
                kind: len(here[kind] & names) / len(names)
                for kind, names in there.items()
                if names
            },
            "features": {"zmq": sum(has.values())},
        },
        {
            "Here, and not in POSIX": {kind: ", ".join(others[kind]) for kind in POSIX},
            "Built with": {"zmq": ", ".join(name for name in FEATURES if has[name])},
            "Built without": {"zmq": ", ".join(name for name in FEATURES if not has[name])},
        },
    )


EXPERIMENT = Experiment(
    name="platforms",
    asks="Which options of sockets does a program find here that no standard promises?",
    control="The options that POSIX names: all of them are here.",
    subjects=SUBJECTS,
    quantities={
        "options": Quantity("options", "Python knows {value} of {subject} here"),
        "in_posix": Quantity("options", "POSIX names {value} of {subject} that are here"),
        "posix_here": Quantity(
            "of POSIX's", "of {subject} that POSIX names, {value} are here", most=1.0
        ),
        "features": Quantity(
            "features",
            f"{{subject}} has {{value}} of {len(FEATURES)} features that a build may lack",
            most=len(FEATURES),
        ),
    },
    measure=measure,
    versions=libzmq,
)
