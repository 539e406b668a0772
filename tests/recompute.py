"""A second opinion on reports/numbers.json, from the raw files of its run alone.

``python tests/recompute.py [REPORTS [RUN]]`` follows docs/method.md with numpy and nothing
of the harness. Every digit has to agree. Ends with 1 where one does not, or a number lacks.
"""

import gzip
import hashlib
import json
import sys
from collections import Counter, defaultdict
from functools import cached_property
from itertools import combinations_with_replacement
from math import comb, exp, inf, isfinite, isnan, log, nan
from pathlib import Path

import numpy as np

SURVEY = "its raw data are a survey's, not this run's"
TEXT = "counted in the text of programs, as tests/measure/test_size.py recounts"
NOT_HERE = {
    "own": TEXT, "twins": TEXT, "change": TEXT, "price": TEXT,
    "embedding": SURVEY, "languages": SURVEY, "experiment": SURVEY, "topology": SURVEY,
    "time": "the run's own record of how long its parts took",
    "noise": "the widest of the A/A copies, in words of the summary",
    "level": "a rule over the verdicts of trials, no estimate: docs/failures.md",
}  # fmt: skip
PAIRS = ("claim", "further", "alternative", "language", "other_language", "apart")
CPU, MEMORY = "_cpu_us_per_message", "_peak_memory_bytes"
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}
PAYS = {"request_reply": "serve", "fan_out": "publish", "pipeline": "distribute"}
REPEATED = {"request_reply": "call", "fan_out": "subscribe", "pipeline": "work"}
HEADLINES = {
    "latency": "p50", "response": "p50", "connect": "p50", "idle_memory": "resident_serve",
}  # fmt: skip
OPEN = ("response", "cost")
OF_LOADS = {
    "last": ("last_p50_ns", 1e3), "lag_p99": ("lag_p99_ns", 1e3),
    "offered": ("offered_hz", 1),
}  # fmt: skip
HELD = {
    "resident": ("_bytes_per_connection", 1024), "rest": ("_rest_cpu_ms_per_s", 1),
    "woken": ("_rest_wake_ups_per_s", 1), "paced": ("_paced_cpu_ms_per_s", 1),
    "stirred": ("_paced_wake_ups_per_s", 1), "wakes": ("_wake_ups_per_message", 1),
}  # fmt: skip
ALIKE = ("workload", "quantity", "placement", "size_bytes", "transport")
SIZES = ("statements", "tokens", "gzip_bytes", "lines", "complexity", "complexity_max")
PARTS = ("framing", "connection", "error", "business", "names", "options")


def read(path):
    """Return what a JSON file says, or the file that took its place, compressed."""
    for suffix, opened in (("", open), (".gz", gzip.open)):
        if Path(f"{path}{suffix}").exists():
            with opened(f"{path}{suffix}", "rt", encoding="utf-8") as file:
                return json.load(file)
    raise FileNotFoundError(path)


def estimate(values, ways, level):
    """Return the median, the interval from the k-th smallest to largest, and its level.

    ``ways`` counts the equally likely outcomes in which so many values lie below what is
    estimated: k is the largest with which the interval misses in 1 - level of all at most.
    """
    ordered, n, k, missed = sorted(values), len(values), 0, 0
    while k < n and 1 - 2 * (missed + ways[k]) / sum(ways) >= level:
        missed, k = missed + ways[k], k + 1
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    ends = (ordered[k - 1], ordered[-k], 1 - 2 * missed / sum(ways)) if k else (nan,) * 3
    return middle, *ends


def median(values, level=0.95):
    n = len(values)
    return *estimate(values, [comb(n, k) for k in range(n + 1)], level), n


def ratio(logs, in_turns=False):
    """Return Hodges and Lehmann's estimate of a/b, with Tukey's signed-rank interval.

    ``logs`` are those of a/b in each block. In turns, 8 blocks make an interval.
    """
    ways = [1]  # in which signs can be drawn so that the positive ranks sum to 0, 1, ...
    for rank in range(1, len(logs) + 1):
        ways = np.add([*ways, *[0] * rank], [*[0] * rank, *ways]).tolist()
    walsh = [(a + b) / 2 for a, b in combinations_with_replacement(logs, 2)]
    *three, level = estimate(walsh, ways, 0.95)
    if in_turns and len(logs) < 8:
        three, level = [three[0], nan, nan], nan
    return *map(exp, three), level, len(logs)


