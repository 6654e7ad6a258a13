"""What a table decides, and what a variant needs."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

import labkit as lk
from labkit.core.errors import UsageError
from labkit.core.registry import Registry
from labkit.measure.result import Row
from labkit.reports.document.bars import decision_bars
from labkit.reports.document.decision import advice, decide, lead, memory
from labkit.reports.document.facts import tables_of
from labkit.reports.document.grids import decision_grid
from labkit.reports.document.needs import needs
from labkit.store.run import document

Make = Callable[..., Any]


def decided(run: dict[str, Any], **best: Any) -> Any:
    (table,) = run["tables"]
    return decide(table | {"best": table["best"] | best} if table["best"] else table, run["rows"])


@pytest.fixture
def run(measurement_of: Make, measured: Make, baseline: Row) -> dict[str, Any]:
    return document(measurement_of(baseline, measured("fast", 12.5, kind="native"), measured("near", 9.0)))


def said(*decisions: Any) -> str:
    return "".join(text for _, text in advice(decisions))


def test_the_winner_of_a_decided_table_is_to_be_used(run: dict[str, Any]) -> None:
    assert said(decided(run)) == "Use fast: 12.50× [12.38, 12.63] as fast as plain (10.0 ms → 0.800 ms)."
    assert lead(decided(run)) == "✓ 2.01× [1.82, 2.23] over plain"


def test_a_winner_of_every_workload_is_told_once_with_its_range(run: dict[str, Any]) -> None:
    slower = deepcopy(run)
    next(row for row in slower["rows"] if row["variant"] == "fast")["ratio"] = 4.0
    assert said(decided(run), decided(slower)) == "Use fast on both workloads: 4.0× to 12× as fast as plain."
    assert said(decided(run), decided(run)) == "Use fast on both workloads: 12× as fast as plain."


def test_an_undecided_table_names_both(run: dict[str, Any]) -> None:
    made = decided(run, decided=False, runner_up="near", reason="spans_gate")
    assert said(made) == (
        "On logo this run can’t tell fast from near; the first is 12.50× [12.38, 12.63] as fast as plain "
        "(10.0 ms → 0.800 ms)."
    )
    assert lead(made).startswith("? undecided: ")


def test_a_lead_over_the_baseline_alone_that_is_undecided_is_no_gain(run: dict[str, Any]) -> None:
    assert said(decided(run, decided=False)) == "On logo this run can’t tell fast from plain."


def test_different_winners_are_told_by_workload(run: dict[str, Any]) -> None:
    text = said(decided(run), decided(run, best="near"))
    assert text == (
        "Use fast on logo: 12.50× [12.38, 12.63] as fast as plain (10.0 ms → 0.800 ms). "
        "Use near on logo: 9.00× [8.91, 9.09] as fast as plain (10.0 ms → 1.11 ms)."
    )


def test_a_baseline_that_wins_is_kept(run: dict[str, Any]) -> None:
    made = decided(run, best="plain", runner_up="near")
    assert said(made) == "Keep plain: nothing that was measured is faster."
    assert memory(made) == "5.0 MiB"


def test_the_table_tells_the_time_before_and_after(run: dict[str, Any]) -> None:
    assert decision_grid([decided(run)]).rows[0][2].text == "10.0 ms → 0.800 ms"
    assert decision_grid([decided(run, best="plain")]).rows[0][2].text == "10.0 ms"


def test_the_bars_are_the_best_its_runner_up_the_best_without_a_compiler_and_the_baseline(
    measurement_of: Make, measured: Make, baseline: Row
) -> None:
    rows = [baseline, measured("fast", 12.5, kind="native"), measured("near", 9.0), measured("late", 0.5)]
    made = document(measurement_of(*rows))
    (part,) = tables_of("blur", made)
    axes = decision_bars([part]).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["fast", "near", "plain"]
    assert axes.texts[0].get_text() == "12.50× [12.38, 12.63], 800 µs"
    both = decision_bars([part, part]).axes[0]
    assert [tick.get_text() for tick in both.get_yticklabels()] == ["logo: fast", "logo: fast"]
    assert both.texts[0].get_text().endswith("10.0 ms → 0.800 ms")


def test_where_nothing_was_timed_there_are_no_bars() -> None:
    with pytest.raises(UsageError, match="nothing was timed"):
        decision_bars([])


def test_the_best_that_needs_no_compiler_is_named_beside_one_that_does(run: dict[str, Any]) -> None:
    assert decided(run).plain["variant"] == "near"
    assert decided(run, best="near").plain is None


def test_a_baseline_that_is_the_best_without_a_compiler_is_told_as_such(
    measurement_of: Make, measured: Make, baseline: Row
) -> None:
    made = decided(document(measurement_of(baseline, measured("fast", 12.5, kind="native"))))
    assert decision_grid([made]).rows[0][-1].text == "plain, the baseline"


def test_a_lone_baseline_decides_nothing(measurement_of: Make, baseline: Row) -> None:
    assert said(decided(document(measurement_of(baseline)))) == "On logo only plain was timed."


@pytest.mark.parametrize(
    ("kind", "engine", "words"),
    [
        ("python", None, "nothing beyond Python"),
        ("native", None, "a C/C++ compiler at install"),
        ("cython", "processes:2", "a C/C++ compiler at install, worker processes"),
        ("numba", "threads", "Numba, compiles in its first call, 20.0 ms"),
        ("numpy", "ray", "NumPy, Ray"),
    ],
)
def test_an_unknown_variant_needs_what_its_kind_needs(
    own_registry: Registry, measured: Make, kind: str, engine: str | None, words: str
) -> None:
    assert needs(vars(measured("strange", kind=kind, engine=engine))) == words


def test_a_known_variant_needs_the_libraries_that_its_functions_use(own_registry: Registry, measured: Make) -> None:
    def blur(image: Any) -> None: ...

    def inner(image: Any) -> Any:
        import yaml

        return yaml.dump(np.sum(image))

    def outer(image: Any) -> Any:
        return inner(image)

    lk.stage(reference="plain", workloads=[])(blur)
    lk.variant("blur", kind="library", requires=("pandas",))(outer)
    assert needs(vars(measured("outer", kind="library"))) == "pandas, yaml"
