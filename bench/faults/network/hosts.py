"""Hosts on one machine: a network namespace for each, and one in their middle.

Every host has its own address and loopback. The middle forwards packets between hosts, so
that faults of the link happen outside of all hosts, as with a cable. A user without
privileges gets a user namespace with them.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from bench.errors import NotMeasurable, TrialError
from bench.faults.network.helper import Helper
from bench.faults.network.tools import tool
from bench.trial.kernel_files import ROOT, text

MIDDLE = "middle"
BRIDGE = "segment"
INTERFACE = "eth0"
NAME_CHARACTERS_MAX = 12
"""The longest name of a host, because an interface is named after it."""
ANSWER_S = 20.0
FORWARDING = "/proc/sys/net/ipv4/ip_forward"
REFUSED = re.compile("unshare: (?!failed to execute)")
NO_CABLES = re.compile("not supported|Unknown device type")
SWITCHES = (
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("user.max_user_namespaces", "0", "15000"),
    ("user.max_net_namespaces", "0", "15000"),
)
"""Settings of the kernel, each with the values that refuse and that allow namespaces."""


def remedy(root: Path) -> str:
    """Return how to allow namespaces, from the settings of a kernel below ``root``."""
    for name, refuses, allows in SWITCHES:
        if text(root, f"proc/sys/{name.replace('.', '/')}").strip() == refuses:
            return f"sudo sysctl {name}={allows}, or measure as root"
    return (
        "measure as root; in a container, with the capabilities SYS_ADMIN and NET_ADMIN "
        "(docker run --cap-add SYS_ADMIN --cap-add NET_ADMIN)"
    )


class Network:
    """Hosts by name, each with its own network; a context manager.

    A single host has only its loopback; a middle joins several hosts. It is a router, or
    with ``segment`` a switch: then broadcasts reach all hosts. Processes in a host
    must be killed before ``close``, which forgets the namespaces: the kernel removes a
    namespace when the last process has left it. The thread that makes a network must live
    as long as the network (see ``Helper``).

    Raises NotMeasurable if namespaces are refused or a program is missing, and TrialError
    for any other failure.
    """

    def __init__(self, *hosts: str, segment: bool = False) -> None:
        if not hosts or MIDDLE in hosts or len({*hosts}) < len(hosts):
            raise ValueError(f"hosts need names of their own, {MIDDLE} is taken: {hosts}")
        if any(len(host) > NAME_CHARACTERS_MAX for host in hosts):
            raise ValueError(f"a name has {NAME_CHARACTERS_MAX} letters at most: {hosts}")
        self.hosts, self._segment = hosts, segment
        self._user = ""
        self._holder = self._hold()
        try:
            self._join()
        except BaseException:
            self.close()
            raise

    @property
    def is_joined(self) -> bool:
        """Whether there is a middle, and so a link that can have faults."""
        return len(self.hosts) > 1

    def _hold(self) -> Helper:
        spec = {"namespaces": [*self.hosts, *([MIDDLE] if self.is_joined else [])]}
        as_root = [tool("unshare"), "--user", "--map-root-user"]
        refused = ""
        for before in [[], as_root] if os.geteuid() == 0 else [as_root]:
            try:
                holder = Helper("bench.faults.network.holder", spec, before)
            except TrialError as error:
                refused = str(error)
                if not REFUSED.match(refused):
                    raise
                continue
            if before:
                self._user = f"/proc/{holder.process.pid}/ns/user"
            return holder
        raise NotMeasurable(
            f"network namespaces are refused here ({refused}): {remedy(ROOT)}"
        )

    def _join(self) -> None:
        if not self.is_joined:
            self._ip(self.hosts[0], "link set lo up")
            return
        try:
            self._ip(MIDDLE, "link set lo up", *self._cables())
        except TrialError as error:
            if not NO_CABLES.search(str(error)):
                raise
            raise NotMeasurable(
                f"this kernel cannot connect network namespaces ({error}): use one with "
                "the module veth"
            ) from error
        if not self._segment:
            self.set_in_middle(FORWARDING, "1")
        for host in self.hosts:
            way = [] if self._segment else [f"route add default via {self._gateway(host)}"]
            self._ip(
                host,
                "link set lo up",
                f"addr add {self.address(host)}/24 brd + dev {INTERFACE}",
                f"link set {INTERFACE} up",
                *way,
            )

    def _cables(self) -> Iterator[str]:
        if self._segment:
            yield f"link add {BRIDGE} type bridge"
            yield f"link set {BRIDGE} up"
        for host in self.hosts:
            far_end = f"name {INTERFACE} netns {self._holder.ready[host]}"
            interface = self.interface(host)
            yield f"link add {interface} type veth peer {far_end}"
            if self._segment:
                yield f"link set {interface} master {BRIDGE}"
            else:
                yield f"addr add {self._gateway(host)}/24 dev {interface}"
            yield f"link set {interface} up"

    def _ip(self, where: str, *lines: str) -> None:
        self.run(where, "ip", "-batch", "-", said="\n".join(lines) + "\n")

    def address(self, host: str) -> str:
        """Return a host's IP address, which cannot be reached from other networks."""
        if not self.is_joined:
            return "127.0.0.1"
        number = 1 + self.hosts.index(host)
        return f"10.0.0.{number}" if self._segment else f"10.0.{number}.2"

    @property
    def broadcast(self) -> str:
        """The address of all hosts of a segment."""
        assert self._segment
        return "10.0.0.255"

    def interface(self, host: str) -> str:
        """Return the name of the middle's interface towards a host."""
        return f"to_{host}"

    def _gateway(self, host: str) -> str:
        return f"10.0.{1 + self.hosts.index(host)}.1"

    def others(self, host: str) -> list[str]:
        return [other for other in self.hosts if other != host]

    def enter(self, where: str) -> list[str]:
        """Return the words before a command that run it in a host or in the middle.

        They become that command without forking, with the same process id and parent.
        """
        user = [f"--user={self._user}", "--preserve-credentials"] if self._user else []
        return [tool("nsenter"), *user, f"--net={self._holder.ready[where]}", "--"]

    def namespaces(self, where: str) -> list[str]:
        """Return the files of the namespaces of a host, in the order to enter them."""
        return [*([self._user] if self._user else []), self._holder.ready[where]]

    def run(self, where: str, *command: str, said: str = "") -> str:
        """Run a command in a host or in the middle, and return its output.

        Raises NotMeasurable if it is not installed, and TrialError if it fails.
        """
        name, *words = command
        try:
            ended = subprocess.run(
                [*self.enter(where), tool(name), *words],
                input=said,
                capture_output=True,
                text=True,
                timeout=ANSWER_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TrialError(f"{name} did not end within {ANSWER_S:g} s") from None
        if ended.returncode:
            raise TrialError(f"{' '.join(command)}: {ended.stderr.strip()}")
        return ended.stdout

    def set_in_middle(self, path: str, value: str) -> None:
        """Set a value of the middle's own kernel tables.

        Raises NotMeasurable if it differs and cannot be changed.
        """
        try:
            self.run(MIDDLE, "tee", path, said=value)
        except TrialError as error:
            if self.run(MIDDLE, "cat", path).strip() == value:
                return
            raise NotMeasurable(
                f"{path} has to be {value} ({error}): make /proc/sys writable (docker "
                "run --privileged)"
            ) from error

    def ask_middle(self, do: str, **more: Any) -> dict[str, Any]:
        """Send a command to the process in the middle (see ``network.holder``)."""
        return self._holder.ask(do=do, **more)

    def close(self) -> None:
        """Forget the namespaces; harmless if done before."""
        self._holder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
