"""The breaches of a contract are written into the files of a run, and read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.faults.breach import NOTHING, Breach, BreachKind, counted, described, read, write

FROM_FAULTS = {
    BreachKind.OTHERS_SLOWED: "85 % in time",
    BreachKind.NOT_GONE: "5 s after its last message",
    BreachKind.NOBODY_TOLD: "within 4 s",
    BreachKind.NOT_SERVED: "1 s after the last crash",
    BreachKind.CRASHED: "call.0 was ended by SIGABRT",
}
WITHOUT_A_COUNT = {
    *FROM_FAULTS,
    BreachKind.SECOND_NOT_TOLD,
    BreachKind.NEWCOMER_NOT_SERVED,
    BreachKind.NOT_RECOVERED,
}
KINDS = [kind for kind in BreachKind if kind != BreachKind.OTHER]


@st.composite
def any_breach(draw: st.DrawFn) -> Breach:
    kind = draw(st.sampled_from(KINDS))
    count = 0 if kind in WITHOUT_A_COUNT else draw(st.integers(1, 10**6))
    return Breach(kind, count, FROM_FAULTS.get(kind, ""))


@given(st.lists(any_breach()))
def test_breaches_are_read_as_they_were_written(breaches: list[Breach]) -> None:
    assert read(write(breaches)) == breaches


@given(st.lists(any_breach()))
def test_breaches_in_words_are_read_as_earlier_versions_wrote_them(
    breaches: list[Breach],
) -> None:
    assert read(described(breaches)) == breaches


def test_a_kind_that_another_version_knows_is_kept_with_its_count() -> None:
    found = read('[["served_in_vain", 2, "by call.0"]]')
    assert found == [Breach(BreachKind.OTHER, 2, "served_in_vain by call.0")]


def test_a_trial_without_a_breach_has_a_description_of_its_own() -> None:
    assert described([]) == NOTHING
    assert read(NOTHING) == []
    assert counted({BreachKind.RAISED: 0, BreachKind.ENDED: 2}) == [
        Breach(BreachKind.ENDED, 2)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 reported lost", Breach(BreachKind.REPORTED_LOST, 3)),
        ("3 reported lost that arrived", Breach(BreachKind.REPORTED_BUT_ARRIVED, 3)),
        ("10 lost", Breach(BreachKind.LOST, 10)),
        ("10 lost with who had them", Breach(BreachKind.DIED, 10)),
        ("129 MiB of memory", Breach(BreachKind.MEMORY, 129)),
        ("the other had 85 % in time", Breach(BreachKind.OTHERS_SLOWED, 0, "85 % in time")),
        ("2 of a kind long gone", Breach(BreachKind.OTHER, 2, "of a kind long gone")),
    ],
)
def test_texts_of_published_runs_are_understood(text: str, expected: Breach) -> None:
    assert read(text) == [expected]
    assert str(expected) == text
