"""`doctor` finds faults of a machine, and a run records its state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers_bench import bench
from hypothesis import given
from hypothesis import strategies as st

from bench.cli import doctor
from bench.run import kernel
from bench.run.environment import BlockEnvironment

QUIET = BlockEnvironment(0, 0, 0, 30.0, 0.0, 0.0, 0.01, 0.0, 0.0, 0.0)


def machine(root: Path, files: dict[str, str]) -> Path:
    """Make a machine up: files below a root, as the kernel would show them."""
    for name, said in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
    return root


def whats(root: Path) -> str:
    return "\n".join(finding.what for finding in doctor.settings(root))


@pytest.mark.parametrize(
    ("path", "bad", "good", "said"),
    [
        (kernel.FACTS["clocksource"], "hpet", "tsc", "hpet"),
        (kernel.FACTS["governor"], "powersave", "performance", "powersave"),
        (kernel.FACTS["no_turbo"], "0", "1", "turbo"),
        (kernel.FACTS["boost"], "1", "0", "turbo"),
        ("proc/cpuinfo", "flags : fpu hypervisor", "flags : fpu", "virtual machine"),
    ],
)
def test_each_bad_setting_is_found_and_a_good_one_is_not(
    path: str, bad: str, good: str, said: str, tmp_path: Path
) -> None:
    assert said in whats(machine(tmp_path / "bad", {path: bad}))
    assert said not in whats(machine(tmp_path / "good", {path: good}))


def test_a_quota_is_found_in_the_process_s_own_group(tmp_path: Path) -> None:
    own = {"proc/self/cgroup": "0::/a/b\n"}
    limited = machine(tmp_path / "1", {**own, "sys/fs/cgroup/a/b/cpu.max": "150000 100000"})
    assert "1.50 CPUs only" in whats(limited)
    free = machine(tmp_path / "2", {**own, "sys/fs/cgroup/a/b/cpu.max": "max 100000"})
    assert "CPUs only" not in whats(free)


def test_every_finding_of_doctor_has_a_remedy() -> None:
    found = doctor.findings()
    assert all(finding.remedy for finding in found)


def test_doctor_names_the_reasons_to_flag_a_block() -> None:
    stolen = replace(QUIET, steal_share=0.2)
    (found,) = doctor.flagged([stolen])
    assert "20.0 % of the CPU time stolen" in found.what
    assert list(doctor.flagged([QUIET])) == []


def test_doctor_succeeds_without_privileges() -> None:
    assert bench("doctor").returncode == 0


def test_a_machine_that_hides_its_settings_is_described(tmp_path: Path) -> None:
    facts = kernel.kernel_facts(tmp_path)
    assert facts["tls"] == "off"
    assert "clocksource" not in facts
    assert kernel.sysctls(tmp_path) == {}


@given(st.lists(st.sampled_from(["root=UUID=1-2", "host=secret", "isolcpus=1", "quiet"])))
def test_only_boot_options_that_change_numbers_are_kept(
    words: list[str],
) -> None:
    kept = kernel.boot_options(" ".join(words))
    assert kept == [word for word in words if word == "isolcpus=1"]


@given(st.dictionaries(st.text("PYTHONAB_", min_size=1), st.text("a/1")))
def test_no_path_in_a_variable_is_kept(environment: dict[str, str]) -> None:
    kept = kernel.python_variables(environment)
    assert all(name.startswith("PYTHON") for name in kept)
    assert not any("/" in value for value in kept.values())


def test_known_flaws_and_cores_of_the_cpu_are_listed(tmp_path: Path) -> None:
    cpu = "sys/devices/system/cpu"
    root = machine(
        tmp_path,
        {
            f"{cpu}/vulnerabilities/spectre_v2": "Mitigation: Retpolines\n",
            f"{cpu}/vulnerabilities/meltdown": "Not affected\n",
            f"{cpu}/cpu0/topology/thread_siblings_list": "0,2\n",
            f"{cpu}/cpu2/topology/thread_siblings_list": "0,2\n",
            f"{cpu}/cpu1/topology/thread_siblings_list": "1\n",
        },
    )
    assert kernel.mitigations(root) == {"spectre_v2": "Mitigation: Retpolines"}
    assert kernel.topology(root) == ["0,2", "1"]
