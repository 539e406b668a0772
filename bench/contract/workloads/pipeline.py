"""Pipeline: tasks go to workers, each to exactly one, and results to a collector."""

from bench.contract.model import Role, Workload

WORKLOAD = Workload(
    name="pipeline",
    summary=(
        "A distributor hands each task to exactly one of the workers, who send a result "
        "for it to the collector. Every result arrives once; their order is free."
    ),
    roles=(
        Role("collect", binds=("sink",), consumes=True),
        Role("distribute", binds=("source",), drives=True),
        Role("work", connects=("source", "sink"), handles=True),
    ),
    repeated="work",
    repeated_label="workers",
    ordered=False,
    lockstep=False,
    paced_rate_hz=100.0,
)
