"""How many files a host may open: a connection is one, or two."""

from __future__ import annotations

from bench.errors import NotMeasurable
from bench.trial.site import Host

BESIDE = 100
"""The files that a host has open beside its connections."""
PER_CONNECTION = 3
"""The files that a host may open for each connection; ZeroMQ's client has two."""


def allow_connections(host: Host, connections: int) -> None:
    """Let a host have so many connections. Raises NotMeasurable if it may not."""
    import resource  # Linux has it; reading and reporting work elsewhere

    files = BESIDE + PER_CONNECTION * connections
    soft, hard = resource.prlimit(host.pid, resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if hard != unlimited and files > hard:
        raise NotMeasurable(
            f"{connections} connections of {host.name} need {files} open files, and this "
            f"machine allows {hard}: raise the hard limit (nofile in "
            f"/etc/security/limits.conf, or `ulimit -Hn {files}` as root), or name fewer "
            "clients"
        )
    if soft != unlimited and files > soft:
        resource.prlimit(host.pid, resource.RLIMIT_NOFILE, (files, hard))
