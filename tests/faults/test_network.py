"""Hosts in namespaces reach each other, fail as told, and leave nothing behind."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from helpers_bench import TIMEOUT_S
from helpers_network import (
    PACKAGES,
    Harness,
    namespaces_in_use,
    network_of,
    permitted,
    processes_marked,
    refuse_namespaces,
    wait_for,
)
from hypothesis import given
from hypothesis import strategies as st

from bench.cli import doctor
from bench.contract.model import PROJECT
from bench.errors import NotMeasurable, TrialError
from bench.faults.network import hosts, tools
from bench.faults.network.helper import Helper
from bench.faults.network.holder import checksum, syn
from bench.faults.network.hosts import MIDDLE, Network
from bench.faults.network.link import Connection, Link, tcp_counts
from bench.faults.network.link import _connection as connection_from
from bench.selftest import partition
from bench.selftest.partition import FAR, NEAR, Conversation, conversation

NOBODY = 65534
WITHOUT_PRIVILEGES = (
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
)


@pytest.fixture
def between() -> Iterator[Conversation]:
    with permitted(), conversation() as made:
        yield made


def hear_more(between: Conversation, *ends: str, numbers: int = 10) -> None:
    """Wait until these ends have heard more than now."""
    before = {end: between.state(end)["received"] for end in ends}
    wait_for(
        lambda: all(between.state(end)["received"] >= before[end] + numbers for end in ends)
    )


def heard(between: Conversation, *ends: str) -> list[int]:
    """Return how many numbers ends have received, once no more are under way to them."""
    ends = ends or (NEAR, FAR)
    time.sleep(0.1)  # for what the middle had passed on already

    def unread(end: str) -> bool:
        queues = between.network.run(end, "ss", "-Htn", "state", "established")
        return any(int(line.split()[0]) for line in queues.splitlines())

    wait_for(lambda: not any(map(unread, ends)))
    return [between.state(end)["received"] for end in ends]


def everything_arrives(between: Conversation) -> None:
    """Have both ends fall silent; each hears all of the other, in order."""
    sent = {end: between.state(end, "fall silent")["sent"] for end in (NEAR, FAR)}
    wait_for(lambda: between.all("received") == [sent[FAR], sent[NEAR]])
    assert between.all("counted_right") == [True, True]
    assert between.all("error") == ["", ""]


# -- hosts ---------------------------------------------------------------------------------


def test_two_hosts_reach_each_other(between: Conversation) -> None:
    hear_more(between, NEAR, FAR)
    everything_arrives(between)
    (own,) = between.link.connections(NEAR)
    (other,) = between.link.connections(FAR)
    assert own == (other.other_address, other.other_port, other.address, other.port)
    assert own.other_address == between.network.address(FAR)


def test_all_of_several_hosts_reach_each_other() -> None:
    with network_of("a", "b", "c") as network, ExitStack() as open_helpers:
        for one, two in [("a", "b"), ("b", "c"), ("c", "a")]:
            spec = {"listen": network.address(one), "connect": []}
            first = Helper(partition.TALKER, spec, network.enter(one))
            open_helpers.callback(first.close)
            spec["connect"] = [network.address(one), first.ready["port"]]
            second = Helper(partition.TALKER, spec, network.enter(two))
            open_helpers.callback(second.close)
            wait_for(lambda h=second: h.ask(do="tell")["received"] > 3)  # type: ignore[misc]


CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
    print("connected")
except ConnectionRefusedError:
    print("refused")
"""


def connecting(before: list[str], address: str, port: int) -> subprocess.Popen[str]:
    words = [*before, sys.executable, "-S", "-c", CONNECT, address, str(port)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def connects(before: list[str], address: str, port: int) -> bool:
    said, _ = connecting(before, address, port).communicate(timeout=TIMEOUT_S)
    assert said in {"connected\n", "refused\n"}
    return said == "connected\n"


HEAR = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("", 9999))
print("bound", flush=True)
print(one.recv(9).decode(), flush=True)
"""
SHOUT = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
one.sendto(b"hello", (sys.argv[1], 9999))
"""