def signed_rank_p(logs):
    """Return the exact two-sided p of the hypothesis that a/b is 1; ties share a rank."""
    kept = [float(each) for each in logs if each]
    sizes = [abs(each) for each in kept]
    ranks = [sum((each > s) + (each >= s) for s in sizes) + 1 for each in sizes]  # doubled
    ways = [1]
    for rank in ranks:
        ways = np.add([*ways, *[0] * rank], [*[0] * rank, *ways]).tolist()
    above = sum(rank for rank, each in zip(ranks, kept, strict=True) if each > 0)
    tail = min(sum(ways[: above + 1]), sum(ways[above:]))
    return min(1.0, 2 * tail / sum(ways))


def percentile(samples, share):
    """Return the smallest sample that at least such a share of all does not exceed."""
    return int(np.sort(samples)[max(0, int(np.ceil(round(len(samples) * share, 6))) - 1)])


def numbers(name, kept):
    """Return what an array is called and its numbers; of a history only the classes.

    A number is a column of 8 bytes, the lowest first; early runs keep plain numbers.
    """
    if name.endswith(".history"):
        return name.removesuffix("history") + "state", kept[-1].astype(np.int64)
    plain = kept if kept.ndim == 1 else np.ascontiguousarray(kept.T).view("<i8").ravel()
    return name, plain.astype(np.int64)


