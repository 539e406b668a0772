"""Linux has every option that POSIX names, and more that it does not name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.surveys.experiments.catalogue import platforms
from bench.surveys.experiments.experiment import Block


@pytest.mark.skipif(sys.platform != "linux", reason="it counts what Linux has")
def test_linux_has_every_option_of_posix_and_more(tmp_path: Path) -> None:
    found = platforms.measure(Block.of(0, "platforms", tmp_path))
    assert set(found.values["posix_here"].values()) == {1.0}
    for kind in platforms.POSIX:
        assert found.values["in_posix"][kind] < found.values["options"][kind], kind
    others = found.answers["Here, and not in POSIX"]
    assert "CORK" in others["tcp"]
    assert "NODELAY" not in others["tcp"]


def test_a_feature_is_built_in_or_not(tmp_path: Path) -> None:
    found = platforms.measure(Block.of(0, "platforms", tmp_path)).answers
    features = [found[name]["zmq"].split(", ") for name in ("Built with", "Built without")]
    assert sorted([*features[0], *features[1]]) == sorted(platforms.FEATURES)
