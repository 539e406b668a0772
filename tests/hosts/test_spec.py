"""The specification of a host survives its way there, and hosts read all of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, get_type_hints

from hypothesis import given
from hypothesis import strategies as st

from bench import hosts
from bench.hosts.spec import HostSpec, RoleSpec, read_spec

HOSTS = Path(hosts.__file__).parent


def every_field(kind: type[Any], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Build a named tuple with a value for each field, also where it has a default."""
    hints = get_type_hints(kind)
    drawn = {name: st.from_type(hint).filter(is_a_number) for name, hint in hints.items()}
    return st.builds(kind, **(drawn | known))


def is_a_number(value: object) -> bool:
    return value == value  # noqa: PLR0124  (NaN is not)


ROLES = st.lists(every_field(RoleSpec), max_size=3).map(tuple)
SPECS = every_field(HostSpec, roles=ROLES)
WRITTEN = {*HostSpec._fields, *RoleSpec._fields}
PYTHON_ALONE = {
    "cell",  # the host in C is linked with its program
    "search",
    "loop",
    "arrivals_seed",  # of an open loop that is not even, which it refuses
    "stall_at",  # of a stall, which it refuses
    "incarnation",  # of a supervised role, which it refuses
    "work_s",
    "store",
    "senders",
}


def read_in_python() -> set[str]:
    """Return the fields that hosts read as an attribute of something called a spec."""
    found = set()
    for path in HOSTS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                of = ast.unparse(node.value).split(".")[-1]
                found |= {node.attr} if of in {"spec", "role", "_role"} else set()
    return found


def read_in_c() -> set[str]:
    """Return the fields that the host in C names in a string."""
    source = "".join(path.read_text() for path in HOSTS.glob("*.c"))
    return {*re.findall(r'"(\w+)"', source)}


@given(SPECS)
def test_a_specification_survives_its_json(spec: HostSpec) -> None:
    assert read_spec(spec.to_json()) == spec


def test_the_python_host_reads_each_field_that_is_written() -> None:
    assert read_in_python() >= WRITTEN


def test_the_c_host_reads_each_field_except_those_that_it_refuses() -> None:
    assert WRITTEN - read_in_c() == PYTHON_ALONE
