"""How names and numbers are written on charts, in the report and in citations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # A citation needs none of these.
    from bench.analysis.compared_rows import Comparison
    from bench.contract.rows import CaseRow, ProgramRow

Stacks = Mapping[str, Any]
"""The stacks of a run by name, as run.json keeps them."""
WORKLOADS = {
    "request_reply": "Request/reply",
    "fan_out": "Fan-out",
    "pipeline": "Pipeline",
}
LATENCY = {"request_reply": "round trip"}
RESPONSE = "response time"
CONNECT = "connect to first reply"
IDLE = "idle connections"
COST = {
    "request_reply": "cost at 1,000 messages/s",
    "fan_out": "cost at 50 messages/s",
    "pipeline": "cost at 200 messages/s",
}
GROWN = {
    "request_reply": ("connections", "server"),
    "fan_out": ("subscribers", "publisher"),
    "pipeline": ("workers", "distributor"),
}
"""The peers whose number grows, and the program whose cost is told, by workload."""
LAWS = {"exponent": "power law", "marginal": "straight line"}
ZERO_LOSS = "zero-loss rate"
ONE_WAY = "one-way latency"
ONE_WORD = {
    "faster": "faster",
    "slower": "slower",
    "equivalent": "equivalent",
    "inconclusive": "undecided",
}
"""Verdicts, as they are printed."""
PLACEMENTS = {
    "split": "split: driver and peers on separate CPUs",
    "shared": "shared: everything on one CPU",
    "free": "free: the scheduler decides",
    "apart": "apart: driver and peers on hosts apart",
}
PLACEMENTS_SHORT = {
    "split": "separate CPUs",
    "shared": "one CPU",
    "free": "CPUs left to the scheduler",
    "apart": "hosts apart",
}
LOOPBACK_SHORT = {"shared": "loopback, one CPU", "split": "loopback, separate CPUs"}
CLIENT_OF_MINIMAL = {"http": "requests"}
"""The client library of a stack's minimal cells, where it has other clients as well."""
CLIENT = "_client"
PYTHON = "python"
SPOKEN = {"websocket": "WebSocket", "tls": "TLS", "curve": "CURVE"}
PASSED_OVER = "\N{EN DASH}"
KIB = 1024
LARGE_FROM = 1000


def delay(delay_ms: float | None) -> str:
    """Return "1 ms each way" of the link between hosts apart; without, "no delay"."""
    return "no delay" if delay_ms is None else f"{delay_ms:g} ms each way"


def workload(name: str) -> str:
    return WORKLOADS.get(name, name.replace("_", " ").capitalize())


def order(workload: str) -> int:
    """Return the place of a workload in all reports; others follow those that are known."""
    known = list(WORKLOADS)
    return known.index(workload) if workload in known else len(known)


def quantity(row: CaseRow) -> str:
    """Return what a case measures: "round trip", "one-way latency", "throughput"."""
    if row.quantity == "latency":
        return LATENCY.get(row.workload, ONE_WAY)
    if row.quantity == "cost":
        return COST[row.workload]
    spoken = {
        "response": RESPONSE,
        "connect": CONNECT,
        "idle_memory": IDLE,
        "zero_loss": ZERO_LOSS,
        "wrk": "asked by wrk",
    }
    return spoken.get(row.quantity, row.quantity)


def stack(name: str, stacks: Mapping[str, Any]) -> str:
    return str(stacks.get(name, {}).get("label", name))


def variant(row: ProgramRow) -> str:
    """Return a variant's name with its client, language and event loop, where special."""
    name = _in_its_language(row)
    return f"{name} on {row.loop}" if row.loop else name


def _in_its_language(row: ProgramRow) -> str:
    name = row.variant
    if row.language not in ("", PYTHON):
        return f"{SPOKEN.get(name, name)}, {row.language.capitalize()}"
    client = CLIENT_OF_MINIMAL.get(row.stack)
    if client and name == "minimal":
        return f"{name}: {client}"
    if client and name.endswith(CLIENT):
        return name.removesuffix(CLIENT).replace("stdlib", "http.client")
    return SPOKEN.get(name, name)


def cell(row: ProgramRow, stacks: Mapping[str, Any]) -> str:
    """Return "ZeroMQ (minimal)"; the null stack has one variant only."""
    label = stack(row.stack, stacks)
    return label if row.floor else f"{label} ({variant(row)})"


def stack_of(label: str) -> str:
    """Return "ZeroMQ" of "ZeroMQ (minimal)", which ``cell`` made."""
    return label.split(" (", maxsplit=1)[0]


def over(pair: Comparison, stacks: Mapping[str, Any]) -> str:
    """Return "ZeroMQ (minimal) over HTTP (uwsgi)"."""
    return f"{cell(pair.a, stacks)} over {cell(pair.b, stacks)}"


def unit(name: str) -> str:
    """Return a unit as it is printed: data spell microseconds "us"."""
    return "\N{MICRO SIGN}s" if name == "us" else name


def size(size_bytes: int) -> str:
    if size_bytes >= KIB and size_bytes % KIB == 0:
        return f"{size_bytes // KIB} KiB"
    return f"{size_bytes} B"