class Run:
    """A folder of raw files; of trials those that count, in the order of their blocks."""

    def __init__(self, folder):
        about = read(folder / "run.json")
        self.folder, self.claims, self.files = folder, about["claims"], {}
        sums = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
        self.sums = {name: checksum for checksum, name in (s.split("  ", 1) for s in sums)}
        self.short = set()
        """Percentiles with fewer than ten samples beyond them: early runs publish them."""
        self.cases = {row["case"]: row for row in about["cases"]}
        self.environment, trials = read(folder / "environment.json"), defaultdict(list)
        names = sorted(path.name.removesuffix(".gz") for path in folder.glob("[!.]*.json*"))
        for suite in (read(folder / name) for name in names):
            for benchmark in suite.get("benchmarks", ()) if isinstance(suite, dict) else ():
                for run in benchmark["runs"]:
                    levels = (suite, benchmark, run)
                    trial = {
                        k: v for at in levels for k, v in at.get("metadata", {}).items()
                    }
                    if trial["case"] in self.cases:
                        trial["value"] = float(np.median(run["values"]))
                        trials[trial["case"]].append({**trial, "windows": run["values"]})
        tried = [t for found in trials.values() for t in found]
        failed = read(folder / "failures.json")
        tried += failed
        speed = [t for t in tried if not self.cases[t["case"]].get("fault")]
        counts = {t["block"]: self.repetition_counts(t["block"], speed) for t in speed}
        self.trials = {
            case: sorted(
                (t for t in found if t.get("repeat", 0) == counts.get(t["block"], 0)
                 or self.cases[case].get("fault")),
                key=lambda trial: trial["block"],
            )
            for case, found in trials.items()
        }  # fmt: skip
        path = folder / "trimmed.json"
        trimmed = read(path) if path.exists() else {}
        self.resultless = {case for case, blocks in trimmed.items() if not blocks} | {
            t["case"] for t in failed if t.get("repeat", 0) == counts.get(t["block"], 0)
        }
        """Cases that a budget left out, or that failed in the pass that counts."""
        self.windows = defaultdict(dict)
        """The values of each round, by case and block, and then by their ensemble."""
        for trial in (t for found in trials.values() for t in found if "ensemble" in t):
            place = self.windows[trial["case"], trial["block"]]
            place[trial["ensemble"]] = np.array(trial["windows"])

    def spoiled(self, block, repeat):
        """Say whether the environment flagged a block in one of its two passes."""
        usual = np.median([e["canary_ms"] for e in self.environment if not e.get("repeat")])
        return any(
            (e["steal_share"] or 0) > 0.01 or (e["other_cpu_share"] or 0) > 0.05
            or e["canary_ms"] > 1.1 * usual or abs(e["clock_jump_ms"]) > 50
            or (e["throttled_ms"] or 0) > 0
            for e in self.environment if (e["block"], e.get("repeat", 0)) == (block, repeat)
        )  # fmt: skip

    def repetition_counts(self, block, tried):
        first, again = (
            {
                t["case"]
                for t in tried
                if (t["block"], t.get("repeat", 0)) == (block, repeat)
            }
            for repeat in (0, 1)
        )
        whole = again and again >= first and not any("ensemble" in t for t in tried)
        return bool(whole and self.spoiled(block, 0) and not self.spoiled(block, 1))

    def samples(self, trial):
        if "samples" not in trial:
            return {}  # nothing was sent: a program that leaves while alone
        path = self.folder / trial["samples"]
        if "samples_sha256" in trial:  # early runs have a file for each trial
            kept = self.arrays(path, trial["samples_sha256"])
        else:
            repeat = f"r{trial['repeat']}" if trial["repeat"] else ""
            kept = self.joined(path)[f"{trial['case']}.b{trial['block']:02d}{repeat}"]
        return dict(numbers(name, array) for name, array in kept.items())

    def arrays(self, path, checksum):
        if hashlib.sha256(path.read_bytes()).hexdigest() != checksum:
            sys.exit(f"{path} is not what the trial wrote")
        with np.load(path) as stored:
            return {name: stored[name] for name in stored.files}

    def joined(self, path):
        """Return the arrays of each trial of a suite: columns of those in its file."""
        if path not in self.files:
            stored = self.arrays(path, self.sums[str(path.relative_to(self.folder))])
            found = {trial: {} for trial in stored.pop("trials").tolist()}
            counts = stored.pop("counts")
            for name, row in zip(sorted(stored), counts, strict=True):
                ends = np.cumsum(np.maximum(row, 0))
                for arrays, count, end in zip(found.values(), row, ends, strict=True):
                    if count >= 0:  # else the trial has no such array
                        arrays[name] = stored[name][:, end - count : end]
            self.files[path] = found
        return self.files[path]

    def columns(self, quantity, trials):
        """Yield each measure of a case with its value in every trial, nan for none."""
        if quantity in ("latency", "connect", "idle_memory", *OPEN):
            stored = [self.samples(trial) for trial in trials]
            both = any(role.endswith("from_given") for role in stored[0])
            for ending in ("", "from_given")[: 1 + both]:
                given = bool(ending)
                mine = [
                    [
                        ns
                        for role, ns in each.items()
                        if role.endswith("from_given") == given
                    ]
                    for each in stored
                ]
                mine = [np.concatenate(parts) for parts in mine]
                in_turns = "ensemble" in trials[0]
                for name, share in SHARES.items():
                    beyond = round(min(map(len, mine)) * (1 - share), 6)
                    enough = name == "p50" or beyond >= 10
                    if name != "p999" or enough:
                        values = [percentile(ns, share) / 1e3 for ns in mine]
                        if in_turns and name == "p50":  # the median over rounds
                            values = [1e6 * trial["value"] for trial in trials]
                        yield f"{name}_{ending}".strip("_"), values, enough
        else:
            yield "rate", [trial["value"] for trial in trials]
        for name, (key, divisor) in [
            (n, k) for n, k in OF_LOADS.items() if k[0] in trials[0]
        ]:
            yield name, [trial[key] / divisor for trial in trials]
        yield "lost", [100 * t["lost"] / t["given"] if t["given"] else nan for t in trials]
        roles = sorted({k.removesuffix(CPU) for t in trials for k in t if k.endswith(CPU)})
        if roles:
            yield "cpu", [sum(t.get(role + CPU, nan) for role in roles) for t in trials]
        for role in roles:
            yield f"cpu_{role}", [t.get(role + CPU, nan) for t in trials]
            yield f"memory_{role}", [t.get(role + MEMORY, nan) / 2**20 for t in trials]
        for name, (ending, divisor) in HELD.items():
            for role in {*PAYS.values(), *REPEATED.values(), "collect"}:
                if role + ending in trials[0]:
                    yield f"{name}_{role}", [t[role + ending] / divisor for t in trials]

    def refused(self, trials):
        """Say whether an open loop's own generator was too slow."""
        if "lag_p99_ns" not in trials[0]:
            return False
        names = ("lag_p99_ns", "p50_ns", "generator_share")
        lag, p50, share = (np.median([trial[name] for trial in trials]) for name in names)
        return lag > max(100_000, p50 / 5) or share > 0.2

    def limited(self, row, trials):
        """Say whether the crowd was full, or a publisher more than a period late."""

        def middle(name):
            return np.median([trial[name] for trial in trials])

        period_us = 1e6 / middle("offered_hz")
        late = "late_p99_ns" in trials[0] and middle("late_p99_ns") / 1e3 > period_us
        spins = trials[0]["generator"] == "own"
        return late or (
            middle(REPEATED[row["workload"]] + CPU) > 0.7 * period_us and not spins
        )

    def absolutes(self):
        for case, trials in self.trials.items():
            row = self.cases[case]
            quantity = row["quantity"]
            if row.get("fault") or row["twin"] or case in self.resultless:
                continue
            if quantity in OPEN and self.refused(trials):
                continue
            for measure, values, *enough in self.columns(quantity, trials):
                found = median(values)
                if measure == "rate":
                    found = (1 / found[0], 1 / found[2], 1 / found[1], *found[3:])
                parts = case.split(".")
                cost = f"cpu_{PAYS[row['workload']]}" if quantity == "cost" else "rate"
                if measure != HEADLINES.get(quantity, cost):
                    parts[1] = f"{quantity}_{measure}"
                if enough == [False]:
                    self.short.add(".".join(parts))
                if not any(map(isnan, values)):
                    yield ".".join(parts), found

    def growths(self):
        """Yield the slope of log cost over log peers, and of a publisher's cost."""
        points = defaultdict(dict)
        for case, trials in self.trials.items():
            row = self.cases[case]
            if row["quantity"] != "cost" or row["twin"] or case in self.resultless:
                continue
            if not self.refused(trials) and not self.limited(row, trials):
                by_block = {t["block"]: t[PAYS[row["workload"]] + CPU] for t in trials}
                parts = case.split(".")
                parts[4] = parts[4].split("_", 1)[1]
                laws = ("exponent", "marginal") if parts[0] == "fan_out" else ("exponent",)
                for law in laws:
                    parts[1] = f"cost_{law}"
                    points[".".join(parts)][row["instances"]] = by_block
        for name, costs in points.items():
            blocks = sorted(set.intersection(*map(set, costs.values())))
            if len(costs) >= 4 and blocks:
                x, ys = (
                    np.array([*costs]),
                    [[of[b] for of in costs.values()] for b in blocks],
                )
                if ".cost_exponent." in name:
                    slopes = [np.polyfit(np.log(x), np.log(y), 1)[0] for y in ys]
                else:
                    slopes = [np.polyfit(x, y, 1, w=1 / np.array(y))[0] for y in ys]
                unit = max(map(abs, slopes))
                middle, low, high, *rest = ratio([slope / unit for slope in slopes], False)
                yield name, (*(unit * log(end) for end in (middle, low, high)), *rest)

    def recoveries(self):
        for name, values in self.of_trials():
            shown = (values[0], values[0], values[0], 1.0, len(values))
            in_place = ".recovery_in_place." in name
            yield name, (shown if in_place else median(values, 0.9))

    @cached_property
    def worst(self):
        """Return the value of the worst trial, by id."""
        return {n: max(v) for n, v in self.of_trials() if "_in_place." not in n}

    def of_trials(self):
        """Yield each number of recovery with its value in every trial."""
        for case, trials in self.trials.items():
            row = self.cases[case]
            if not row.get("fault"):
                continue
            states = [
                np.concatenate(
                    [[], *(v for k, v in self.samples(t).items() if k.endswith(".state"))]
                )
                for t in trials
            ]
            late = [
                t["missed"] / max(1, t["offered_after_fault"]) * t["watched_s"]
                for t in trials
            ]
            for name, values in {
                "": [inf if t["censored"] else t["value"] for t in trials],
                "_reconnect": [t.get("reconnect_s", inf) for t in trials],
                "_settle": [t.get("settle_s", inf) for t in trials],
                "_late": [
                    x if t["settled"] else inf for x, t in zip(late, trials, strict=True)
                ],
                "_gone": [int((state != 0).sum()) for state in states],
                "_silent": [int((state == 3).sum()) for state in states],
            }.items():
                identifier = f"{row['workload']}.recovery{name}.{row['fault']}.{row['key']}"
                yield identifier, values
            ways = [
                bool(t["settled"] and not t["raised"] and not t["ended"]) for t in trials
            ]
            share = sum(ways) / len(ways)
            identifier = f"{row['workload']}.recovery_in_place.{row['fault']}.{row['key']}"
            yield identifier, [share] * len(ways)

    def counted(self):
        """Yield what stands in a raw file as it is published."""
        for row in read(self.folder / "code.json")["programs"]:
            parts = {**row, **row["shares"]}
            parts["plumbing"] = parts["framing"] + parts["connection"]
            for name in (*SIZES, *PARTS, "plumbing"):
                what = name.removesuffix("_bytes")
                yield f"{row['workload']}.size.{what}.{row['key']}", parts[name]
        for row in read(self.folder / "code.json")["totals"]:
            key = f"{row['stack']}.{row['variant']}.{row['language']}"
            yield from ((f"total.{n.removesuffix('_bytes')}.{key}", row[n]) for n in SIZES)
        for stack, found in read(self.folder / "weights.json").items():
            for name in found.keys() - {"bare_resident_mib"}:
                yield f"weight.{name}.{stack}", found[name]

    @cached_property
    def known(self):
        """Return what the raw files make, by the ids that it is published under."""
        found = {
            **dict(self.absolutes()), **dict(self.growths()), **dict(self.recoveries()),
        }  # fmt: skip
        for name, value in self.counted():
            number = len(value) if isinstance(value, list) else value
            found[name] = (number, number, number, 1.0, 0)
        return found

    def logs(self, a, b):
        """Return the log of a/b in each block that has both, and whether they took turns.

        Windows of one ensemble are paired by round: the median over three rounds or more.
        """
        first, other = (
            {t["block"]: t["value"] for t in self.trials.get(c, ())} for c in (a, b)
        )
        found, in_turns = [], False
        for block in sorted(first.keys() & other.keys()):
            mine, theirs = self.windows[a, block], self.windows[b, block]
            both = [name for name in mine if name in theirs]
            value = log(first[block]) - log(other[block])
            if both:
                in_turns, rounds = True, np.log(mine[both[0]]) - np.log(theirs[both[0]])
                value = float(np.median(rounds)) if len(rounds) >= 3 else nan
            found += [] if isnan(value) else [value]
        return found, in_turns

    def pairs(self, a, b):
        mine, theirs = (
            {t["block"]: t["value"] for t in self.trials.get(c, ())} for c in (a, b)
        )
        return [
            (mine[block], theirs[block]) for block in sorted(mine.keys() & theirs.keys())
        ]

    @cached_property
    def copies(self):
        """Return the check of each A/A copy, by its case, and whether the run failed."""
        known, misses = {}, [1.0]
        for case, copy in self.cases.items():
            both, in_turns = self.logs(case, case.replace(f".twin{copy['twin']}", ""))
            found = ratio(both, in_turns) if copy["twin"] and both else (nan, nan)
            if not isnan(found[1]):
                known[case] = (signed_rank_p(both), *found[1:4])
        for *_, level in known.values():
            misses = np.convolve(misses, [level, 1 - level])
        most = next(k for k in range(len(misses)) if sum(misses[k + 1 :]) <= 0.01)
        excluding = {c for c, (_, low, high, _) in known.items() if not low <= 1 <= high}
        checks, adjusted = {}, 0.0
        for place, case in enumerate(sorted(known, key=lambda c: known[c][0])):
            p, low, high, _ = known[case]
            adjusted = max(adjusted, p * (len(known) - place))
            away = high < 1 / 1.05 or low > 1.05
            within = 1 / 1.05 <= low <= high <= 1.05
            wrong = away or adjusted <= 0.01
            checks[case] = "failed" if wrong else "passed" if within else "too coarse"
        return checks, excluding if len(excluding) > most else set()

    def check(self, case, *keys):
        """Return what A/A copies tell of a comparison of these programs in a case."""
        checks, doubtful = self.copies
        mine = [self.cases[f"{case}.{keys[0]}"][name] for name in ALIKE]
        here = [c for c in checks if [self.cases[c][name] for name in ALIKE] == mine]
        stacks = {key.split(".")[0] for key in keys}
        here = [c for c in here if self.cases[c]["stack"] in stacks] or here
        found = {checks[c] for c in here} | ({"failed"} if doubtful else set())
        order = ("failed", "too coarse", "passed")
        return next((each for each in order if each in found), "none")

    def compared(self, case, a, b):
        """Return the ratio of times a/b, and the verdict on it; None without a block."""
        cases = [f"{case}.{key}" for key in (a, b)]
        both, in_turns = self.logs(*cases)
        if not both or self.resultless & set(cases):
            return None, None
        if any(self.refused(self.trials[c]) for c in cases):
            return None, None
        found = ratio(both, in_turns)
        _, low, high, *_ = found
        if high < 1 / 1.05 or low > 1.05:
            return found, "faster" if high < 1 else "slower"
        within = 1 / 1.05 <= low <= high <= 1.05
        return found, "equivalent" if within else "inconclusive"


