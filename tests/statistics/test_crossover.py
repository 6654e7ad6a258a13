"""Crossovers: where a ratio changes its sign, how well that is known, and none where it does not."""

import math

import numpy as np
import pytest

from labkit.measure.statistics.crossover import Crossover, crossovers


def series(*medians: float, launches: int = 25, noise: float = 0.0, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [median + rng.normal(0, noise, launches) for median in medians]


def test_a_crossover_lies_on_the_line_in_log_size() -> None:
    (found,) = crossovers([100, 10_000], series(-0.5, 0.5))
    assert found == Crossover(0, pytest.approx(1000), pytest.approx(1000), pytest.approx(1000), True)


def test_the_direction_says_who_leads_above() -> None:
    (found,) = crossovers([1, 2, 4], series(0.3, 0.1, -0.1))
    assert (found.after, found.up) == (1, False)
    assert found.size == pytest.approx(math.sqrt(8))


@pytest.mark.parametrize("medians", [(0.1, 0.2, 0.9), (-0.1, -0.2, -0.01), (0.5,), ()])
def test_none_is_seen_where_the_sign_never_changes(medians: tuple[float, ...]) -> None:
    assert crossovers([1, 2, 4][: len(medians)], series(*medians)) == []


def test_every_change_of_the_sign_is_told() -> None:
    assert [found.after for found in crossovers([1, 2, 4, 8], series(-0.1, 0.1, -0.1, -0.2))] == [0, 1]


@pytest.mark.parametrize("steep", [0.05, 0.5])
def test_the_interval_holds_the_place_and_stays_between_the_sizes(steep: float) -> None:
    held = 0
    for seed in range(40):
        (found,) = crossovers([100, 10_000], series(-steep, steep, noise=0.1, seed=seed), seed) or [None]
        if found is None:
            held += 1  # no crossover claimed: nothing wrong is told
            continue
        assert 100 <= found.low <= found.size <= found.high <= 10_000
        held += found.low <= 1000 <= found.high
    assert held >= 33, f"of seeds 0 to 39 {held} hold it"


def test_few_launches_give_a_place_without_interval() -> None:
    (found,) = crossovers([1, 2], series(-1, 1, launches=8))
    assert found.size == pytest.approx(math.sqrt(2))
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize(
    ("sizes", "count", "argument"),
    [((2, 1), 2, "sizes"), ((1, 1), 2, "sizes"), ((0, 1), 2, "sizes"), ((1, 2), 1, "log_ratios")],
)
def test_bad_input_is_named(sizes: tuple[float, ...], count: int, argument: str) -> None:
    with pytest.raises(ValueError, match=f"^{argument} .*taken"):
        crossovers(sizes, series(*[0.1] * count))
