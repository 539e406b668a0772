"""The measured quantities: one module each.

Those of speed (``QUANTITIES``) say how to size a case's window from a pilot, what a trial
will cost, and what it came to. ``size`` measures files.
"""

from types import ModuleType

from bench.measure import latency, response, throughput, wrk, zero_loss

QUANTITIES: dict[str, ModuleType] = {
    "latency": latency,
    "throughput": throughput,
    "response": response,
    "zero_loss": zero_loss,
    "wrk": wrk,
}
"""Each has ``pilot(case)``, ``cost_s(case, sizing, pilot)`` and ``take(case, sizing, logs,
rng)``."""
