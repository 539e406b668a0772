"""Request/reply: every request gets exactly one reply, in order, and the right one."""

from bench.contract.model import Role, Workload

WORKLOAD = Workload(
    name="request_reply",
    summary=(
        "A client asks, a server answers. Every request ends in exactly one reply, in "
        "the order of the requests; a reply depends on its request, so that a stale or "
        "swapped one is a wrong answer."
    ),
    roles=(
        Role("serve", binds=("server",), handles=True),
        Role("call", connects=("server",), drives=True, consumes=True),
    ),
    repeated="call",
    repeated_label="clients",
    ordered=True,
    lockstep=True,
    paced_rate_hz=None,
)
