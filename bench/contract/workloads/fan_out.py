"""Fan-out: one publisher sends every message to every present subscriber."""

from bench.contract.model import Role, Workload

WORKLOAD = Workload(
    name="fan_out",
    summary=(
        "A publisher sends each message to all who subscribe at that moment. Each "
        "subscriber sees them in order and none twice. A lossless program makes the "
        "publisher wait for the slowest subscriber; a lossy one drops for it, and its "
        "losses are counted."
    ),
    roles=(
        Role("publish", binds=("publisher",), drives=True),
        Role("subscribe", connects=("publisher",), consumes=True),
    ),
    repeated="subscribe",
    repeated_label="subscribers",
    ordered=True,
    lockstep=False,
    paced_rate_hz=200.0,
)
