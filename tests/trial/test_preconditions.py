"""A machine on which nothing can be measured gets an error that blames no program."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bench.contract.model import PROJECT
from bench.run import machine
from bench.trial import addresses

CHECK = (sys.executable, "-m", "bench", "check", "zmq/minimal/request_reply.py")
UNSHARE = shutil.which("unshare")


def run(words: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def namespaces(*flags: str) -> list[str]:
    """Return the command that runs another in new namespaces; skips where it may not."""
    words = [UNSHARE or "unshare", "--user", "--map-root-user", *flags]
    if UNSHARE is None or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("this machine gives nobody a namespace of their own")
    return words


def test_a_proc_of_another_namespace_is_refused_by_name() -> None:
    done = run([*namespaces("--pid", "--fork"), *CHECK])
    assert done.returncode == 1
    assert "unshare --mount-proc" in done.stderr
    assert "FAILED" not in done.stdout


def test_a_loopback_that_is_down_is_refused_by_name() -> None:
    done = run([*namespaces("--net"), *CHECK])
    assert done.returncode == 1
    assert "ip link set lo up" in done.stderr
    assert "FAILED" not in done.stdout


@pytest.mark.parametrize("level", ["1", "2"])
@pytest.mark.parametrize("words", [["--help"], ["selftest", "losses"]], ids=str)
def test_python_without_assertions_is_refused(level: str, words: list[str]) -> None:
    done = run([sys.executable, "-m", "bench", *words], PYTHONOPTIMIZE=level)
    assert done.returncode == 1
    assert "PYTHONOPTIMIZE" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_neighbour_s_socket_may_have_any_name(tmp_path: Path) -> None:
    path = str(tmp_path / "there")
    with socket.socket(socket.AF_UNIX) as odd, socket.socket(socket.AF_UNIX) as ours:
        odd.bind(b"\0nomiddle \xff\xfe not text")
        ours.bind(path)
        ours.listen()
        assert addresses.listens(f"ipc://{path}")
        assert not addresses.listens(f"ipc://{path}.absent")


INTEL = "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t: fpu\n"
NUMBERED = "cpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n"
RASPBERRY = "processor\t: 0\nCPU implementer\t: 0x41\nModel\t\t: Raspberry Pi 4 Rev 1.4\n"
GRAVITON = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n"


@pytest.mark.parametrize(
    ("cpuinfo", "board", "name"),
    [
        (INTEL, "", "Some CPU @ 3 GHz"),
        (NUMBERED, "", "AMD EPYC (family 26, model 2)"),
        (RASPBERRY, "", "Raspberry Pi 4 Rev 1.4"),
        (GRAVITON, "Some Board\0", "Some Board"),
        (GRAVITON, "", "aarch64 (implementer 0x41, part 0xd40)"),
        ("", "", "aarch64"),
    ],
    ids=[
        "a PC",
        "a virtual machine",
        "a named board",
        "a device tree",
        "numbers alone",
        "nothing",
    ],
)
def test_every_machine_s_cpu_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpuinfo: str, board: str, name: str
) -> None:
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    monkeypatch.setattr(machine.platform, "machine", lambda: "aarch64")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(cpuinfo)
    if board:
        tree = tmp_path / "sys/firmware/devicetree/base"
        tree.mkdir(parents=True)
        (tree / "model").write_text(board)
    assert machine.cpu_name(tmp_path) == name


def test_a_clone_with_other_line_ends_has_the_same_bytes(tmp_path: Path) -> None:
    if not (PROJECT / ".git").exists():
        pytest.skip("this is no clone")
    clone = tmp_path / "clone"
    git = ["git", "-c", "core.autocrlf=true", "clone", "--quiet", "--depth=1"]
    subprocess.run([*git, f"file://{PROJECT}", str(clone)], check=True)
    runs = sorted((clone / "reports/data").iterdir())
    assert runs
    for folder in runs:
        done = subprocess.run(
            ["sha256sum", "--check", "--quiet", "SHA256SUMS"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
