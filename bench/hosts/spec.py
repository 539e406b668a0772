"""The specification of a host: one JSON document, for hosts in Python and in C.

Trials of speed and of failure write the same document. Fields that a trial does not need
keep their defaults. ``spec.c`` reads it under the same names. The classes are named tuples,
because ``dataclasses`` would load ``inspect`` beside every program that is measured.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class RoleSpec(NamedTuple):
    """One role that a host runs."""

    id: str
    """``serve.0``: events, results and files carry it. Both hosts read it."""
    name: str
    """The function of the program. Both hosts."""
    addresses: tuple[str | tuple[str, ...], ...]
    """The URLs that the function is given, in Python also tuples of them. Both hosts."""
    drives: bool
    """Whether it is given a stream of messages. Both hosts."""
    handles: bool
    """Whether it is given a handle. Both hosts."""
    consumes: bool
    """Whether what it yields is recorded. Both hosts."""
    sender: int
    """The number that its messages, or its replies to early ones, carry. Both hosts."""
    expected: int = 0
    """How many messages end the window of a consumer. Recorders of both hosts."""
    incarnation: int = 0
    """How many processes played the role before. Supervised roles."""
    work_s: float = 0.0
    """How long its handle takes for each message. Supervised roles."""
    store: str = ""
    """The URL of the database that its handle uses. Supervised roles."""


class HostSpec(NamedTuple):
    """One host: its program, its roles, and their messages."""

    parent: int
    """The process id of the harness: a host ends with it. Both hosts."""
    folder: str
    """Where results, ledgers and temporary files go. Both hosts."""
    roles: tuple[RoleSpec, ...]
    """The roles to run, each in a thread. The host in C runs one."""
    messages: int
    """How many messages a driver gives, or a ledger has room for. Both hosts."""
    warm_up: int
    """How many messages precede the window. Streams of both hosts."""
    size_bytes: int
    """The size of each message, where ``sizes_bytes`` is empty. Both hosts."""
    cell: str = ""
    """The file of the program. The Python host; that in C is linked with its program."""
    search: tuple[str, ...] = ()
    """The folders from which a program may import. The Python host."""
    loop: str = ""
    """The module of the event loop, '' for Python's own. The Python host."""
    cpus: tuple[int, ...] = ()
    """The CPUs that the host may use, all if there are none. Both hosts."""
    in_turn: bool = False
    """Whether roles run one after the other in one thread. The Python host."""
    sizes_bytes: tuple[int, ...] = ()
    """The sizes of messages in turn, in conformance. Both hosts."""
    checking: bool = False
    """Whether each message is checked, and handles change it. Both hosts."""
    transforms: bool = False
    """Whether a handle has changed what consumers get. Recorders of both hosts."""
    stays_open: bool = False
    """Whether a stream waits after its last message. Streams of both hosts."""
    stamp_each: bool = False
    """Whether each message is stamped. Streams and recorders of both hosts."""
    turns: int = 0
    """Into how many equal turns the window is cut, 0 if it is not. Both hosts."""
    interval_s: float | None = None
    """The pace of the window, or of join under a supervisor. Streams of both hosts."""
    burst: int = 1
    """How many messages are given at each moment of a paced window. Both hosts."""
    limit_s: float | None = None
    """After how long the window of a pilot ends. Streams of both hosts."""
    together_s: float = 0.0
    """How long each handle waits for another one. Handles of both hosts."""
    rate_hz: float | None = None
    """How many messages a second an open loop offers. The Python host's streams."""
    arrivals_seed: int = 0
    """The seed of the moments of an open loop. The Python host's streams."""
    connections: int = 0
    """How many connections a driver gives messages in turn, 0 for one. The Python host."""
    afresh: bool = False
    """Whether a driver opens a connection for each message. The Python host."""
    evenly: bool = False
    """Whether those moments are evenly spaced. The Python host's streams."""
    busy_ns: int = 0
    """How long each message keeps a handle busy. The Python host's handles."""
    stall_at: int = -1
    """The number of the one message that stalls a handle. The Python host's handles."""
    stall_ns: int = 0
    """How long that message takes. The Python host's handles."""
    supervised: bool = False
    """Whether roles that fail are called again, and keep ledgers. The Python host."""
    leaves: bool = False
    """Whether the process ends with its role. The Python host."""
    senders: int = 0
    """How many drivers a ledger has room for. Supervised roles."""

    def to_json(self) -> str:
        """Return the one argument of a host."""
        roles = [role._asdict() for role in self.roles]
        return json.dumps(self._asdict() | {"roles": roles})


def read_spec(text: str) -> HostSpec:
    """Return what ``HostSpec.to_json`` wrote."""
    told = json.loads(text)
    roles = tuple(RoleSpec(**_frozen(role)) for role in told.pop("roles"))
    return HostSpec(roles=roles, **_frozen(told))


def _frozen(told: dict[str, Any]) -> dict[str, Any]:
    return {name: _tuples(value) for name, value in told.items()}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