def test_a_broadcast_reaches_all_hosts_of_a_segment() -> None:
    with permitted(), Network("a", "b", "c", segment=True) as network:
        hearing = [
            subprocess.Popen(
                [*network.enter(host), sys.executable, "-S", "-c", HEAR],
                stdout=subprocess.PIPE,
                text=True,
            )
            for host in ("b", "c")
        ]
        with ExitStack() as ends:
            for process in hearing:
                ends.callback(process.kill)
                assert process.stdout
                assert process.stdout.readline() == "bound\n"
            network.run("a", "python3", "-S", "-c", SHOUT, network.broadcast)
            said = [process.communicate(timeout=TIMEOUT_S)[0] for process in hearing]
        assert said == ["hello\n", "hello\n"]


def test_a_host_that_is_cut_off_leaves_the_others_connected() -> None:
    with network_of("a", "b", "c") as network, ExitStack() as open_helpers:
        talkers = []
        for one, two in [("a", "b"), ("b", "c")]:
            spec = {"listen": network.address(one), "connect": []}
            first = Helper(partition.TALKER, spec, network.enter(one))
            open_helpers.callback(first.close)
            spec["connect"] = [network.address(one), first.ready["port"]]
            talkers.append(Helper(partition.TALKER, spec, network.enter(two)))
            open_helpers.callback(talkers[-1].close)

        def received() -> list[int]:
            return [talker.ask(do="tell")["received"] for talker in talkers]

        wait_for(lambda: min(received()) > 3)
        Link(network).cut_off("a")
        time.sleep(0.1)  # packets that had passed the middle arrive
        with_a, with_c = received()
        wait_for(lambda: received()[1] > with_c + 3)
        assert received()[0] == with_a
        Link(network).cut_off()
        wait_for(lambda: received()[0] > with_a + 3)


def test_the_loopback_of_a_host_is_its_own() -> None:
    with network_of("near", "far") as network:
        spec = {"listen": "127.0.0.1", "connect": []}
        listener = Helper(partition.TALKER, spec, network.enter("near"))
        try:
            port = listener.ready["port"]
            with socket.create_server(("127.0.0.1", 0)) as ours:
                our_port = ours.getsockname()[1]
                assert not connects(network.enter("near"), "127.0.0.1", our_port)
            assert not connects(network.enter("far"), "127.0.0.1", port)
            assert not connects(network.enter(MIDDLE), "127.0.0.1", port)
            assert connects(network.enter("near"), "127.0.0.1", port)
        finally:
            listener.close()


def test_a_single_host_has_its_own_loopback_and_no_link() -> None:
    with network_of("alone") as network:
        spec = {"listen": network.address("alone"), "connect": []}
        listener = Helper(partition.TALKER, spec, network.enter("alone"))
        try:
            port = listener.ready["port"]
            assert not connects([], network.address("alone"), port)
            assert connects(network.enter("alone"), network.address("alone"), port)
        finally:
            listener.close()
        assert network.run("alone", "ip", "-o", "link").count("\n") == 1
        with pytest.raises(ValueError, match="no link"):
            Link(network)


def test_a_process_in_a_host_keeps_its_id_and_its_parent() -> None:
    with network_of("near", "far") as network:
        program = "import os; print(os.getpid(), os.getppid())"
        process = subprocess.Popen(
            [*network.enter("near"), sys.executable, "-S", "-c", program],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.communicate()[0] == f"{process.pid} {os.getpid()}\n"


def test_a_command_that_fails_is_quoted() -> None:
    with network_of("alone") as network:
        with pytest.raises(TrialError, match=r"ip link show nothing: .*nothing"):
            network.run("alone", "ip", "link", "show", "nothing")
        with pytest.raises(NotMeasurable, match="not installed"):
            network.run("alone", "no-such-program")


@pytest.mark.parametrize(
    "names", [(), ("a", "a"), (MIDDLE, "a"), ("a" * 13, "b")], ids=repr
)
def test_equal_names_of_hosts_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="name"):
        Network(*names)


# -- the link ------------------------------------------------------------------------------