def same(published, value):
    """Compare the digits that are published; where the next is a 5, both will do."""
    if not isfinite(value):
        return published is None
    near = {f"{value * (1 + off):.6g}" for off in (0, -1e-12, 1e-12)}
    return published is not None and f"{published:.6g}" in near


def differences(entry, found, verdict):
    """Yield what an entry says otherwise than the raw files do."""
    if not found:
        yield "nothing in the raw files makes it"
        return
    names = ("value", "ci_low", "ci_high", "confidence", "blocks")
    for name, value in zip(names, found, strict=True):
        if not same(entry[name], value):
            yield f"{name} is {entry[name]}, recomputed {value:.6g}"
    if entry["verdict"] not in (None, verdict):
        yield f"verdict is {entry['verdict']}, recomputed {verdict}"


def medians(entry, both):
    """Yield what an entry says otherwise of the medians over the blocks of its ratio."""
    if not both:
        return
    a, b = (median(side)[0] for side in zip(*both, strict=True))
    shown = [a * 1e6, b * 1e6] if entry["medians_unit"] == "us" else [1 / a, 1 / b]
    told = [*entry["medians"], entry["ratio_of_medians"]]
    if not all(map(same, told, [*shown, a / b])):
        yield f"medians are {told}, recomputed {[*shown, a / b]}"


