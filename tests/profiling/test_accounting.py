"""Each nanosecond is counted once: what is taken from a calling line and what stays add up exactly."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.profiling.accounting import inclusive_times, inherited_blocks, own_times, reading_order
from labkit.profiling.recorder import Findings, Key, Site

MAIN: Key = ("a.py", 1, "main")
HELP: Key = ("a.py", 20, "help")
DEEP: Key = ("b.py", 20, "deep")
OUTSIDE: Site = (None, 0)


def findings(lines: dict[Key, dict[int, int]], sites: dict[Key, dict[Site, int]]) -> Findings:
    """Made-up findings: nanoseconds by line, each hit once."""
    return Findings({key: {n: [1, ns] for n, ns in those.items()} for key, those in lines.items()}, sites)


def total(own: dict[Key, dict[int, int]]) -> int:
    return sum(ns for lines in own.values() for ns in lines.values())


def test_a_callee_is_taken_out_of_the_line_that_calls_it() -> None:
    found = findings({MAIN: {2: 100, 3: 900}, HELP: {21: 700}}, {MAIN: {OUTSIDE: 5}, HELP: {(MAIN, 3): 5}})
    assert own_times(found) == {MAIN: {2: 100, 3: 200}, HELP: {21: 700}}


def test_several_call_sites_share_a_callee_as_the_exploration_saw_it() -> None:
    found = findings(
        {MAIN: {2: 500, 3: 500}, HELP: {21: 401}}, {MAIN: {OUTSIDE: 9}, HELP: {(MAIN, 2): 3, (MAIN, 3): 1}}
    )
    own = own_times(found)
    assert own[MAIN] == {2: 500 - 301, 3: 500 - 100}
    assert total(own) == 1000


def test_a_chain_of_calls_adds_up_to_what_the_outermost_took() -> None:
    found = findings(
        {MAIN: {2: 1000}, HELP: {21: 800, 22: 50}, DEEP: {21: 600}},
        {MAIN: {OUTSIDE: 1}, HELP: {(MAIN, 2): 1}, DEEP: {(HELP, 21): 1}},
    )
    assert own_times(found) == {MAIN: {2: 150}, HELP: {21: 200, 22: 50}, DEEP: {21: 600}}


def test_recursion_is_taken_out_of_its_own_line() -> None:
    found = findings(
        {MAIN: {2: 1000}, HELP: {21: 300, 22: 1600}}, {MAIN: {OUTSIDE: 1}, HELP: {(MAIN, 2): 9, (HELP, 22): 10}}
    )
    own = own_times(found)
    assert own == {MAIN: {2: 100}, HELP: {21: 300, 22: 600}}
    assert total(own) == 1000


def test_what_one_call_site_can_not_give_is_taken_out_of_the_others() -> None:
    seen: dict[Site, int] = {(MAIN, 2): 8, (MAIN, 3): 1, (MAIN, 4): 1}
    found = findings({MAIN: {2: 100, 3: 900, 4: 900}, HELP: {21: 800}}, {MAIN: {OUTSIDE: 10}, HELP: seen})
    own = own_times(found)
    assert own == {MAIN: {2: 0, 3: 900 - 80 - 540, 4: 900 - 80}, HELP: {21: 800}}
    assert total(own) == 1900


def test_a_line_never_has_less_than_nothing() -> None:
    found = findings({MAIN: {2: 100}, HELP: {21: 130}}, {MAIN: {OUTSIDE: 1}, HELP: {(MAIN, 2): 1}})
    assert own_times(found) == {MAIN: {2: 0}, HELP: {21: 130}}


@pytest.mark.parametrize("sites", [{}, {OUTSIDE: 4}, {(DEEP, 21): 4}, {(MAIN, 7): 4}, {(MAIN, 2): 0}])
def test_what_no_recorded_line_called_is_taken_from_none(sites: dict[Site, int]) -> None:
    found = findings({MAIN: {2: 100}, HELP: {21: 30}}, {MAIN: {OUTSIDE: 1}, HELP: sites})
    assert total(own_times(found)) == 130


@given(st.data())
def test_own_times_of_a_tree_of_calls_add_up_to_its_root_exactly(data: st.DataObject) -> None:
    """Functions call one another in a chain, each from several lines: hypothesis prints what it drew."""
    chain = [("f.py", 100 * n + 1, f"f{n}") for n in range(data.draw(st.integers(1, 5)))]
    lines: dict[Key, dict[int, int]] = {}
    sites: dict[Key, dict[Site, int]] = {chain[0]: {OUTSIDE: 1}}
    times = st.integers(0, 10**12)
    for key in chain:
        lines[key] = {key[1] + n: data.draw(times) for n in range(1, data.draw(st.integers(2, 4)))}
    for caller, callee in reversed(list(pairwise(chain))):
        inside = sum(lines[callee].values())
        weights = {(caller, number): data.draw(st.integers(1, 10**9)) for number in lines[caller]}
        sites[callee] = weights  # type: ignore[assignment]
        for number in lines[caller]:
            lines[caller][number] += -(-inside * weights[caller, number] // sum(weights.values()))
    own = own_times(findings(lines, sites))
    assert total(own) == sum(lines[chain[0]].values())
    assert min(ns for those in own.values() for ns in those.values()) >= 0


def recursing(outermost: dict[Site, list[int]]) -> Findings:
    """MAIN's line 2 calls HELP, whose line 22 calls it again and again."""
    found = findings(
        {MAIN: {2: 1000, 3: 50}, HELP: {21: 300, 22: 50_000}},
        {MAIN: {OUTSIDE: 1000}, HELP: {(MAIN, 2): 900, (HELP, 22): 45_000}},
    )
    found.outermost = outermost
    return found