def test_a_cut_loses_everything_silently_and_heals(between: Conversation) -> None:
    told = between.told()
    change = between.link.cut()
    assert change.from_ns < change.until_ns < time.perf_counter_ns()
    before, packets = heard(between), between.link.packets()
    wait_for(lambda: between.link.packets().dropped > packets.dropped)
    time.sleep(0.3)
    assert between.all("received") == before
    assert between.link.packets().passed == packets.passed
    assert between.told() == told
    between.link.heal()
    hear_more(between, NEAR, FAR)
    everything_arrives(between)
    assert between.told() == told


@pytest.mark.parametrize("idle", [False, True], ids=["talking", "idle"])
def test_a_reset_ends_connections_at_both_ends_even_if_they_send_nothing(
    between: Conversation, idle: bool
) -> None:
    if idle:
        everything_arrives(between)
    before = between.link.packets()
    between.link.reset()
    wait_for(lambda: all(between.all("error")))
    assert between.all("error") == ["ECONNRESET", "ECONNRESET"]
    assert between.link.packets().rejected >= before.rejected + 2
    for end in (NEAR, FAR):
        assert tcp_counts(between.network, end)["EstabResets"] == 1


def test_no_peer_connects_during_a_reset_and_all_connect_after_it() -> None:
    with network_of(NEAR, FAR) as network, permitted():
        link = Link(network)
        spec = {"listen": network.address(FAR), "connect": []}
        listener = Helper(partition.TALKER, spec, network.enter(FAR))
        try:
            to_far = network.enter(NEAR), network.address(FAR), listener.ready["port"]
            link.reset()
            assert not connects(*to_far)
            link.heal()
            assert connects(*to_far)
        finally:
            listener.close()