def opinion(entries, run):
    """Return differences, and of each kind how many numbers were compared, and were not."""
    claims = [f"{c}.{a}.vs.{b}" for c, a, b in run.claims if run.compared(c, a, b)[0]]
    listed = Counter(entry["id"] for entry in entries)
    kinds = {name.split(".")[1] for name in listed}  # a report knows those of its version
    wanted = [name for name in run.known if name.split(".")[1] in kinds] + claims
    wrong = [
        f"{n}: listed {listed[n]} times"
        for n in wanted
        if listed[n] != 1 and (listed[n] or n not in run.short)
    ]
    compared, left = Counter(), Counter()
    named = {entry.get("run", "") for entry in entries} - {run.folder.name, ""}
    folders = {name: run.folder.parent / name for name in named}
    others = {n: Run(f) for n, f in folders.items() if (f / "run.json").exists()}
    for entry in entries:
        name, case, kind = entry["id"], entry["case"], entry["kind"]
        if kind in NOT_HERE:
            left[kind] += 1
            continue
        mine = others.get(entry.get("run"), run)
        found, verdict = mine.known.get(name), entry["verdict"]
        if kind in PAIRS:
            keys = name.removeprefix(f"{case}.").replace(".beside.", ".vs.").split(".vs.")
            found, verdict = run.compared(case, *keys)
            check = run.check(case, *keys)
            if entry.get("check", check) != check:
                wrong.append(f"{name}: check is {entry['check']}, recomputed {check}")
        compared[kind] += 1
        wrong += [f"{name}: {why}" for why in differences(entry, found, verdict)]
        worst = mine.worst.get(name)
        if "worst" in entry and not (worst is not None and same(entry["worst"], worst)):
            wrong.append(f"{name}: worst is {entry['worst']}, recomputed {worst}")
        if "medians" in entry:  # of both sides of a comparison
            both = run.pairs(*(f"{case}.{key}" for key in keys))
            wrong += [f"{name}: {why}" for why in medians(entry, both)]
    return wrong, compared, left


