"""No test asserts what a clock said: a speed, a verdict, or that something was over within a few seconds.

Such a test falls on a busy machine. Figures are asserted of recorded seconds (the fixture ``recorded``, simulated tables),
order by events, an end by a wait that is far too long.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
FIGURES = {"ratio", "ratio_low", "ratio_high", "median_s", "setup_s", "first_call_s", "limit_ratio", "items_per_s"}
VERDICTS = {"faster", "slower", "same"}
CLOCKS = {"monotonic", "perf_counter", "time"}
LONG_S = 30  # what takes that long beside busy processes hangs
REAL = re.compile(r"\bfleet\b|\bbench\(|measured_for_real|\bapi\.(bench|sweep|check)\(")
"""In a file that measures for real; others assert figures of rows that they make."""
ALLOWED = {
    "measure/test_against.py::test_a_change_outside_the_stages_file_is_a_regression_and_what_is_as_it_was_is_none": (
        "four times the work, where one per cent would do: old and new code are told apart by their time alone"
    ),
    "measure/test_table.py::test_set_up_and_first_call_are_figures_of_their_own": "against a sleep of many times a call",
    "measure/test_table.py::test_a_long_first_call_is_no_slowness_the_second_one_decides": (
        "against a sleep of many times a call"
    ),
}


def by_the_clock(text: str) -> Iterator[str]:
    """The names of tests that assert a measured figure, a verdict or a short time."""
    real = REAL.search(text) is not None
    for test in ast.walk(ast.parse(text)):
        if not isinstance(test, ast.FunctionDef) or not test.name.startswith("test_"):
            continue
        measures = real and "recorded" not in {argument.arg for argument in test.args.args}
        asserted = [part for node in ast.walk(test) if isinstance(node, ast.Assert) for part in ast.walk(node.test)]
        comparisons = [part for part in asserted if isinstance(part, ast.Compare)]
        if any(short_time(one) or (measures and (a_speed(one) or a_verdict(one))) for one in comparisons):
            yield test.name


def a_speed(one: ast.Compare) -> bool:
    """A figure against a number; more than nothing it always is."""
    numbers = [
        node.value for node in sides(one) if isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    ]
    ordered = any(isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for operator in one.ops)
    return ordered and any(numbers) and bool(names(one) & FIGURES)


def a_verdict(one: ast.Compare) -> bool:
    words = {node.value for node in sides(one) if isinstance(node, ast.Constant)}
    return isinstance(one.ops[0], ast.Eq) and "verdict" in names(one) and bool(words & VERDICTS)


def short_time(one: ast.Compare) -> bool:
    """A difference of two times below a few seconds."""
    waited = isinstance(one.left, ast.BinOp) and isinstance(one.left.op, ast.Sub) and bool(names(one.left) & CLOCKS)
    limit = one.comparators[0]
    few = isinstance(limit, ast.Constant) and isinstance(limit.value, int | float) and limit.value < LONG_S
    return waited and few and isinstance(one.ops[0], ast.Lt | ast.LtE)


def sides(one: ast.Compare) -> list[ast.expr]:
    found = [one.left, *one.comparators]
    return [part for side in found for part in (side.elts if isinstance(side, ast.Tuple) else [side])]


def names(node: ast.AST) -> set[str]:
    """Attributes and keys within it."""
    attributes = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    keys = [part.slice for part in ast.walk(node) if isinstance(part, ast.Subscript)]
    return attributes | {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def test_no_test_asserts_a_speed_a_verdict_or_a_short_time_that_was_measured() -> None:
    found = {
        f"{path.relative_to(TESTS)}::{name}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for name in by_the_clock(path.read_text(encoding="utf-8"))
    }
    assert sorted(found - ALLOWED.keys()) == []
    assert sorted(ALLOWED.keys() - found) == []


def test_the_check_sees_each_sort_and_passes_what_is_recorded() -> None:
    wrong = ("row.ratio < 1", "rows['a']['ratio_high'] < 0.99", "(row.verdict, row.note) == ('slower', None)")
    right = ("row.ratio > 0", "row.ratio is None", "row.verdict == 'unresolved'", "low <= row.ratio <= high")
    for line in (*wrong, *right):
        measured = f"def test_it(bench):\n    row = bench(['plain'])\n    assert {line}"
        assert list(by_the_clock(measured)) == ["test_it"] * (line in wrong), line
        assert list(by_the_clock(measured.replace("(bench)", "(bench, recorded)"))) == []
    assert list(by_the_clock("def test_it():\n    assert time.monotonic() - begin < 3")) == ["test_it"]