def test_a_reset_forgets_no_connection_of_many(between: Conversation) -> None:
    network, many = between.network, 20
    program = (
        "import socket, sys\n"
        "c = [socket.create_connection((sys.argv[1], int(sys.argv[2])))"
        f" for _ in range({many})]\n"
        "print(flush=True)\nsys.stdin.read()"
    )
    accept = (
        "import socket, sys\ns = socket.create_server((sys.argv[1], 0))\n"
        f"print(s.getsockname()[1], flush=True)\nc = [s.accept() for _ in range({many})]\n"
        "sys.stdin.read()"
    )
    with ExitStack() as processes:

        def start(end: str, *words: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*network.enter(end), sys.executable, "-S", "-c", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            processes.callback(process.communicate)
            processes.callback(process.kill)
            return process

        server = start(FAR, accept, network.address(FAR))
        assert server.stdout
        port = server.stdout.readline().strip()
        client = start(NEAR, program, network.address(FAR), port)
        assert client.stdout
        client.stdout.readline()
        wait_for(lambda: len(between.link.connections(FAR)) == many + 1)
        between.link.reset()
        assert between.link.connections(NEAR) == between.link.connections(FAR) == []
        assert tcp_counts(network, FAR)["EstabResets"] == many + 1


def test_connections_are_killed_in_the_kernel_of_one_host(between: Conversation) -> None:
    with permitted():
        assert between.link.abort(FAR) == 1
    wait_for(lambda: all(between.all("error")))
    assert between.all("error") == ["ECONNRESET", "ECONNABORTED"]
    assert between.link.packets().resets >= 1


@pytest.mark.parametrize("power", [True, False], ids=["no power", "killed"])
def test_a_host_that_loses_power_sends_no_further_packet(
    between: Conversation, power: bool
) -> None:
    """The control: what a kernel that lives on says in the name of a dead process."""
    everything_arrives(between)
    time.sleep(0.3)  # for acknowledgements, which are delayed
    between.link.cut()
    between.talkers[FAR].close()
    if power:
        with permitted():
            assert between.link.abort(FAR) == 1
    between.link.heal()
    if power:
        passed = between.link.packets().passed
        time.sleep(1.0)
        assert between.link.packets().passed == passed
        assert between.state(NEAR)["error"] == ""
    else:
        wait_for(lambda: between.state(NEAR)["error"] == "end of file")


def test_two_objects_for_one_link_count_the_same_packets() -> None:
    with network_of(NEAR, FAR) as network, permitted():
        first, second = Link(network), Link(network)
        attempt = network.enter(NEAR), network.address(FAR), 9
        assert not connects(*attempt)
        first.cut()
        third = Link(network)
        with connecting(*attempt) as waiting:
            wait_for(lambda: third.packets().dropped)
            assert waiting.poll() is None
            waiting.kill()
        assert first.packets() == second.packets() == third.packets()
        passed, _, rejected, resets = third.packets()
        assert (passed, resets, rejected) == (2, 1, 0)  # a SYN, and what refused it
        second.heal()
        assert not connects(*attempt)


def test_a_fault_in_one_network_leaves_other_networks_alone() -> None:
    """Several trials run side by side, with the same names and addresses."""
    with ExitStack() as several, permitted():
        many = [several.enter_context(conversation()) for _ in range(3)]
        cut, *others = many
        cut.link.cut()
        before = heard(cut)
        for other in others:
            hear_more(other, NEAR, FAR)
        assert heard(cut) == before


def test_six_networks_are_made_at_the_same_time() -> None:
    def talk(_: int) -> bool:
        with conversation() as between:
            between.link.cut()
            between.link.heal()
            everything_arrives(between)
        return True

    with permitted(), ThreadPoolExecutor(6) as threads:
        assert all(threads.map(talk, range(6)))


# -- pure functions ------------------------------------------------------------------------


@given(st.binary(min_size=2, max_size=200).map(lambda data: data[: len(data) // 2 * 2]))
def test_a_checksum_makes_the_sum_of_a_packet_right(data: bytes) -> None:
    assert checksum(data + checksum(data).to_bytes(2, "big")) == 0


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(1, 65535))
def test_a_challenge_is_a_complete_tcp_packet(
    source: object, target: object, port: int
) -> None:
    made = syn(str(source), port, str(target), 80)
    addresses, segment = made[12:20], made[20:]
    assert addresses == socket.inet_aton(str(source)) + socket.inet_aton(str(target))
    assert int.from_bytes(segment[:2], "big") == port
    pseudo_header = addresses + b"\0\x06" + len(segment).to_bytes(2, "big")
    assert checksum(pseudo_header + segment) == 0


@given(st.ip_addresses(v=4), st.integers(1, 65535))
def test_addresses_are_read_as_ss_prints_them(address: object, port: int) -> None:
    found = Connection(str(address), port, str(address), port)
    for printed in (f"{address}:{port}", f"[::ffff:{address}]:{port}"):
        assert connection_from(f"0      12   {printed}  {printed}  ") == found


# -- what stays behind ---------------------------------------------------------------------

HARNESS = """
import os, sys
from contextlib import ExitStack
from bench.faults.network.helper import Helper
from bench.faults.network.hosts import Network
from bench.faults.network.link import Link

print("begun", flush=True)
while True:
    with ExitStack() as stack:
        network = stack.enter_context(Network(*sys.argv[1:]))
        for file in network._holder.ready.values():
            print(os.readlink(file), flush=True)
        link = Link(network)
        for host in network.hosts:
            spec = {"listen": network.address(host), "connect": []}
            helper = Helper("bench.faults.network.talker", spec, network.enter(host))
            stack.callback(helper.close)
        link.cut()
        print("made", flush=True)
        if sys.stdin.readline():
            continue
"""


def test_nothing_stays_behind_after_close() -> None:
    with network_of("near", "far") as network, permitted():
        Link(network)
        files = network._holder.ready.values()
        namespaces = {os.readlink(file) for file in files}
        holder = network._holder.process
        assert namespaces <= namespaces_in_use()
    assert holder.returncode is not None
    wait_for(lambda: not namespaces & namespaces_in_use())
    network.close()


def test_nothing_stays_behind_after_a_failure_halfway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Helper] = []

    def fail(network: Network) -> None:
        made.append(network._holder)
        raise KeyboardInterrupt

    monkeypatch.setattr(Network, "_join", fail)
    with permitted(), pytest.raises(KeyboardInterrupt):
        Network("near", "far")
    assert [helper.process.returncode for helper in made] == [-signal.SIGKILL]


@pytest.mark.thorough
@pytest.mark.parametrize("time_number", range(10))
def test_nothing_stays_behind_when_the_harness_is_killed_at_any_moment(
    time_number: int,
) -> None:
    del time_number
    with network_of("near", "far") as network, permitted():
        Link(network)
    harness = Harness(HARNESS)
    try:
        wait_for(lambda: harness.said)
        time.sleep(random.uniform(0, 0.4))
    finally:
        harness.kill()
    harness.leaves_nothing()


def test_nothing_stays_behind_when_its_helpers_cannot_run() -> None:
    """A helper that is stopped does not see that its input has ended."""
    with network_of("near", "far") as network, permitted():
        Link(network)
    harness = Harness(HARNESS)
    try:
        wait_for(lambda: "made" in harness.said)
        assert harness.namespaces <= namespaces_in_use()
        for pid in processes_marked(harness.mark):
            os.kill(pid, signal.SIGSTOP)
    finally:
        harness.kill()
    harness.leaves_nothing()


# -- without privileges --------------------------------------------------------------------


def python_for_nobody() -> str:
    """Return a Python of the same version that anybody may run; skips without one."""
    wanted = f"{sys.version_info[0]}.{sys.version_info[1]}"
    program = "import os, sys; os.execv(sys.executable, [sys.executable, '-V'])"
    for path in (sys.executable, "/usr/bin/python3", f"/usr/bin/python{wanted}"):
        with suppress(OSError):
            ended = subprocess.run(
                [*WITHOUT_PRIVILEGES, path, "-c", program],
                capture_output=True,
                text=True,
                check=False,
            )
            if ended.stdout.startswith(f"Python {wanted}."):
                return path
    pytest.skip(f"no Python {wanted} that a user without privileges may run")


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="giving up privileges needs root and setpriv (the other tests run without)",
)


@pytest.mark.thorough
@needs_root
def test_a_user_without_privileges_has_hosts_and_faults() -> None:
    program = """
from pathlib import Path
from bench.selftest import partition
for answer in partition.answers(1, 1, Path("/")):
    print(answer.passed, answer)
"""
    ended = subprocess.run(
        [*WITHOUT_PRIVILEGES, python_for_nobody(), "-B", "-c", program],
        cwd="/",
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PACKAGES}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    verdicts = [line.split()[0] for line in ended.stdout.splitlines()]
    if verdicts == ["None"]:
        pytest.skip(ended.stdout)
    assert verdicts == ["True"] * 7, ended.stdout


@pytest.mark.thorough
@needs_root
def test_a_user_without_privileges_leaves_no_process_and_no_namespace() -> None:
    harness = Harness(HARNESS, *WITHOUT_PRIVILEGES, python=python_for_nobody())
    try:
        wait_for(lambda: "made" in harness.said or harness.process.poll() is not None)
        if harness.process.poll() is not None:
            pytest.skip("user namespaces are refused here")
        assert harness.namespaces <= namespaces_in_use()
        for pid in processes_marked(harness.mark):
            os.kill(pid, signal.SIGSTOP)
    finally:
        harness.kill()
    harness.leaves_nothing()


def test_a_refusal_of_namespaces_names_the_setting_that_allows_them() -> None:
    """In a user namespace that may have no further ones: as on a machine that has none."""
    program = """
import os
from bench.errors import NotMeasurable
from bench.faults.network.hosts import Network
try:
    Network("near", "far")
except NotMeasurable as error:
    print(error)
"""
    refuse = "for n in user net; do echo 0 > /proc/sys/user/max_${n}_namespaces; done"
    ended = subprocess.run(
        [
            *("unshare", "--user", "--map-root-user"),
            *("sh", "-c", f'{refuse}; exec "$@"', "sh"),
            *(sys.executable, "-c", program),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if "unshare" in ended.stderr:
        pytest.skip(ended.stderr)
    assert "refused here" in ended.stdout, ended.stderr
    assert "sysctl user.max_user_namespaces" in ended.stdout


@needs_root
def test_settings_that_cannot_be_changed_are_named_unless_they_are_right() -> None:
    """As in a container, whose /proc/sys can only be read."""
    program = """
from bench.errors import NotMeasurable
from bench.faults.network.hosts import Network
with Network("near", "far") as network:
    network.set_in_middle("/proc/sys/net/ipv4/ip_default_ttl", "64")
    try:
        network.set_in_middle("/proc/sys/net/ipv4/ip_default_ttl", "65")
    except NotMeasurable as error:
        print(error)
"""
    inherited = Path(hosts.FORWARDING).read_text(encoding="utf-8").strip()
    read_only = "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys"
    ended = subprocess.run(
        [
            *("unshare", "--mount", "sh", "-c", f'{read_only} && exec "$@"', "sh"),
            *(sys.executable, "-c", program),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if "unshare" in ended.stderr or "mount:" in ended.stderr:
        pytest.skip(ended.stderr)
    if inherited == "1":
        assert "ip_default_ttl has to be 65" in ended.stdout, ended.stderr
    else:
        assert "ip_forward has to be 1" in ended.stderr
    assert "make /proc/sys writable" in ended.stdout + ended.stderr


@pytest.mark.parametrize(("name", "refuses", "allows"), hosts.SWITCHES)
def test_the_setting_that_refuses_is_named(
    name: str, refuses: str, allows: str, tmp_path: Path
) -> None:
    path = tmp_path / "proc/sys" / name.replace(".", "/")
    path.parent.mkdir(parents=True)
    path.write_text(f"{refuses}\n")
    assert f"sysctl {name}={allows}" in hosts.remedy(tmp_path)
    path.write_text(f"{allows}\n")
    assert name not in hosts.remedy(tmp_path)
    assert "SYS_ADMIN" in hosts.remedy(tmp_path)


@pytest.mark.parametrize(("program", "package"), tools.PACKAGES.items())
def test_a_program_that_is_missing_is_named_with_its_package(
    program: str, package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tools, "FOR_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotMeasurable, match=f"{program} is not .* package {package}"):
        tools.tool(program)


def test_without_nftables_the_error_names_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ask(network: Network, do: str, **more: object) -> None:
        del network, do, more
        raise TrialError("OSError: libnftables.so.1: cannot open shared object file")

    monkeypatch.setattr(Network, "ask_middle", ask)
    with network_of("near", "far") as network, pytest.raises(NotMeasurable) as refused:
        Link(network)
    assert "install the package nftables" in str(refused.value)


def test_doctor_names_the_reason_why_links_cannot_be_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refuse_namespaces(monkeypatch)
    (found,) = doctor.networks()
    assert "cannot be measured here" in found.what
    assert "allow them" in found.remedy


def test_doctor_finds_no_problem_if_links_can_be_cut(between: Conversation) -> None:
    assert not between.link.packets().dropped
    assert list(doctor.networks()) == []


# -- the selftest --------------------------------------------------------------------------


def test_the_selftest_of_a_partition_is_skipped_if_links_cannot_be_cut(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(network: Network, *names: str) -> None:
        del network, names
        raise NotMeasurable("namespaces are refused: allow them")

    monkeypatch.setattr(Network, "__init__", refuse)
    (answer,) = partition.answers(6, 1, tmp_path)
    assert answer.passed is None
    assert answer.expected == "skipped"
    assert "allow them" in answer.measured


def test_the_selftest_finds_a_cut_that_does_not_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Link, "cut", Link.heal)
    monkeypatch.setattr(partition, "CUT_S", 0.3)
    with permitted():
        answers = list(partition._cut())
    assert answers[0].passed is False


def test_the_selftest_finds_a_cut_that_both_ends_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Link, "cut", Link.reset)
    monkeypatch.setattr(partition, "CUT_S", 0.3)
    monkeypatch.setattr(Conversation, "timeout_ms", lambda _: 1.0)
    with permitted():
        told = {answer.question: answer.passed for answer in partition._cut()}
    assert told["the two TCPs are told"] is False
    assert told["the same connection, healed"] is False