def groups(rows):
    """Return what machines with one verdict say together, by the verdict.

    One ratio, the geometric mean, where a point is in all their intervals; else none. Then
    the least ratio, the greatest, and the ends of all intervals together.
    """
    found = defaultdict(list)
    for row in rows:
        if row["ci_low"] is not None:
            found[row["verdict"]].append(row)
    made = {}
    for verdict, mine in found.items():
        ratios, lows, highs = ([r[k] for r in mine] for k in ("value", "ci_low", "ci_high"))
        meet = max(lows) <= min(highs)
        mean = exp(sum(map(log, ratios)) / len(ratios)) if meet else nan
        names = {row["run"] for row in mine}
        made[verdict] = names, mean, min(ratios), max(ratios), min(lows), max(highs)
    return made


def over_machines(entries, data):
    """Yield what entries say otherwise of several machines than all their raw files do."""
    named = {row["run"] for entry in entries for row in entry.get("machines", ())}
    runs = {name: Run(data / name) for name in named}
    for entry in (entry for entry in entries if "machines" in entry):
        name, case, rows = entry["id"], entry["case"], entry["machines"]
        keys = name.removeprefix(f"{case}.").split(".vs.")
        measured = {n for n, run in runs.items() if run.compared(case, *keys)[0]}
        if {row["run"] for row in rows} != measured:
            yield f"{name}: measured in {sorted(measured)}"
            continue
        for row in rows:
            run = runs[row["run"]]
            both = run.pairs(*(f"{case}.{key}" for key in keys))
            for why in (*differences(row, *run.compared(case, *keys)), *medians(row, both)):
                yield f"{name} in {row['run']}: {why}"
        told = {group["verdict"]: group for group in entry["over_machines"]}
        made = groups(rows)
        if told.keys() != made.keys():
            yield f"{name}: verdicts {sorted(told)}, recomputed {sorted(made)}"
            continue
        for verdict, (names, *numbers_) in made.items():
            group = told[verdict]
            shown = [group[k] for k in ("value", "least", "greatest", "ci_low", "ci_high")]
            if set(group["machines"]) != names or not all(map(same, shown, numbers_)):
                yield f"{name}: {verdict} of {shown}, recomputed {numbers_}"


def main(reports="reports", folder=None):
    entries = read(Path(reports) / "numbers.json")
    name = next(entry["run"] for entry in entries if entry["kind"] == "absolute")
    run = Run(Path(folder or Path(reports) / "data" / name))
    wrong, compared, left = opinion(entries, run)
    wrong += over_machines(entries, run.folder.parent)
    lines = [*wrong, f"{len(wrong)} differences in {compared.total()} numbers:"]
    lines += [f"  {number} {kind}" for kind, number in compared.items()]
    lines += [f"{left.total()} numbers are not recomputed:"]
    lines += [f"  {number} {kind}: {NOT_HERE[kind]}" for kind, number in left.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