def test_a_line_that_calls_itself_again_has_the_time_of_its_outermost_calls() -> None:
    found = recursing({(MAIN, 2): [1, 900, 1, 900], (HELP, 22): [100, 45_000, 1, 800]})
    own = {MAIN: {2: 100, 3: 50}, HELP: {21: 300, 22: 600}}
    assert inclusive_times(found, own) == {MAIN: {2: 1000, 3: 50}, HELP: {21: 300, 22: 6 + 49_400 * 800 // 45_000}}


def test_no_line_of_a_recursion_has_more_than_the_lines_that_it_was_entered_from() -> None:
    found = recursing({(MAIN, 2): [1, 900, 1, 900], (HELP, 22): [100, 45_000, 2, 9000]})
    own = {MAIN: {2: 100, 3: 50}, HELP: {21: 300, 22: 600}}
    assert inclusive_times(found, own)[HELP][22] == 1000


def test_functions_that_call_one_another_are_entered_from_outside_of_their_circle() -> None:
    found = findings(
        {MAIN: {2: 500, 3: 400}, HELP: {21: 9000}, DEEP: {21: 8000}},
        {MAIN: {OUTSIDE: 1}, HELP: {(MAIN, 2): 1, (DEEP, 21): 1}, DEEP: {(HELP, 21): 1}},
    )
    found.outermost = {(HELP, 21): [9, 90, 3, 80], (DEEP, 21): [9, 90, 3, 80]}
    own = {MAIN: {2: 0, 3: 400}, HELP: {21: 250}, DEEP: {21: 250}}
    inclusive = inclusive_times(found, own)
    assert (inclusive[HELP], inclusive[DEEP]) == ({21: 500}, {21: 500})


def test_without_recursion_a_line_keeps_what_was_recorded() -> None:
    found = findings({MAIN: {2: 100, 3: 900}, HELP: {21: 700}}, {MAIN: {OUTSIDE: 5}, HELP: {(MAIN, 3): 5}})
    found.outermost = {(MAIN, 3): [4, 700, 4, 700]}
    assert inclusive_times(found, own_times(found)) == {MAIN: {2: 100, 3: 900}, HELP: {21: 700}}


def test_reading_begins_with_what_was_called_from_outside_and_goes_on_with_what_it_calls() -> None:
    other: Key = ("a.py", 2, "other")
    found = findings(
        {DEEP: {21: 1}, HELP: {21: 1}, other: {3: 1}, MAIN: {2: 1}},
        {
            MAIN: {OUTSIDE: 1},
            HELP: {(MAIN, 5): 1, (other, 3): 1},
            DEEP: {(MAIN, 4): 1},
            other: {OUTSIDE: 1},
        },
    )
    assert reading_order(found) == [MAIN, DEEP, HELP, other]


def test_reading_holds_every_function_once_even_those_nobody_was_seen_to_call() -> None:
    found = findings({MAIN: {2: 1}, HELP: {21: 1}, DEEP: {21: 1}}, {HELP: {(DEEP, 21): 1}, DEEP: {(HELP, 21): 1}})
    assert sorted(reading_order(found)) == sorted([MAIN, HELP, DEEP])


def blocks(
    marks: dict[Key, dict[int, str]], help_sites: Iterable[Site], **more: dict[Site, int]
) -> dict[Key, dict[int, str | None]]:
    found = findings(
        {MAIN: {3: 1, 6: 1}, HELP: {21: 1, 23: 1}},
        {MAIN: {OUTSIDE: 1}, HELP: dict.fromkeys(help_sites, 1), **more},  # type: ignore[dict-item]
    )
    return inherited_blocks(found, {MAIN: {}, HELP: {}} | marks)


def test_a_line_belongs_to_the_last_mark_above_it() -> None:
    made = blocks({MAIN: {2: "first", 5: "second"}}, [OUTSIDE])
    assert (made[MAIN][1], made[MAIN][3], made[MAIN][6]) == (None, "first", "second")


def test_a_function_without_marks_belongs_to_the_block_that_calls_it() -> None:
    assert set(blocks({MAIN: {2: "first", 5: "second"}}, [(MAIN, 6)])[HELP].values()) == {"second"}


def test_a_function_keeps_the_callers_block_up_to_its_own_first_mark() -> None:
    made = blocks({MAIN: {2: "first"}, HELP: {22: "own"}}, [(MAIN, 3)])
    assert (made[HELP][21], made[HELP][23]) == ("first", "own")


def test_a_function_that_several_blocks_call_is_a_block_of_its_own() -> None:
    made = blocks({MAIN: {2: "first", 5: "second"}}, [(MAIN, 3), (MAIN, 6)])
    assert set(made[HELP].values()) == {"help (called from several blocks)"}


def test_recursion_does_not_take_a_function_out_of_its_block() -> None:
    assert set(blocks({MAIN: {2: "first"}}, [(MAIN, 3), (HELP, 23)])[HELP].values()) == {"first"}
