"""Facts of the kernel that can change numbers, read without privileges.

Everything is read below a root, so that tests can read an invented machine. A fact that the
kernel does not tell is left out.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bench.trial.kernel_files import ROOT, text

CPU0 = "sys/devices/system/cpu/cpu0"
FACTS = {
    "clocksource": "sys/devices/system/clocksource/clocksource0/current_clocksource",
    "governor": f"{CPU0}/cpufreq/scaling_governor",
    "frequency_driver": f"{CPU0}/cpufreq/scaling_driver",
    "no_turbo": "sys/devices/system/cpu/intel_pstate/no_turbo",
    "boost": "sys/devices/system/cpu/cpufreq/boost",
    "smt": "sys/devices/system/cpu/smt/control",
    "hypervisor_type": "sys/hypervisor/type",
    "vendor": "sys/class/dmi/id/sys_vendor",
    "address_space_randomised": "proc/sys/kernel/randomize_va_space",
    "loopback_mtu_bytes": "sys/class/net/lo/mtu",
    "timer_slack_ns": "proc/self/timerslack_ns",
    "transparent_hugepages": "sys/kernel/mm/transparent_hugepage/enabled",
}
SYSCTLS = (
    "net/core/rmem_default",
    "net/core/rmem_max",
    "net/core/wmem_default",
    "net/core/wmem_max",
    "net/core/somaxconn",
    "net/core/busy_poll",
    "net/ipv4/tcp_rmem",
    "net/ipv4/tcp_wmem",
    "net/ipv4/tcp_congestion_control",
    "net/ipv4/tcp_autocorking",
    "net/ipv4/tcp_no_metrics_save",
    "net/ipv4/tcp_slow_start_after_idle",
    "net/ipv4/tcp_timestamps",
    "net/ipv4/tcp_sack",
    "net/ipv4/tcp_window_scaling",
    "net/ipv4/tcp_fastopen",
    "net/ipv4/ip_local_port_range",
)
BOOT_OPTIONS = ("isolcpus", "nohz_full", "rcu_nocbs", "mitigations", "idle", "intel_idle")
LIMITS = {"open_files": "RLIMIT_NOFILE", "processes": "RLIMIT_NPROC"}


def boot_options(command_line: str) -> list[str]:
    """Return the options of the kernel's command line that can change numbers.

    Other options may name disks and hosts, which are private.
    """
    return [o for o in command_line.split() if o.split("=")[0] in BOOT_OPTIONS]


def mitigations(root: Path = ROOT) -> dict[str, str]:
    """Return the kernel's mitigation of each flaw of this CPU."""
    folder = root / "sys/devices/system/cpu/vulnerabilities"
    if not folder.is_dir():
        return {}
    found = {p.name: text(root, str(p.relative_to(root))) for p in sorted(folder.iterdir())}
    return {name: said for name, said in found.items() if said and said != "Not affected"}


def topology(root: Path = ROOT) -> list[str]:
    """Return the CPUs of each core, as the kernel lists them: ``["0,2", "1,3"]``."""
    cpus = root / "sys/devices/system/cpu"
    found = (
        text(root, str((p / "topology/thread_siblings_list").relative_to(root)))
        for p in cpus.glob("cpu[0-9]*")
    )
    return sorted({siblings for siblings in found if siblings})


def cpu_quota(root: Path = ROOT) -> str:
    """Return ``cpu.max`` of this process's cgroup: "max 100000" is no limit, '' unknown."""
    own = text(root, "proc/self/cgroup")
    path = next((w[3:] for w in own.split() if w.startswith("0::")), "/")
    return text(root, f"sys/fs/cgroup/{path.strip('/')}/cpu.max")


def python_variables(environment: dict[str, str]) -> dict[str, str]:
    """Return the PYTHON* variables that are set; hosts get none of them."""
    return {
        name: "set" if "/" in value else value
        for name, value in sorted(environment.items())
        if name.startswith("PYTHON")
    }


def limits() -> dict[str, int | str]:
    """Return the soft limits of this process: a number, or "unlimited"."""
    import resource  # only Unix has it, and commands that only read work elsewhere too

    kinds = {name: getattr(resource, kind) for name, kind in LIMITS.items()}
    found = {name: resource.getrlimit(kind)[0] for name, kind in kinds.items()}
    return {n: "unlimited" if v == resource.RLIM_INFINITY else v for n, v in found.items()}


def kernel_facts(root: Path = ROOT) -> dict[str, Any]:
    """Return all facts by name, without those that the kernel does not tell."""
    facts: dict[str, Any] = {name: text(root, path) for name, path in FACTS.items()}
    facts |= {
        "cores": topology(root),
        "cpu_quota": cpu_quota(root),
        "mitigations": mitigations(root),
        "boot_options": boot_options(text(root, "proc/cmdline")),
        "limits": limits(),
        "python_variables": python_variables(dict(os.environ)),
        "tls": "off",
    }
    return {name: value for name, value in facts.items() if value not in ("", [], {})}


def sysctls(root: Path = ROOT) -> dict[str, str]:
    """Return the kernel's network settings that can change numbers."""
    found = {name: text(root, f"proc/sys/{name}") for name in SYSCTLS}
    return {name: value for name, value in found.items() if value}
