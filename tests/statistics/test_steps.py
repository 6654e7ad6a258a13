"""Levels over stored runs: the best fit there is, wherever the scale lies, and no step where there is only noise.

Cases that a bug in the source must not survive are in `checks`.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labkit.measure.statistics import levels
from labkit.measure.statistics.steps import FEWEST_RUNS, MOST_STEPS, fits, step_cost, without_outliers

Floats = NDArray[np.float64]

quick = settings(max_examples=60, deadline=None)
eighths = st.integers(-40, 40).map(lambda value: value / 8.0)  # sums of them are exact, so that ties stay ties
series = st.lists(eighths, min_size=1, max_size=11).map(np.array)
weights = st.lists(st.sampled_from((0.75, 1.0, 1.25)), min_size=11, max_size=11).map(np.array)


def segmentations(runs: int) -> Iterator[tuple[int, ...]]:
    """Where levels may begin, every way to cut the runs into levels that are long enough; one level in any case."""
    for steps in range(max(runs // FEWEST_RUNS, 1)):
        for cuts in itertools.combinations(range(1, runs), steps):
            ends = (0, *cuts, runs)
            if steps == 0 or min(b - a for a, b in itertools.pairwise(ends)) >= FEWEST_RUNS:
                yield ends[:-1]


def distance_left(values: Floats, its: Floats, begins: tuple[int, ...]) -> float:
    """Each level at the best of its own values, tried one by one."""
    parts = [slice(a, b) for a, b in itertools.pairwise((*begins, len(values)))]
    return sum(min(float((its[p] * abs(values[p] - level)).sum()) for level in values[p]) for p in parts)


@quick
@given(series, weights)
def test_no_other_fit_with_as_many_steps_leaves_less(values: Floats, its: Floats) -> None:
    its = its[: len(values)]
    found = fits(values, its)
    least: dict[int, float] = {}
    for begins in segmentations(len(values)):
        steps = len(begins) - 1
        least[steps] = min(least.get(steps, math.inf), distance_left(values, its, begins))
    assert [fit.left for fit in found] == [least[steps] for steps in range(len(found))]
    assert [distance_left(values, its, fit.begins) for fit in found] == [fit.left for fit in found]
    assert len(found) == len(least)


@quick
@given(series)
def test_the_levels_are_those_of_the_potts_functional_at_the_penalty_chosen(values: Floats) -> None:
    seen, ones = without_outliers(values), np.ones(len(values))
    begins = tuple(level.first for level in levels(values))
    left = distance_left(seen, ones, begins)
    gamma = step_cost(len(values)) * left / len(values)
    others = [distance_left(seen, ones, cut) + gamma * (len(cut) - 1) for cut in segmentations(len(values))]
    assert left + gamma * (len(begins) - 1) <= min(others) + 1e-6 * max(left, 1.0)


@quick
@given(series, st.integers(-64, 64), st.sampled_from((0.125, 0.5, 1.0, 4.0)))
def test_levels_move_and_stretch_with_the_series(values: Floats, shift: int, stretch: float) -> None:
    one, other = levels(values), levels(values * stretch + shift)
    assert [(level.first, level.last, level.runs) for level in other] == [(le.first, le.last, le.runs) for le in one]
    np.testing.assert_allclose([le.value for le in other], [le.value * stretch + shift for le in one], atol=1e-12)


@quick
@given(st.lists(st.one_of(eighths, st.just(math.nan)), max_size=20))
def test_levels_hold_every_run_with_a_value_once_and_in_order(values: list[float]) -> None:
    found, known = levels(values), [place for place, value in enumerate(values) if value == value]
    assert [place for level in found for place in known if level.first <= place <= level.last] == known
    assert [level.runs for level in found] == [sum(le.first <= p <= le.last for p in known) for le in found]
    assert len(found) < 2 or min(level.runs for level in found) >= FEWEST_RUNS


@pytest.mark.parametrize("runs", [6, 10, 40])
def test_of_noise_alone_few_series_have_a_step(runs: int) -> None:
    seed = 20_261_121
    rng = np.random.default_rng(seed)
    whole = np.mean([len(levels(rng.normal(0.0, 0.02, runs), rng.uniform(0.01, 0.03, runs))) == 1 for _ in range(200)])
    assert whole >= 0.95, f"seed {seed}: {whole}"


def test_of_more_steps_than_are_looked_for_the_dozen_that_explain_most_is_told() -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.001, 80)
    stairs = np.cumsum(np.repeat([1.0, *[0.3] * MOST_STEPS, 0.02, 0.02, 0.02], 5)[::5]).repeat(5)
    assert [level.first for level in levels(stairs + noise)[1:]] == list(range(5, 5 * MOST_STEPS + 1, 5))


def test_a_series_of_one_value_has_one_level() -> None:
    assert [(level.runs, level.value) for level in levels([0.1] * 30)] == [(30, 0.1)]


def test_a_clean_step_is_seen_in_six_runs_and_not_in_five() -> None:
    assert [level.first for level in levels([1.0, 1.0, 1.0, 1.1, 1.1, 1.1])] == [0, 3]
    assert len(levels([1.0, 1.0, 1.0, 1.1, 1.1])) == 1
