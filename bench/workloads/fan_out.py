"""Fan-out: one publisher, and everyone who subscribes now gets every message."""

from bench.contract import Role, Workload

WORKLOAD = Workload(
    name="fan_out",
    summary=(
        "A publisher sends each message to all who subscribe at that moment. Each "
        "subscriber sees them in order and none twice. A lossless cell makes the "
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
