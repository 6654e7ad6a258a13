"""The scalability law: known parameters come back, intervals cover, and what can't be known is not told."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from labkit.measure.statistics.scalability import Doubt, Law, fit_scaling, peaks, speedups

Floats = NDArray[np.float64]
Effect = Callable[[np.random.Generator, tuple[int, ...]], Floats]
EIGHT = (2, 3, 4, 5, 6, 7, 8)
LAWS = [Law(0.03, 0.002), Law(0.1, 0.0), Law(0.0, 0.005), Law(0.0, 0.0), Law(0.3, 0.02)]
EFFECTS: dict[str, Effect] = {
    "normal": lambda rng, shape: rng.normal(0.0, 0.015, shape),
    "skewed": lambda rng, shape: rng.standard_gamma(1.0, shape) * 0.02,
}


def curve(law: Law, workers: tuple[int, ...], launches: int = 1) -> Floats:
    """Launches without noise."""
    return np.tile(np.log([law.speedup(count) for count in workers]), (launches, 1))


def noisy(law: Law, workers: tuple[int, ...], launches: int, rng: np.random.Generator, effect: Effect) -> Floats:
    """Every arm of a launch, the one with one worker too, has an effect of its own; that one's is in all ratios."""
    drawn = effect(rng, (launches, 1 + len(workers)))
    return curve(law, workers, launches) + drawn[:, :1] - drawn[:, 1:]


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_a_curve_without_noise_gives_its_law_back(law: Law) -> None:
    found = fit_scaling(EIGHT, curve(law, EIGHT, 11), cores=8)
    assert found is not None
    assert (found.law.sigma, found.law.kappa) == pytest.approx((law.sigma, law.kappa), abs=1e-9)
    assert found.misfit == pytest.approx(0.0, abs=1e-9)
    assert found.workers == (1, *EIGHT)
    assert found.doubts == ()
    assert found.predicted(64).value == pytest.approx(law.speedup(64))


def test_the_law_is_one_at_one_worker_and_linear_without_losses() -> None:
    assert [Law(0.2, 0.1).speedup(1), Law(0.0, 0.0).speedup(12), Law(1.0, 0.0).speedup(7)] == [1.0, 12.0, 1.0]
    assert Law(0.1, 0.0).speedup(1e9) == pytest.approx(10.0)


@pytest.mark.parametrize("law", [Law(0.03, 0.002), Law(0.3, 0.02), Law(0.0, 0.005)], ids=str)
def test_the_peak_is_where_the_law_is_greatest(law: Law) -> None:
    counts = np.linspace(1, 60, 60_000)
    assert law.peak == pytest.approx(counts[np.argmax([law.speedup(count) for count in counts])], abs=0.01)


@pytest.mark.parametrize(
    ("sigma", "kappa", "peak"),
    [(0.1, 0.0, math.inf), (1.0, 0.0, 1.0), (1.4, 0.1, 1.0), (0.5, 2.0, 1.0), (0, 0, math.inf)],
)
def test_the_peak_at_the_edges_of_the_law(sigma: float, kappa: float, peak: float) -> None:
    assert float(peaks(np.array(sigma), np.array(kappa))) == peak


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("law", LAWS[:3], ids=str)
def test_intervals_hold_the_truth_about_as_often_as_they_say(law: Law, effect: str) -> None:
    """Of 120 simulated sweeps 95 % would be 114; 104 is four standard errors lower."""
    seed, sweeps = 20261121, 120
    print("seed", seed)
    rng = np.random.default_rng(seed)
    centre = np.median(np.diff(EFFECTS[effect](rng, (200_000, 2)), axis=1))
    held = np.zeros(4)
    for number in range(sweeps):
        values = noisy(law, EIGHT, 25, rng, EFFECTS[effect]) + centre
        found = fit_scaling(EIGHT, values, cores=8, seed=number, resamples=300)
        assert found is not None
        truths = (law.sigma, law.kappa, law.peak, law.speedup(16))
        told = (found.sigma, found.kappa, found.peak, found.predicted(16))
        held += [one.low - 1e-12 <= truth <= one.high + 1e-12 for one, truth in zip(told, truths, strict=True)]
    assert (held >= 104).all(), dict(zip(("sigma", "kappa", "peak", "at 16"), held, strict=True))


def test_intervals_are_no_wider_than_the_noise_asks_for() -> None:
    print("seed", 3)
    values = noisy(Law(0.05, 0.003), EIGHT, 25, np.random.default_rng(3), EFFECTS["normal"])
    found = fit_scaling(EIGHT, values, cores=8)
    assert found is not None
    ahead = found.predicted(16)
    assert ahead.low < ahead.value < ahead.high
    assert ahead.high / ahead.low < 1.2
    assert found.sigma.high - found.sigma.low < 0.03


def test_two_points_give_bounds_and_say_so() -> None:
    law = Law(0.04, 0.01)
    found = fit_scaling((2,), curve(law, (2,), 11), cores=2)
    assert found is not None
    assert found.bound
    assert Doubt.TWO_POINTS in found.doubts
    assert (found.law.sigma, found.law.kappa) == (pytest.approx(0.06), 0.0)
    assert found.worst == Law(0.0, pytest.approx(0.03))


