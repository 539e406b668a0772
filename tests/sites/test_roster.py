"""A roster gives each host its part; a wrong one is refused with the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.run.manifest import without_place
from bench.sites.roster import Roster, assign, find_worker, read_roster

RIGHT = """
scheduler = "tls://10.1.0.1:8786"
[tls]
ca = "ca.pem"
certificate = "/etc/me.pem"
[hosts.b]
worker = "beta"
plays = "peers"
interface = "eth1"
[hosts.a]
worker = "alpha"
plays = "driver"
address = "10.1.0.1"
"""
WORKERS = {"alpha": "10.1.0.1", "beta": "10.1.0.2"}


def read(folder: Path, text: str) -> Roster:
    path = folder / "hosts.toml"
    path.write_text(text)
    return read_roster(str(path))


def test_the_driver_comes_first_and_files_are_beside_the_roster(tmp_path: Path) -> None:
    roster = read(tmp_path, RIGHT)
    assert [player.name for player in roster.players] == ["a", "b"]
    assert roster.players[0].address == "10.1.0.1"
    assert roster.players[1].interface == "eth1"
    assert roster.tls == {"ca": str(tmp_path / "ca.pem"), "certificate": "/etc/me.pem"}


def test_an_address_is_a_roster_of_workers_that_are_there() -> None:
    roster = read_roster("tls://10.1.0.1:8786")
    first, second, third = assign(roster, hosts("yzabc"), ["c", "b", "a"])
    assert (first.worker, first.plays, first.name) == ("a", "driver", "a")
    assert (second.worker, second.plays, second.name) == ("b", "peers", "b")
    assert (third.worker, third.plays, third.name) == ("c", "peers", "c")
    assert [player.worker for player in assign(roster, hosts("zy"), [])] == ["y", "z"]


def hosts(names: str) -> dict[str, str]:
    return {name: f"host-of-{name}" for name in names}


def test_a_worker_without_a_name_is_found_by_its_host_again() -> None:
    """Dask calls it by its address, which has another port after a restart."""
    before = {"tls://10.1.0.1:40001": "10.1.0.1", "tls://10.1.0.2:40002": "10.1.0.2"}
    players = assign(Roster("tls://10.1.0.1:8786"), before, [])
    after = {"tls://10.1.0.1:40003": "10.1.0.1", "tls://10.1.0.2:40002": "10.1.0.2"}
    assert [find_worker(player.worker, after) for player in players] == [*after]
    two_there = after | {"tls://10.1.0.1:40004": "10.1.0.1"}
    assert find_worker("10.1.0.1", two_there) is None


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("scheduler =", "sheduler =", "did you mean scheduler"),
        ('scheduler = "tls://10.1.0.1:8786"', "", "write one of scheduler"),
        ("tls://10", "http://10", "not the address of a scheduler"),
        ("[tls]", 'scheduler_file = "x"\n[tls]', "write one of scheduler"),
        ("ca =", "cafile =", "did you mean ca"),
        ('plays = "peers"', 'plays = "driver"', "one host that plays the driver"),
        ('plays = "driver"', 'plays = "peers"', "one host that plays the driver"),
        ('plays = "peers"', 'plays = "server"', 'plays = "driver" or "peers"'),
        ('worker = "beta"', 'worker = "alpha"', "a worker of its own"),
        ('worker = "beta"', "", "needs worker"),
        ('worker = "beta"', "worker = 3", "write it in quotes"),
        ('address = "10.1.0.1"', 'address = "x"\ninterface = "y"', "not both"),
        ("[hosts.b]", "[hosts.backend]", "is published with a run: call the host"),
        ("[tls]", "[tls", "hosts.toml"),
    ],
)
def test_a_wrong_roster_is_refused_with_the_next_step(
    before: str, after: str, said: str, tmp_path: Path
) -> None:
    assert before in RIGHT
    with pytest.raises(UsageError, match=said):
        read(tmp_path, RIGHT.replace(before, after))


def test_a_file_that_is_not_there_is_named_with_all_that_hosts_may_be() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml.*tls://.*namespaces"):
        read_roster("nowhere.toml")


def test_a_worker_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    roster = read(tmp_path, RIGHT)
    assert [player.worker for player in assign(roster, WORKERS, [])] == [*WORKERS]
    with pytest.raises(UsageError, match=r"no worker 'beta'.*there are alpha, betta"):
        assign(roster, {"alpha": "10.1.0.1", "betta": "10.1.0.2"}, [])


@pytest.mark.parametrize(
    ("workers", "said"),
    [("", "there is none"), ("a", "the only one is 'a'"), ("abc", "nomiddle=1")],
)
def test_too_few_workers_or_too_many_are_refused(workers: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        assign(Roster("tls://10.1.0.1:8786"), hosts(workers), [])


@pytest.mark.parametrize(
    ("words", "published"),
    [
        (["--hosts", "tls://10.1.0.1:8786", "--out", "x"], ["--hosts", "cluster"]),
        (["--hosts=my/hosts.toml"], ["--hosts=cluster"]),
        (["--hosts", "namespaces"], ["--hosts", "namespaces"]),
        (["--only", "zmq/*"], ["--only", "zmq/*"]),
    ],
)
def test_a_published_command_has_no_place_of_a_cluster(
    words: list[str], published: list[str]
) -> None:
    assert without_place(words)[: len(published)] == published
