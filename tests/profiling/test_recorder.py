"""Every function of one's own that a call reaches is found and its lines counted, wherever it stands and runs."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from line_profiler import LineProfiler
from line_profiler._line_profiler import USE_LEGACY_TRACE  # type: ignore[attr-defined]

from labkit.core.registry import registry
from labkit.profiling.profile import Profile
from labkit.profiling.recorder import Recorder, code_key
from labkit.profiling.sources import is_own
from tests.profiling.conftest import CALLS, PARTS, SHAPES, STAGE, VALUES, Hits

ALL = CALLS * VALUES
HALVES = 2 * CALLS
SUMMED = {"for value in values:": ALL + CALLS, "total += int(value)": ALL, "return total": CALLS}


@pytest.mark.parametrize(
    ("variant", "function", "lines"),
    [
        ("plain", "plain", {"total = summed(values)": CALLS, "return total": CALLS}),
        ("plain", "summed", SUMMED),
        ("also_plain", "summed", {"total += int(value)": ALL, "return total": HALVES}),
        ("by_neighbour", "total_of", {"total += int(value)": ALL, "return total": CALLS}),
        ("nested", "nested.<locals>.add", {"total += value": ALL}),
        ("deeply_nested", "deeply_nested.<locals>.outer.<locals>.inner", {"return int(value)": ALL}),
        ("methods", "Adder.__init__", {"self.total = 0": CALLS}),
        ("methods", "Adder.add", {"self.total += int(value)": ALL}),
        ("methods", "Adder.result", {"return self.total": CALLS}),
        ("methods", "Adder.whole", {"return int(value)": ALL}),
        ("methods", "Adder.of", {"made.add(cls.whole(value))": ALL, "made = cls()": CALLS}),
        ("generator", "doubled", {"yield 2 * int(value)": ALL, "for value in values:": ALL + CALLS}),
        ("recursion", "halves", {"return int(values[0])": ALL, "middle = len(values) // 2": ALL - CALLS}),
        ("with_lambda", "with_lambda", {"return sum(map(whole, values))": CALLS}),
        ("nameless", "<lambda>", {"lambda values: int(values.sum())": CALLS}),
        ("comprehension", "comprehension", {"whole = [int(value) for value in values]": CALLS}),
        ("in_threads", "of_half", {"return summed(half)": HALVES}),
        ("in_threads", "summed", {"total += int(value)": ALL, "return total": HALVES}),
        ("bare_thread", "summed", SUMMED),
        ("own_pool", "own_pool.<locals>.call", {"return pool.submit(of_half, values).result()": CALLS}),
        ("own_pool", "summed", SUMMED),
        ("own_processes", "of_half", {"return summed(half)": HALVES}),
        ("own_processes", "summed", {"total += int(value)": ALL, "return total": HALVES}),
        ("kept_pool", "of_half", {"return summed(half)": HALVES}),
        ("kept_pool", "summed", {"total += int(value)": ALL, "return total": HALVES}),
        ("pool_each_call", "summed", {"total += int(value)": ALL, "return total": HALVES + CALLS}),
        ("catches", "fails", {"if value >= 0:": ALL, "raise ValueError(value)": ALL}),
        ("catches", "catches", {"except ValueError:": ALL, "total += int(value)": ALL, "return total": CALLS}),
        ("by_decorated", "logged.<locals>.wrapper", {"return function(*arguments)": CALLS}),
        ("by_decorated", "decorated", {"return summed(values)": CALLS}),
        ("by_partial", "summed", SUMMED),
        ("of_clones", "clones.<locals>.clone", {"return int(value)": ALL}),
        ("plain@serial", "summed", {"total += int(value)": ALL, "return total": CALLS * PARTS}),
        ("plain@threads", "summed", {"total += int(value)": ALL, "return total": CALLS * PARTS}),
        ("plain@processes", "summed", {"total += int(value)": ALL, "return total": CALLS * PARTS}),
        ("uses_jitted", "jitted", {"total += value": ALL, "return total": CALLS}),
        ("uses_jitted@threads", "jitted", {"total += value": ALL, "return total": CALLS * PARTS}),
        ("jitted_itself", "jitted", {"total += value": ALL, "return total": CALLS}),
    ],
)
def test_hits_are_the_times_that_a_line_ran(
    shapes: dict[str, Profile], hits: Hits, variant: str, function: str, lines: dict[str, int]
) -> None:
    found = hits(shapes[variant], function)
    assert {line: found.get(line) for line in lines} == lines


def test_functions_of_one_name_are_kept_apart_by_where_they_stand(shapes: dict[str, Profile]) -> None:
    twins = [function for function in shapes["twins"].functions if function.name == "twin"]
    assert len({function.first_line for function in twins}) == 2
    assert [sum(line.hits for line in function.lines) for function in twins] == [ALL // 2, ALL // 2]


def test_a_function_that_was_found_but_never_ran_again_is_not_shown(shapes: dict[str, Profile]) -> None:
    assert [function.name for function in shapes["warms_up_late"].functions] == ["warms_up_late", "summed"]


def test_code_made_from_a_string_is_charged_to_the_line_that_runs_it(shapes: dict[str, Profile], hits: Hits) -> None:
    assert [function.name for function in shapes["builds_code"].functions] == ["builds_code"]
    assert hits(shapes["builds_code"], "builds_code")['return space["made"](values)'] == CALLS


def test_functions_without_source_are_named_and_their_lines_counted(shapes: dict[str, Profile]) -> None:
    made, added = shapes["sourceless"].functions
    assert (made.name, made.file, added.name) == ("sourceless", "<made up>", "added")
    assert {line.number: line.hits for line in made.lines if line.hits} == {2: CALLS, 3: CALLS}
    assert [line.source for line in added.lines] == ["# no source of added", ""]


@pytest.mark.parametrize("variant", ["sets_hooks", "to_the_limit"])
def test_where_a_hook_is_lost_no_line_gets_a_time_and_that_is_told(shapes: dict[str, Profile], variant: str) -> None:
    profile = shapes[variant]
    assert profile.how == "whole"
    assert profile.notes[0].startswith(
        "its lines can't be told: it sets the interpreter's trace or profile function itself"
    )


def test_a_trace_function_set_while_lines_are_recorded_is_seen() -> None:
    recorder = Recorder()
    recorder.explore(lambda: None, ())
    recorder.record(lambda: None, ())
    assert not recorder.lost
    recorder.record(lambda: sys.settrace(None), ())
    assert recorder.lost == bool(USE_LEGACY_TRACE)  # sys.monitoring is nobody else's


def test_no_line_has_more_than_the_total_where_functions_recurse(shapes: dict[str, Profile]) -> None:
    profile = shapes["recursion"]
    assert all(0 <= line.own_ns <= line.time_ns <= profile.total_ns for _, line in profile.executed)


def test_calls_within_calls_of_the_same_line_are_told_apart_from_the_outermost() -> None:
    def down(number: int) -> int:
        return 0 if number == 0 else down(number - 1) + 1

    recorder = Recorder((__file__,))
    recorder.explore(down, (9,))
    ((_, line),) = [site for site in recorder.found.outermost if site[0] is not None]
    calls, spent, outer_calls, outer_spent = recorder.found.outermost[code_key(down), line]
    assert (calls, outer_calls) == (9, 1)
    assert spent > outer_spent


def test_the_variant_stands_first_whatever_ran_in_threads(shapes: dict[str, Profile]) -> None:
    assert shapes["in_threads"].functions[0].name == "in_threads"
    assert shapes["own_pool"].functions[0].name == "own_pool.<locals>.call"


@pytest.mark.parametrize(
    ("file", "own"),
    [
        (str(SHAPES), True),
        ("/tmp/ipykernel_77/123.py", True),
        (is_own.__code__.co_filename, False),  # the workbench
        (threading.__file__, False),  # the standard library
        (sys.modules["numpy"].__file__, False),  # an installed package
        ("<string>", False),
    ],
)
def test_own_is_what_people_wrote_themselves(file: str, own: bool) -> None:
    assert is_own(file) is own


def test_an_installed_package_is_own_to_its_variants() -> None:
    file = Path(str(sys.modules["numpy"].__file__))
    assert is_own(str(file), [str(file.parent)])
    assert not is_own(threading.__file__, [str(file.parent)])


def test_no_thread_keeps_a_hook() -> None:
    def call() -> None:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()

    recorder = Recorder()
    recorder.explore(call, ())
    recorder.record(call, ())
    assert sys.gettrace() is None
    assert sys.getprofile() is None
    assert threading.getprofile() is None
    assert threading.gettrace() is None


def test_an_exception_passes_through_and_leaves_no_hook() -> None:
    def fails() -> None:
        raise KeyError("through")

    recorder = Recorder()
    for call in (recorder.explore, recorder.record):
        with pytest.raises(KeyError, match="through"):
            call(fails, ())
        assert sys.getprofile() is None
        assert threading.gettrace() is None


def test_thread_numbers_used_again_do_not_hide_a_thread() -> None:
    seen: list[int] = []

    def work() -> None:
        seen.append(threading.get_ident())

    def call() -> None:
        for _ in range(3):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()

    recorder = Recorder()
    recorder.explore(call, ())
    recorder.record(call, ())
    assert len(set(seen)) < len(seen), "the system gave every thread a fresh number: the test shows nothing"
    assert _hits(recorder, "work") == 3


def test_equal_code_in_two_files_is_two_functions(tmp_path: Path) -> None:
    source = "def answer(value):\n    return value + 1\n"
    first, second = (_function(source, tmp_path / name) for name in ("one.py", "two.py"))
    recorder = Recorder()
    for call in (recorder.explore, recorder.record):
        call(lambda: first(1) + second(2), ())
    found = {
        Path(file).name: sum(h for h, _ in lines.values())
        for (file, _, name), lines in recorder.findings().lines.items()
        if name == "answer"
    }
    assert found == {"one.py": 1, "two.py": 1}
    assert {Path(file).name for file, _, name in recorder.found.sites if name == "answer"} == {"one.py", "two.py"}


def test_two_recorders_that_share_a_function_count_their_own_calls_alone() -> None:
    def shared(value: int) -> int:
        def inner() -> int:
            return value

        return inner()

    recorders = [Recorder(), Recorder()]
    for recorder in recorders:
        recorder.explore(shared, (1,))
    for recorder, calls in zip(recorders, (2, 5), strict=True):
        for _ in range(calls):
            recorder.record(shared, (1,))
    name = "test_two_recorders_that_share_a_function_count_their_own_calls_alone.<locals>.shared"
    assert [_hits(recorder, name) for recorder in recorders] == [2 * 2, 5 * 2]
    assert [_hits(recorder, f"{name}.<locals>.inner") for recorder in recorders] == [2, 5]


def _function(source: str, file: Path) -> Any:
    file.write_text(source)
    space: dict[str, Any] = {}
    exec(compile(source, str(file), "exec"), space)
    return space["answer"]


def _hits(recorder: Recorder, ending: str) -> int:
    return sum(
        hits
        for (_, _, name), lines in recorder.findings().lines.items()
        if name.endswith(ending)
        for hits, _ in lines.values()
    )


def _plain_functions() -> list[Any]:
    """Every variant of kind python or numpy that is a plain function, of every stage."""
    found = []
    registry.discover()
    for stage in registry.stages.values():
        for name, variant in registry.of(stage.name).items():
            pure = variant.kind in ("python", "numpy") and isinstance(variant.function, FunctionType)
            if pure and stage.name != STAGE and not variant.unavailable():
                found.append(pytest.param(stage.name, name, id=f"{stage.name}/{name}"))
    return found


@pytest.mark.parametrize(("stage", "name"), _plain_functions())
def test_line_profiler_itself_works_on_every_pure_python_variant(stage: str, name: str) -> None:
    """What ``%lprun -f`` does: the variant is the function that the decorator was given, not a wrapper of it."""
    function = registry.variant(stage, name).function
    profiler = LineProfiler()
    profiler.add_function(function)
    label = (function.__code__.co_filename, function.__code__.co_firstlineno, function.__qualname__)
    contract = registry.stage(stage)
    cases = list(contract.edge_cases().values()) if contract.edge_cases else []
    profiler.runcall(function, *(cases[0] if cases else next(iter(contract.workloads.values())).build()))
    assert profiler.get_stats().timings[label]
