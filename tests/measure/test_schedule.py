"""The order of execution, tested without a clock: a mock executor keeps its own time."""

import itertools
from collections import Counter

import numpy as np
import pytest

from labkit.measure.schedule import (
    FEWEST_LAUNCHES,
    MOST_LAUNCHES,
    PLENTY_OF_ROUNDS,
    SHORTEST_SAMPLE_S,
    Plan,
    Sample,
    Timing,
    calls_for,
    permuted_rounds,
    plan_table,
    run_rounds,
)
from labkit.measure.statistics import FEWEST_ROUNDS

SEED = 20261120


class MockExecutor:
    """Each call takes what the table says; nothing is really run."""

    def __init__(self, costs: dict[str, float]) -> None:
        self.costs, self.clock, self.order = costs, 0.0, []

    def now(self) -> float:
        return self.clock

    def time(self, arm: str, calls: int) -> Timing:
        self.clock += self.costs[arm] * calls
        self.order.append(arm)
        return self.costs[arm], float("nan"), False


def timed(costs: dict[str, float], plan: Plan, **more: int) -> tuple[MockExecutor, list[Sample]]:
    executor, samples = MockExecutor(costs), []
    run_rounds(executor, plan, np.random.default_rng(SEED), samples.append, **more)
    return executor, samples


def plan(every: dict[str, int], slice_s: float = 1.0) -> Plan:
    return Plan(MOST_LAUNCHES, slice_s, every, dict.fromkeys(every, 1), {})


def test_a_round_times_each_of_its_arms_once():
    for arms in itertools.islice(permuted_rounds({"a": 1, "b": 1, "c": 1}, np.random.default_rng(SEED)), 50):
        assert sorted(arms) == ["a", "b", "c"]


def test_the_order_is_a_random_permutation_and_not_a_cycle():
    rounds = itertools.islice(permuted_rounds({"a": 1, "b": 1, "c": 1}, np.random.default_rng(SEED)), 6000)
    seen = Counter(tuple(arms) for arms in rounds)
    assert len(seen) == 6, f"seed {SEED}"
    assert all(880 < count < 1120 for count in seen.values()), f"seed {SEED}: {seen}"  # 1000 each, 4 sigma is 115


def test_each_arm_has_each_neighbour_equally_often():
    rounds = itertools.islice(permuted_rounds(dict.fromkeys("abcd", 1), np.random.default_rng(SEED)), 4000)
    before = Counter(pair for arms in rounds for pair in itertools.pairwise(arms))
    assert len(before) == 12, f"seed {SEED}"
    assert max(before.values()) < 1.2 * min(before.values()), f"seed {SEED}: {before}"


def test_a_slow_arm_comes_in_every_kth_round_and_the_baseline_in_all():
    rounds = list(itertools.islice(permuted_rounds({"base": 1, "slow": 4}, np.random.default_rng(SEED)), 9))
    assert all("base" in arms for arms in rounds)
    assert [number for number, arms in enumerate(rounds) if "slow" in arms] == [0, 4, 8]


def test_the_first_round_of_a_launch_holds_every_arm():
    _, samples = timed({"base": 0.3, "slow": 5.0}, plan({"base": 1, "slow": 20}, slice_s=0.1))
    assert {sample.arm for sample in samples} == {"base", "slow"}
    assert {sample.round for sample in samples} == {0}


def test_rounds_are_timed_until_the_slice_is_used_up():
    executor, samples = timed({"a": 0.01, "b": 0.03}, plan({"a": 1, "b": 1}, slice_s=1.0))
    assert 1.0 <= executor.clock < 1.05
    assert Counter(sample.arm for sample in samples) == {"a": 25, "b": 25}


def test_a_launch_of_very_quick_arms_ends_after_the_most_rounds():
    _, samples = timed({"a": 1e-7, "b": 1e-7}, plan({"a": 1, "b": 1}), most_rounds=40)
    assert len(samples) == 80