def instances(row: CaseRow) -> str:
    """Return "4 subscribers", as the case's name spells it."""
    part = next(
        (part for part in row.name.split(".") if part[:1].isdigit() and "_" in part),
        str(row.instances),
    )
    words = part.replace("_", " ")
    return words.removesuffix("s") if words.startswith("1 ") else words


def case(row: CaseRow) -> str:
    """Return "64 B over tcp, 4 subscribers, one CPU"."""
    placed = PLACEMENTS_SHORT.get(row.placement, row.placement)
    loaded = f", {load(row.load)}" if row.load else ""
    sized = size(row.size_bytes)
    return f"{sized} over {row.transport}, {instances(row)}, {placed}{loaded}"


def in_case(row: CaseRow) -> str:
    """Return "pipeline throughput, one CPU": a case as a sentence about a run names it."""
    placed = PLACEMENTS_SHORT.get(row.placement, row.placement)
    return f"{workload(row.workload).lower()} {quantity(row)}, {placed}"


def measured_case(row: CaseRow) -> str:
    """Return "Pipeline throughput, 64 B over tcp, 2 workers, one CPU"."""
    return f"{workload(row.workload)} {quantity(row)}, {case(row)}"


def load(name: str) -> str:
    """Return what an open loop offers: "70 % of its own saturation"."""
    whose, per_cent = name.split("_")
    what = "the slowest program's" if whose == "common" else "its own"
    return f"{per_cent} % of {what} saturation"


def decimals(value: float, digits: int = 3) -> int:
    """Return how many decimals show ``digits`` significant digits, at least 0."""
    if value == 0 or not math.isfinite(value):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def number(value: float, like: float | None = None, digits: int = 3) -> str:
    """Return a number with three significant digits, or as many decimals as ``like``."""
    if math.isnan(value):
        return PASSED_OVER
    if math.isinf(value):
        return "infinite"
    scale = value if like is None or math.isnan(like) else like
    if abs(scale) >= LARGE_FROM:
        step = 10 ** (math.floor(math.log10(abs(scale))) - digits + 1)
        return f"{round(value / step) * step:,}"
    return f"{value:,.{decimals(scale, digits)}f}"


def time_us(value_us: float, like: float | None = None) -> str:
    """Return a time in the unit a reader thinks in: ns, us or ms."""
    scale = value_us if like is None else like
    units = {1e3: "ns", 1.0: "\N{MICRO SIGN}s", 1e-3: "ms"}
    factor = next((f for f in units if abs(scale) * f < LARGE_FROM), 1e-3)
    return f"{number(value_us * factor, scale * factor)} {units[factor]}"


def rate(value: float) -> str:
    """Return messages per second: "45.3 k", "1.52 M"."""
    units = {1e-6: " M", 1e-3: " k", 1.0: ""}
    factor = next((f for f in units if value * f >= 1), 1.0)
    return f"{number(value * factor)}{units[factor]}"


def measured(value: float, unit: str) -> str:
    if unit == "us":
        return time_us(value)
    if unit == "messages/s":
        return f"{rate(value)}/s"
    return f"{number(value)} {unit}" if unit else number(value)


def exponent(value: float, low: float = math.nan, high: float = math.nan) -> str:
    """Return "0.62 (0.60 to 0.65)", or "0.62" without an interval."""
    said, *ends = (f"{round(number, 2) + 0.0:.2f}" for number in (value, low, high))
    return said if math.isnan(low) else f"{said} ({' to '.join(ends)})"


def percent(share: float | None, digits: int = 1) -> str:
    """Return "95.1 %", a dash for a share that is not known."""
    if share is None or not math.isfinite(share):
        return PASSED_OVER
    return f"{100 * share:.{digits}f} %"


def bounds(low: float, high: float, value: float) -> str:
    """Return "1.10 to 1.20" with the decimals of the value, a dash with too few blocks."""
    if math.isnan(low) or math.isnan(high):
        return PASSED_OVER
    return f"{number(low, value)} to {number(high, value)}"


def interval(value: float, low: float, high: float, confidence: float, blocks: int) -> str:
    """Return "95.1 % interval 1.10 to 1.20; 10 blocks", or why there is none."""
    if math.isnan(low) or math.isnan(high):
        return no_interval(blocks)
    ends = bounds(low, high, value)
    return f"{percent(confidence)} interval {ends}; {blocks} blocks"


def no_interval(blocks: int) -> str:
    are = "is" if blocks == 1 else "are"
    return f"no interval: {plural(blocks, 'block')} {are} too few"


def block_counts(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def machine(about: dict[str, Any]) -> str:
    """Return the machine in one line: CPU, number of CPUs, host."""
    facts = about["machine"]
    virtual = ", virtual" if facts.get("hypervisor") else ""
    cpus = plural(len(facts.get("cpus") or []), "CPU")
    return f"{facts['cpu']}, {cpus}{virtual}, host {facts['host']}"


def date(about: dict[str, Any]) -> str:
    return str(about["started"])[:10]