@pytest.mark.parametrize("known", [2, 4])
@pytest.mark.parametrize("ahead", [1.5, 2, 4, 25])
def test_any_law_through_two_points_lies_between_their_bounds(known: int, ahead: float) -> None:
    worst, workers = Law(0.0, 0.06 / known), known * ahead
    for kappa in np.linspace(0.0, worst.kappa, 7):
        law = Law(0.06 - known * kappa, kappa)
        found = fit_scaling((known,), curve(law, (known,), 11), cores=known)
        assert found is not None
        least, most = found.least(workers), found.predicted(workers).high
        assert least is not None
        assert least - 1e-9 <= law.speedup(workers) <= most + 1e-9
        assert (least, most) == (pytest.approx(worst.speedup(workers)), pytest.approx(Law(0.06, 0.0).speedup(workers)))


def test_points_beyond_the_cores_take_no_part() -> None:
    values = np.log([[1.9, 1.2, 0.7]] * 11)
    found = fit_scaling((2, 3, 4), values, cores=2)
    assert found is not None
    assert found.workers == (1, 2)
    assert Doubt.BEYOND_CORES in found.doubts
    assert found.law.speedup(2) == pytest.approx(1.9)


def test_three_points_say_that_nothing_checks_the_law() -> None:
    found = fit_scaling((2, 3), curve(Law(0.05, 0.01), (2, 3), 11), cores=3)
    assert found is not None
    assert not found.bound
    assert Doubt.NO_DEGREE_LEFT in found.doubts


@pytest.mark.parametrize("workers", [(), (1,), (2, 4)])
def test_one_core_has_nothing_to_fit(workers: tuple[int, ...]) -> None:
    assert fit_scaling(workers, np.zeros((11, len(workers))), cores=1) is None


def test_one_worker_among_the_points_changes_nothing() -> None:
    values = curve(Law(0.05, 0.01), (2, 3, 4), 11)
    without = fit_scaling((2, 3, 4), values, cores=4)
    among = fit_scaling(
        (4, 1, 3, 2), np.column_stack([values[:, 2], np.zeros(11), values[:, 1], values[:, 0]]), cores=4
    )
    assert without is not None
    assert among is not None
    assert (among.law, among.workers, among.sigma) == (without.law, without.workers, without.sigma)


def test_faster_than_linear_is_held_at_linear_and_doubted() -> None:
    found = fit_scaling((2, 3, 4), np.log([[2.4, 3.6, 4.9]] * 11), cores=4)
    assert found is not None
    assert found.law == Law(0.0, 0.0)
    assert Doubt.SUPERLINEAR in found.doubts
    assert found.predicted(8).high == 8.0


def test_a_curve_that_is_none_of_the_law_is_doubted() -> None:
    found = fit_scaling((2, 3, 4, 5), np.log([[1.9, 1.0, 3.5, 1.2]] * 11), cores=5)
    assert found is not None
    assert Doubt.MISFIT in found.doubts
    assert found.misfit > 0.3


def test_workers_that_hinder_each_other_have_their_best_at_one() -> None:
    found = fit_scaling((2, 3, 4), np.log([[0.8, 0.6, 0.5]] * 11), cores=4)
    assert found is not None
    assert found.law.peak == 1.0
    assert found.predicted(8).high < 1.0


def test_few_launches_give_no_interval() -> None:
    found = fit_scaling((2, 3, 4), curve(Law(0.05, 0.01), (2, 3, 4), 8), cores=4)
    assert found is not None
    assert Doubt.TOO_FEW_LAUNCHES in found.doubts
    assert math.isnan(found.sigma.low)
    assert math.isnan(found.predicted(8).high)
    assert found.predicted(8).value == pytest.approx(Law(0.05, 0.01).speedup(8))
    two = fit_scaling((2,), curve(Law(0.06, 0.0), (2,), 3), cores=2)
    assert two is not None
    assert two.least(8) == pytest.approx(Law(0.0, 0.03).speedup(8))


def test_the_same_seed_gives_the_same_intervals() -> None:
    print("seed", 4)
    values = noisy(Law(0.05, 0.003), EIGHT, 25, np.random.default_rng(4), EFFECTS["normal"])
    first, again, other = (fit_scaling(EIGHT, values, cores=8, seed=seed) for seed in (1, 1, 2))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.sigma == again.sigma
    assert first.sigma != other.sigma


def test_noisy_points_weigh_less() -> None:
    """The point at 8 workers is off by 20 %, and scatters by as much: the others decide."""
    print("seed", 6)
    rng = np.random.default_rng(6)
    law = Law(0.05, 0.005)
    values = curve(law, EIGHT, 25) + rng.normal(0, 0.002, (25, len(EIGHT)))
    values[:, -1] += 0.2 + rng.normal(0, 0.2, 25)
    found = fit_scaling(EIGHT, values, cores=8)
    assert found is not None
    assert found.law.speedup(6) == pytest.approx(law.speedup(6), rel=0.01)


@pytest.mark.parametrize(
    ("workers", "values", "argument"),
    [
        ((2, 2), np.zeros((11, 2)), "log_speedups"),
        ((2, 3), np.zeros((11, 3)), "log_speedups"),
        ((2,), np.zeros((0, 1)), "log_speedups"),
        ((2,), np.zeros(11), "log_speedups"),
        ((2,), np.full((11, 1), np.nan), "log_speedups"),
        ((0,), np.zeros((11, 1)), "workers"),
        ((2.5,), np.zeros((11, 1)), "workers"),
    ],
)
def test_bad_input_is_named(workers: tuple[int, ...], values: Floats, argument: str) -> None:
    with pytest.raises(ValueError, match=f"^{argument} .*taken"):
        fit_scaling(workers, values, cores=4)


def test_the_law_takes_arrays() -> None:
    assert speedups(np.array([0.0, 1.0]), np.zeros(2), 4.0).tolist() == [4.0, 1.0]
