"""Workers that would disturb a measurement are told from those that do not."""

from __future__ import annotations

from typing import Any

import dask
import distributed
import pytest
import yaml
from helpers_bench import bench

from bench.sites import quiet

assert distributed, "it adds its settings to those of dask"


def settings(of: dict[str, Any]) -> dict[str, Any]:
    return {name: dask.config.get(name, config=of) for name in quiet.LOOKED_AT}


def test_the_printed_configuration_is_quiet() -> None:
    printed = bench("hosts", "--config").stdout
    known = dask.config.merge(dask.config.global_config, yaml.safe_load(printed))
    assert not quiet.loud(settings(known))


def test_every_setting_that_is_printed_is_one_of_dask() -> None:
    """A name that Dask does not know would be no setting at all."""

    def names(table: dict[str, Any], before: str = "") -> set[str]:
        found = set()
        for key, value in table.items():
            inner = isinstance(value, dict)
            found |= names(value, f"{before}{key}.") if inner else {f"{before}{key}"}
        return found

    unknown = object()
    for name in names(yaml.safe_load(quiet.YAML)):
        assert dask.config.get(name, unknown) is not unknown, name


def test_a_worker_as_it_comes_is_loud() -> None:
    assert len(quiet.loud(settings(dask.config.global_config))) == len(quiet.LOOKED_AT)


@pytest.mark.parametrize("name", quiet.LOOKED_AT)
def test_one_loud_setting_is_enough_and_is_named(name: str) -> None:
    kept = {**dict.fromkeys(quiet.RARE, "60s"), quiet.OFF: False}
    assert not quiet.loud(kept)
    (said,) = quiet.loud({**kept, name: True if name == quiet.OFF else "20ms"})
    assert said.startswith(name)