def test_samples_tell_their_place():
    executor, samples = timed({"a": 0.1, "b": 0.1}, plan({"a": 1, "b": 1}))
    assert [sample.arm for sample in samples] == executor.order
    assert [sample.position for sample in samples] == [0, 1] * (len(samples) // 2)


def test_the_same_seed_gives_the_same_order():
    first, _ = timed({"a": 0.1, "b": 0.1, "c": 0.1}, plan(dict.fromkeys("abc", 1)))
    second, _ = timed({"a": 0.1, "b": 0.1, "c": 0.1}, plan(dict.fromkeys("abc", 1)))
    assert first.order == second.order


def lengths(costs: dict[str, float], made: Plan) -> dict[str, float]:
    """Seconds that a sample of each arm lasts."""
    return {arm: costs[arm] * made.batch[arm] for arm in made.every}


def test_calls_too_short_for_the_clock_are_batched():
    made = plan_table({"base": 2e-6, "quick": 1e-7}, "base", 10)
    assert made.batch == {"base": 500, "quick": 10000}
    assert plan_table({"base": 2e-6, "quick": 1e-7}, "base", 0.02).batch == {"base": 66, "quick": 1333}


def test_the_samples_of_a_round_are_about_equally_long():
    costs = {"base": 0.0105, "a": 0.001, "b": 0.0006, "c": 2e-6}
    assert plan_table(costs, "base", 11).batch == {"base": 1, "a": 10, "b": 10, "c": 5250}  # a and b are much the same


def test_arms_of_much_the_same_length_are_timed_call_by_call():
    assert set(plan_table({"base": 0.0014, "a": 0.00141, "b": 0.00095}, "base", 10).batch.values()) == {1}


@pytest.mark.parametrize("budget", [0.1, 0.3, 1.0, 2.0, 10.0])
@pytest.mark.parametrize("call_s", [5e-7, 5e-5, 0.001, 0.003, 0.0049, 0.02])
def test_identical_code_gets_as_many_calls_a_sample_however_badly_each_was_estimated(call_s, budget):
    """One call finds freed memory as the other arm left it, the second as it did itself: 1 beside 2 is no fair comparison."""
    for apart in (1.001, 1.1, 1.5, 2.0, 2.9):
        for costs in ({"base": call_s, "twin": call_s * apart}, {"base": call_s * apart, "twin": call_s}):
            made = plan_table(costs | {"other": call_s * 30}, "base", budget).batch
            assert made["base"] == made.get("twin", made["base"])


def test_no_arm_is_drawn_out_beyond_what_steadies_it():
    costs = {"base": 0.5, "quick": 0.001, "slow": 2.0}
    assert plan_table(costs, "base", 1000).batch == {"base": 1, "quick": 20, "slow": 1}


@pytest.mark.parametrize("budget", [1.0, 2.0, 3.0, 10.0])
@pytest.mark.parametrize(
    "costs",
    [
        {"base": 0.02, "a": 0.001},
        {"base": 0.001, "a": 0.02},
        {"base": 0.02, "a": 0.015, "b": 0.001, "c": 0.0001},
        {"base": 0.011, **{f"quick{number}": 0.0007 for number in range(20)}},
    ],
)
def test_a_launch_keeps_ten_rounds_or_half_of_them_or_its_samples_are_not_drawn_out(costs, budget):
    made = plan_table(costs, "base", budget)
    single = {arm: calls_for(SHORTEST_SAMPLE_S, cost) for arm, cost in costs.items()}
    had = made.slice_s / sum(costs[arm] * calls for arm, calls in single.items())
    has = made.slice_s / sum(lengths(costs, made).values())
    assert has >= max(FEWEST_ROUNDS, min(PLENTY_OF_ROUNDS, had / 2)) or made.batch == single


def test_what_room_there_is_goes_to_the_shortest_samples():
    costs = {"base": 0.02, "a": 0.015, "b": 0.001, "c": 0.0001}
    made = plan_table(costs, "base", 3.0)  # 0.12 s a launch, 40 ms a round: 5 ms beyond base and a
    assert made.batch == {"base": 1, "a": 1, "b": 2, "c": 25}


def test_a_slow_arm_comes_the_more_often_the_longer_the_baselines_samples_are():
    made = plan_table({"base": 0.001, "slow": 0.24}, "base", 60)
    assert (made.batch, made.every) == ({"base": 20, "slow": 1}, {"base": 1, "slow": 3})


def test_a_budget_with_room_gives_all_launches_and_leaves_nothing_out():
    made = plan_table({"base": 0.02, "a": 0.01}, "base", 10)
    assert (made.launches, made.slice_s, made.too_slow) == (MOST_LAUNCHES, 10 / MOST_LAUNCHES, {})


def test_only_an_arm_much_slower_than_the_baseline_comes_seldom():
    made = plan_table({"base": 0.03, "thrice": 0.09, "twelve": 0.36, "quick": 1e-4}, "base", 60)
    assert made.every == {"base": 1, "quick": 1, "thrice": 1, "twelve": 3}


def test_arms_that_do_not_fit_are_too_slow_slowest_first_and_say_which_budget_would_do():
    made = plan_table({"base": 0.05, "a": 0.1, "b": 3.0, "c": 1.0}, "base", 5)
    assert list(made.too_slow) == ["b", "c"]
    assert set(plan_table({"base": 0.05, "a": 0.1, "c": 1.0}, "base", made.too_slow["c"] + 0.01).every) == {
        "base",
        "a",
        "c",
    }


def test_an_arm_whose_gate_was_cut_short_is_never_timed_even_if_a_stretched_budget_has_room():
    costs = {"base": 2.0, "cut_short": 0.9, "quick": 0.01}
    assert "cut_short" in plan_table(costs, "base", 5).every
    made = plan_table(costs, "base", 5, untested={"cut_short"})
    assert set(made.every) == {"base", "quick"}
    assert set(made.too_slow) == {"cut_short"}


def test_a_tight_budget_means_fewer_launches_never_fewer_than_the_statistics_need():
    made = plan_table({"base": 0.2, "a": 0.2}, "base", 5)
    assert made.launches == 12
    assert plan_table({"base": 0.2, "a": 0.2}, "base", 4.5).launches == FEWEST_LAUNCHES


def test_the_baseline_is_measured_even_if_the_budget_is_too_small_for_it():
    made = plan_table({"base": 2.0, "quick": 0.01, "slow": 3.0}, "base", 1)
    assert set(made.every) == {"base", "quick"}
    assert made.launches >= FEWEST_LAUNCHES


@pytest.mark.parametrize("budget", [0, -1])
def test_a_budget_that_is_no_time_is_refused(budget):
    with pytest.raises(ValueError, match="budget_s is"):
        plan_table({"base": 1.0}, "base", budget)
