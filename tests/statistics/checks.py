"""What the statistics owe, as checks that take the package as an argument.

`test_statistics` runs them on the package itself, `test_seeded_bugs` on copies with a bug in each: a check that cannot
fail is worth nothing. They see the public face alone. Checks of known cases come first, properties (hypothesis) last.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Stats = Any
"""`labkit.measure.statistics`, or a copy of it with a bug."""

ALPHA = 0.05
SHUFFLE = np.random.default_rng(25).permutation(25)
"""A fixed order, so that launches do not come sorted."""

quick = settings(max_examples=60, deadline=None)
log_ratios = st.floats(-3.0, 3.0).map(lambda value: round(value, 6))


def launches(low: float, high: float, count: int = 25) -> Floats:
    """Evenly spread launches from low to high, in a fixed disorder."""
    return np.linspace(low, high, count)[SHUFFLE if count == 25 else np.arange(count)[::-1]]


def refuses(argument: str, call: Callable[[], object]) -> None:
    try:
        call()
    except ValueError as error:
        said = str(error)
    else:
        raise AssertionError(f"a wrong {argument} was taken")
    assert said.startswith(argument), said
    assert "taken" in said, said


def walked_coverage(looks: Sequence[int], ranks: Sequence[int], sides: int) -> float:
    """The joint coverage by writing out every walk: 1 is a launch below the median."""
    covered = 0
    for walk in itertools.product((0, 1), repeat=looks[-1]):
        below = [sum(walk[:look]) for look in looks]
        covered += all(
            s >= rank and (sides == 1 or look - s >= rank) for s, look, rank in zip(below, looks, ranks, strict=True)
        )
    return covered / (1 << looks[-1])


def normal_width(count: int, rank: int) -> float:
    """Expected width of [x_(rank), x_(count + 1 - rank)] for standard normal launches, by quadrature."""
    x = np.linspace(-8.0, 8.0, 1601)
    below = np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in x])
    density = rank * math.comb(count, rank) * below ** (rank - 1) * (1.0 - below) ** (count - rank)
    return float(-2.0 * np.sum(x * density * np.exp(-(x**2) / 2.0)) * (x[1] - x[0]) / math.sqrt(2.0 * math.pi))


# One set of launches


def check_a_launch_says_the_median_of_its_rounds(stats: Stats) -> None:
    for rounds, said in (([5.0, 1.0, 2.0], 2.0), ([10.0, 1.0, 3.0, 2.0], 2.5), ([7.0], 7.0), ([0.0, 0.0, 90.0], 0.0)):
        assert stats.launch_median(rounds) == said


def check_rounds_without_the_variant_do_not_count(stats: Stats) -> None:
    nan = math.nan
    assert stats.launch_median([nan, 8.0, nan, 1.0, 3.0]) == 3.0
    assert stats.launch_median([nan, 8.0, 1.0, nan]) == 4.5
    assert math.isnan(stats.launch_median([nan, nan]))
    assert math.isnan(stats.launch_median([]))


def check_many_launches_say_at_once_what_each_says_alone(stats: Stats) -> None:
    rounds = np.random.default_rng(1).normal(size=(4, 3, 7))
    rounds[rounds > 1.0] = np.nan
    together = stats.launch_medians(rounds)
    alone = [[stats.launch_median(launch) for launch in comparison] for comparison in rounds]
    np.testing.assert_array_equal(together, alone)


def check_coverage_is_that_of_the_binomial_table(stats: Stats) -> None:
    known = {(6, 1): 0.96875, (9, 2): 0.9609375, (11, 2): 0.98828125, (25, 8): 0.95671475, (25, 6): 0.99592268}
    for (count, rank), covered in known.items():
        assert abs(stats.coverage(count, rank) - covered) < 1e-8
    assert stats.coverage(25, 0) == 1.0
    assert stats.coverage(0, 0) == 1.0
    assert stats.coverage(5, 3) == 0.0
    assert stats.coverage(10, 2, 1) == 1.0 - 11.0 / 1024.0


def check_coverage_is_what_simulated_launches_have(stats: Stats) -> None:
    seed, trials = 8125, 20_000
    values = np.random.default_rng(seed).exponential(size=(trials, 25)) - math.log(2.0)
    for rank in (5, 8, 11):
        _, low, high = stats.sign_intervals(values, rank)
        covered, said = np.mean((low <= 0.0) & (high >= 0.0)), stats.coverage(25, rank)
        assert abs(covered - said) < 4.0 * math.sqrt(said * (1.0 - said) / trials), f"seed {seed}: {covered}, {said}"


def check_the_rank_is_the_highest_that_keeps_alpha(stats: Stats) -> None:
    known = {0: 0, 1: 0, 5: 0, 6: 1, 8: 1, 9: 2, 11: 2, 19: 5, 23: 7, 25: 8, 31: 10}
    assert {count: stats.sign_interval_rank(count, ALPHA) for count in known} == known
    assert stats.sign_interval_rank(25, ALPHA / 11) == 6
    assert stats.sign_interval_rank(25, ALPHA / 2, 1) == 8
    assert stats.sign_interval_rank(5, ALPHA, 1) == 1
    for count, alpha, sides in itertools.product(range(2, 40), (0.2, 0.05, 0.01, 0.05 / 11), (1, 2)):
        rank = stats.sign_interval_rank(count, alpha, sides)
        assert 1.0 - stats.coverage(count, rank, sides) <= alpha
        assert rank == count // 2 or 1.0 - stats.coverage(count, rank + 1, sides) > alpha


def check_the_interval_lies_between_two_ordered_launches(stats: Stats) -> None:
    interval = stats.median_interval([9.0, 1.0, 30.0, 3.0, 4.0, 5.0, 6.0, 7.0, 2.0], 2)
    assert interval == stats.Interval(5.0, 2.0, 9.0, 9)
    assert stats.median_interval([4.0, 1.0, 2.0, 30.0, 5.0, 6.0], 1) == stats.Interval(4.5, 1.0, 30.0, 6)


def check_a_rank_of_zero_has_no_finite_ends(stats: Stats) -> None:
    assert stats.median_interval([1.0, 2.0, 9.0], 0) == stats.Interval(2.0, -math.inf, math.inf, 3)
    nothing = stats.median_interval([], 0)
    assert math.isnan(nothing.estimate)
    assert (nothing.low, nothing.high, nothing.launches) == (-math.inf, math.inf, 0)


def check_ratios_are_baseline_time_over_variant_time(stats: Stats) -> None:
    times = np.array([[8.0, 4.0], [8.8, 4.0], [8.0, 4.4], [9.0, 4.5], [8.0, 4.0], [8.1, 4.0]])
    interval = stats.median_interval(np.log(times[:, 0] / times[:, 1]), 1)
    np.testing.assert_allclose([interval.ratio, interval.ratio_low, interval.ratio_high], [2.0, 8.0 / 4.4, 2.2])
    endless = stats.median_interval([0.0], 0)
    assert (endless.ratio_low, endless.ratio_high) == (0.0, math.inf)


# Rounds in which a call was put aside


def check_undisturbed_leaves_the_rounds_in_which_nobody_was_put_aside(stats: Stats) -> None:
    ratios = np.array([0.1, 9.0, np.nan, 0.2, 0.3])
    kept = stats.undisturbed(ratios, [False, True, False, False, False])
    assert np.array_equal(kept, [0.1, np.nan, np.nan, 0.2, 0.3], equal_nan=True)


def check_undisturbed_keeps_a_launch_whole_of_which_less_than_three_rounds_are_left(stats: Stats) -> None:
    ratios = np.array([[0.1, 0.2, np.nan, 0.4], [0.1, 0.2, 0.3, 0.4]])
    kept = stats.undisturbed(ratios, [[False, False, False, True], [False, False, False, True]])
    assert np.array_equal(kept, [[0.1, 0.2, np.nan, 0.4], [0.1, 0.2, 0.3, np.nan]], equal_nan=True)


def check_undisturbed_refuses_another_number_of_rounds(stats: Stats) -> None:
    refuses("put_aside", lambda: stats.undisturbed([0.1, 0.2], [False]))
    refuses("log_ratios", lambda: stats.undisturbed([np.inf], [False]))


# Several looks


def check_joint_coverage_counts_every_walk(stats: Stats) -> None:
    for looks, ranks, sides in (
        ((9,), (2,), 2),
        ((6, 10), (1, 2), 2),
        ((4, 7, 11), (1, 2, 4), 2),
        ((4, 7, 11), (0, 2, 4), 1),
        ((5, 5, 8), (1, 2, 3), 2),
    ):
        assert stats.joint_coverage(looks, ranks, sides) == walked_coverage(looks, ranks, sides), (looks, ranks, sides)


def check_one_look_covers_as_a_fixed_budget(stats: Stats) -> None:
    for count, rank, sides in itertools.product((9, 16, 25), (0, 1, 3, 5), (1, 2)):
        assert stats.joint_coverage((count,), (rank,), sides) == stats.coverage(count, rank, sides)
    assert stats.look_ranks((25,), ALPHA) == (8,)


def check_each_look_spends_what_it_may_and_no_more(stats: Stats) -> None:
    plans = ((19, 25), (6, 12, 18, 24), (10, 15, 20), (30, 60), (2, 11))
    for looks, alpha, sides in itertools.product(plans, (0.05, 0.01, 0.05 / 11), (1, 2)):
        ranks, shares = stats.look_ranks(looks, alpha, sides), stats.spending(looks)
        for last in range(1, len(looks) + 1):
            assert 1.0 - stats.joint_coverage(looks[:last], ranks[:last], sides) <= alpha * shares[last - 1] + 1e-15
            higher = (*ranks[: last - 1], ranks[last - 1] + 1)
            spent = 1.0 - stats.joint_coverage(looks[:last], higher, sides)
            assert spent > alpha * shares[last - 1], (looks, alpha, sides, ranks)


def check_spending_rises_to_the_whole_of_alpha(stats: Stats) -> None:
    assert stats.spending((5, 10, 20)) == (0.0625, 0.25, 1.0)


def check_ranks_of_early_looks_know_nothing_of_later_ones(stats: Stats) -> None:
    shares = stats.spending((12, 19, 25))
    ranks = stats.look_ranks((12, 19, 25), ALPHA)
    for last in (1, 2):
        assert stats.look_ranks((12, 19, 25)[:last], ALPHA, spend=shares[:last]) == ranks[:last]


def check_the_usual_plan_covers_without_a_price(stats: Stats) -> None:
    looks = stats.plan_looks()
    ranks = stats.look_ranks(looks, ALPHA)
    assert (looks, ranks, stats.DEFAULT_LAUNCHES) == ((19, 25), (5, 8), 25)
    assert 0.951 < stats.joint_coverage(looks, ranks) < 0.952
    assert 0.95 <= stats.coverage(25, 8) <= 0.97
    assert [stats.look_ranks(looks, ALPHA / family)[-1] for family in range(1, 12)] == [
        stats.sign_interval_rank(25, ALPHA / family) for family in range(1, 12)
    ]


def check_every_budget_has_a_plan(stats: Stats) -> None:
    for total in range(1, 41):
        looks = stats.plan_looks(total)
        ranks = stats.look_ranks(looks, ALPHA)
        assert looks[-1] == total
        assert len(looks) in (1, 2)
        assert stats.joint_coverage(looks, ranks) >= 1.0 - ALPHA
        assert ranks[-1] == stats.sign_interval_rank(total, ALPHA)
        if len(looks) == 2:
            first = looks[0]
            assert total / 2 <= first < total
            assert ranks[0] > 1
            assert normal_width(first, ranks[0]) <= 1.5 * normal_width(total, ranks[1]), looks
    assert [stats.plan_looks(total) for total in (5, 11, 17)] == [(5,), (11,), (17,)]
    assert [stats.plan_looks(total) for total in (12, 20, 31)] == [(10, 12), (16, 20), (20, 31)]


def check_a_look_sees_its_own_launches_and_no_others(stats: Stats) -> None:
    values = np.concatenate([launches(1.0, 19.0, 19), [50.0, 51.0, 52.0, 53.0, 54.0, 55.0]])
    assert stats.interval_at_look(values, (19, 25), 0, ALPHA) == stats.Interval(10.0, 5.0, 15.0, 19)
    assert stats.interval_at_look(values[:19], (19, 25), 0, ALPHA) == stats.Interval(10.0, 5.0, 15.0, 19)
    assert stats.interval_at_look(values, (19, 25), 1, ALPHA) == stats.Interval(13.0, 8.0, 18.0, 25)


def check_an_early_look_has_its_share_of_alpha_alone(stats: Stats) -> None:
    for plan, low, high in (((12,), 3.0, 10.0), ((12, 25), 2.0, 11.0), ((12, 60), 1.0, 12.0)):
        found = stats.interval_at_look(launches(1.0, 12.0, 12), plan, 0, ALPHA)
        assert (found.low, found.high) == (low, high), plan


def check_launches_without_the_variant_do_not_count(stats: Stats) -> None:
    plan, values = (19, 25), launches(1.0, 25.0)
    values[[0, 3, 7, 20]] = np.nan
    rank = stats.look_ranks((16, 21), ALPHA, spend=stats.spending(plan))[1]
    ran = values[~np.isnan(values)]
    assert stats.interval_at_look(values, plan, 1, ALPHA) == stats.median_interval(ran, rank)
    values[5:] = np.nan
    rare = stats.interval_at_look(values, plan, 1, ALPHA)
    assert (rare.low, rare.high, rare.launches) == (-math.inf, math.inf, 3)
    values[:] = np.nan
    assert math.isnan(stats.interval_at_look(values, plan, 1, ALPHA).estimate)


def check_before_the_first_look_there_is_an_estimate_alone(stats: Stats) -> None:
    found = stats.interval_at_look([1.0, math.nan, 3.0, 8.0], (19, 25), None, ALPHA)
    assert found == stats.Interval(3.0, -math.inf, math.inf, 3)


# Verdicts


def check_verdicts_need_the_whole_interval_beyond_a_gate(stats: Stats) -> None:
    inf = math.inf
    for low, high, said, why in (
        (0.011, 0.02, "faster", "none"),
        (-0.02, -0.011, "slower", "none"),
        (-0.009, 0.009, "same", "none"),
        (0.001, 0.009, "same", "none"),
        (-0.009, -0.001, "same", "none"),
        (0.009, 0.02, "unresolved", "spans_gate"),
        (-0.02, -0.009, "unresolved", "spans_gate"),
        (-0.02, 0.005, "unresolved", "spans_gate"),
        (-0.02, 0.02, "unresolved", "spans_gate"),
        (-inf, inf, "unresolved", "too_few_launches"),
    ):
        interval = stats.Interval((low + high) / 2 if low > -inf else 0.0, low, high, 25)
        assert tuple(map(str, stats.verdict(interval))) == (said, why), (low, high)
        later = "stopped" if said == "unresolved" else why
        assert tuple(map(str, stats.verdict(interval, stopped=True))) == (said, later), (low, high)


def check_the_gate_is_one_per_cent_of_the_ratio(stats: Stats) -> None:
    assert abs(stats.GATE - 0.00995033085316808) < 1e-15
    for gate, said in ((math.log(1.01), "faster"), (math.log(1.03), "same"), (math.log(1.017), "unresolved")):
        interval = stats.Interval(math.log(1.015), math.log(1.0101), math.log(1.02), 25)
        assert str(stats.verdict(interval, gate)[0]) == said


def check_a_faster_variant_is_called_faster(stats: Stats) -> None:
    rng = np.random.default_rng(3)
    times = {"baseline": 2.0, "quick": 1.0, "slow": 4.0, "twin": 2.0}
    taken = {name: seconds * np.exp(rng.normal(0.0, 1e-3, 25)) for name, seconds in times.items()}
    values = {name: np.log(taken["baseline"] / taken[name]) for name in ("quick", "slow", "twin")}
    table = stats.compare_family(values, (19, 25), 0)
    assert {name: str(row.verdict) for name, row in table.items()} == {
        "quick": "faster",
        "slow": "slower",
        "twin": "same",
    }
    assert abs(table["quick"].interval.ratio - 2.0) < 0.01
    assert abs(table["slow"].interval.ratio - 0.5) < 0.01


def check_the_variants_of_a_table_share_alpha(stats: Stats) -> None:
    values = launches(1.0, 25.0)
    for count, low, high in ((1, 8.0, 18.0), (2, 7.0, 19.0), (11, 6.0, 20.0)):
        table = stats.compare_family({str(arm): values for arm in range(count)}, (25,), 0)
        assert {(row.interval.low, row.interval.high) for row in table.values()} == {(low, high)}
        alone = stats.compare_family({"left": values}, (25,), 0, family=count)["left"].interval
        assert (alone.low, alone.high) == (low, high)
    wide = stats.compare_family({"a": values}, (25,), 0, alpha=0.01)["a"].interval
    assert (wide.low, wide.high) == (6.0, 20.0)


def check_a_table_looks_as_planned(stats: Stats) -> None:
    values = launches(1.0, 25.0)
    first = np.sort(values[:19])
    early, late = (stats.compare_family({"a": values}, (19, 25), look)["a"].interval for look in (0, 1))
    assert (early.low, early.high, early.launches) == (first[4], first[14], 19)
    assert (late.low, late.high, late.launches) == (8.0, 18.0, 25)


def check_a_stopped_table_keeps_what_a_look_had_decided(stats: Stats) -> None:
    values = {"clear": launches(1.0, 25.0), "unclear": launches(-0.05, 0.05), "absent": np.full(25, np.nan)}
    reasons = {
        (0, False): ["none", "spans_gate", "too_few_launches"],
        (0, True): ["none", "stopped", "stopped"],
        (None, False): ["too_few_launches"] * 3,
        (None, True): ["stopped"] * 3,
    }
    for (look, stopped), why in reasons.items():
        table = stats.compare_family(values, (25, 31), look, stopped=stopped)
        assert [str(row.reason) for row in table.values()] == why
        assert all((str(row.verdict) == "unresolved") == (str(row.reason) != "none") for row in table.values())


def check_many_comparisons_say_at_once_what_each_says_alone(stats: Stats) -> None:
    values = np.random.default_rng(4).normal(0.01, 0.02, (40, 25))
    for look, rank in enumerate(stats.look_ranks((19, 25), ALPHA)):
        seen = values[:, : (19, 25)[look]]
        estimate, low, high = stats.sign_intervals(seen, rank)
        faster, slower, same = stats.claims(low, high)
        for row, series in enumerate(values):
            alone = stats.compare_family({"a": series}, (19, 25), look)["a"]
            assert (alone.interval.estimate, alone.interval.low, alone.interval.high) == (
                estimate[row],
                low[row],
                high[row],
            )
            flags = (faster[row], slower[row], same[row])
            assert [str(alone.verdict) == name for name in ("faster", "slower", "same")] == list(map(bool, flags))


# The best arm


def check_the_best_is_judged_against_the_runner_up(stats: Stats) -> None:
    level = launches(0.9, 1.1)
    tie = launches(-0.05, 0.06)
    between = {("baseline", "a"): level, ("baseline", "b"): level, ("b", "a"): tie}
    found = stats.best_of(["baseline", "a", "b"], between, (25,), 0)
    assert (found.best, found.runner_up, found.decided, str(found.reason)) == ("a", "b", False, "spans_gate")
    assert found.interval.estimate == np.median(tie)
    assert found.lead < 0.0
    between["b", "a"] = launches(0.4, 0.6)
    found = stats.best_of(["baseline", "a", "b"], between, (25,), 0)
    assert (found.best, found.runner_up, found.decided, str(found.reason)) == ("a", "b", True, "none")
    assert 0.4 < found.lead < found.interval.estimate < found.interval.high < 0.6


def check_the_lead_is_a_one_sided_bound_that_shares_alpha(stats: Stats) -> None:
    for arms, rank in ((2, 8), (3, 8), (4, 7), (12, 6)):
        names = [f"arm{number}" for number in range(arms)]
        values = launches(1.0, 25.0)
        between = {(a, b): values * (b == names[-1]) for a, b in itertools.combinations(names, 2)}
        found = stats.best_of(names, between, (25,), 0)
        assert (found.best, found.lead) == (names[-1], rank), arms
        row = stats.compare_family({"row": values}, (25,), 0, family=arms - 1)["row"].interval
        assert found.interval == row
    assert stats.best_of(["a", "b"], {("a", "b"): launches(1.0, 25.0)}, (25,), 0, alpha=0.025).lead == 8.0
    assert stats.best_of(["a", "b"], {("a", "b"): launches(1.0, 25.0)}, (25,), 0, alpha=0.06).lead == 9.0


def check_the_best_is_decided_at_the_gate(stats: Stats) -> None:
    for edge, decided in ((1.0101, True), (1.0099, False)):
        values = launches(1.0, 25.0)
        between = {("slow", "quick"): np.where(values < 8.0, 0.0, math.log(edge))}
        assert stats.best_of(["slow", "quick"], between, (25,), 0).decided is decided
        assert not stats.best_of(["slow", "quick"], between, (25,), 0, gate=math.log(1.02)).decided


def check_a_rival_seldom_run_keeps_the_best_from_being_named(stats: Stats) -> None:
    rare = np.full(25, 1.0)
    rare[3:] = np.nan
    between = {("a", "best"): launches(0.4, 0.6), ("rare", "best"): rare, ("rare", "a"): rare - 0.5}
    found = stats.best_of(["a", "rare", "best"], between, (25,), 0)
    assert (found.best, found.runner_up, found.decided) == ("best", "a", False)
    assert str(found.reason) == "too_few_launches"
    assert found.interval.low > 0.4
    between = {pair: np.full(25, np.nan) if "rare" in pair else values for pair, values in between.items()}
    found = stats.best_of(["a", "rare", "best"], between, (25,), 0, stopped=True)
    assert (found.decided, str(found.reason)) == (False, "stopped")


def check_pairs_may_be_given_either_way_round(stats: Stats) -> None:
    rng = np.random.default_rng(6)
    times = {name: speed * np.exp(rng.normal(0.0, 0.01, 25)) for name, speed in (("a", 3.0), ("b", 1.0), ("c", 2.0))}

    def between(one: str, other: str) -> Floats:
        return np.asarray(np.log(times[one] / times[other]))

    asked = stats.best_of(list(times), between, (19, 25), 1)
    assert (asked.best, asked.runner_up, asked.decided) == ("b", "c", True)
    assert abs(asked.interval.ratio - 2.0) < 0.05
    for pairs in (itertools.combinations("abc", 2), itertools.combinations("cba", 2)):
        told = stats.best_of(list(times), {pair: between(*pair) for pair in pairs}, (19, 25), 1)
        assert (told.best, told.runner_up, told.decided) == ("b", "c", True)
        assert abs(told.lead - asked.lead) < 1e-12
        assert abs(told.interval.low - asked.interval.low) < 1e-12


# Steps over stored runs


def borders(levels: Sequence[Any]) -> list[int]:
    return [level.first for level in levels[1:]]


def check_a_planted_step_is_found_at_its_place(stats: Stats) -> None:
    noise = np.random.default_rng(8).normal(0.0, 0.01, 20)
    for place in (3, 10, 17):
        before, after = stats.levels(np.where(np.arange(20) < place, 2.5, 2.3) + noise)
        assert (before.first, before.last, before.runs) == (0, place - 1, place)
        assert (after.first, after.last, after.runs) == (place, 19, 20 - place)
        assert abs(before.value - 2.5 - np.median(noise[:place])) < 1e-12
        assert abs(after.value - 2.3 - np.median(noise[place:])) < 1e-12
    assert borders(stats.levels(np.repeat([1.0, 1.2, 1.1, 1.2], 8) + np.append(noise, noise[:12]))) == [8, 16, 24]


def check_one_disturbed_run_is_no_step_and_hides_none(stats: Stats) -> None:
    noise = np.random.default_rng(9).normal(0.0, 0.01, 12)
    for run, off, width in itertools.product(range(12), (-3.0, 3.0), (0.1, 1e-6)):
        here = np.arange(12) == run
        struck, widths = noise + off * here, np.where(here, width, 0.1)
        assert borders(stats.levels(struck, widths)) == [], (run, off, width)
        if not 4 <= run <= 7:  # beside the step it could as well be of the other level
            assert borders(stats.levels(struck + 0.5 * (np.arange(12) >= 6), widths)) == [6], (run, off, width)


def check_runs_without_a_value_are_left_out_of_levels(stats: Stats) -> None:
    values = np.array([1.0, math.nan, 1.0, 1.0, 1.0, math.nan, math.nan, 2.0, 2.0, 2.0, math.nan])
    found = [(level.first, level.last, level.runs, level.value) for level in stats.levels(values)]
    assert found == [(0, 4, 4, 1.0), (7, 9, 3, 2.0)]
    assert stats.levels([]) == stats.levels([math.nan]) == []
    assert [level.runs for level in stats.levels([1.0, 5.0])] == [2]


def check_a_narrow_interval_counts_for_more_in_a_level(stats: Stats) -> None:
    assert stats.levels([1.0, 2.0], [1.0, 2.0])[0].value == 1.0
    assert stats.levels([1.0, 2.0], [2.0, 1.0])[0].value == 2.0
    assert stats.levels([1.0, 2.0], [math.nan, 0.0])[0].value == 1.5
    assert stats.levels([1.0, 1.0, 5.0], [1.0, 1.0, 1e-9])[0].value == 1.0


# The boundary


def check_wrong_input_is_refused_by_name(stats: Stats) -> None:
    nan, inf, good = math.nan, math.inf, list(launches(1.0, 25.0))
    refuses("log_ratios", lambda: stats.launch_median([[1.0]]))
    refuses("log_ratios", lambda: stats.launch_median([inf]))
    refuses("launches", lambda: stats.coverage(-1, 0))
    refuses("launches", lambda: stats.coverage(2.5, 0))
    refuses("rank", lambda: stats.coverage(9, 6))
    refuses("rank", lambda: stats.median_interval([1.0, 2.0], 2))
    refuses("values", lambda: stats.median_interval([1.0, nan, 2.0], 1))
    refuses("sides", lambda: stats.coverage(9, 1, 3))
    for alpha in (0.0, 1.0, -0.1, nan):
        refuses("alpha", partial(stats.sign_interval_rank, 9, alpha))
        refuses("alpha", partial(stats.look_ranks, (9,), alpha))
        refuses("alpha", partial(stats.compare_family, {}, (9,), 0, alpha))
    refuses("total", lambda: stats.plan_looks(0))
    refuses("total", lambda: stats.plan_looks(True))
    for looks in ((), (9, 5), (-1, 5)):
        refuses("looks", partial(stats.joint_coverage, looks, (0,) * len(looks)))
        refuses("looks", partial(stats.compare_family, {"a": good}, looks, 0))
    refuses("looks", lambda: stats.compare_family({"a": good}, (5, 5), 0))
    refuses("ranks", lambda: stats.joint_coverage((9,), (1, 2)))
    refuses("ranks", lambda: stats.joint_coverage((9,), (6,)))
    for spend in ((0.5,), (0.5, 0.4), (0.5, 1.1), (-0.1, 1.0)):
        refuses("spend", partial(stats.look_ranks, (5, 9), ALPHA, spend=spend))
    refuses("at_look", lambda: stats.compare_family({"a": good}, (25,), 1))
    refuses("at_look", lambda: stats.compare_family({"a": good}, (25,), -1))
    refuses("values", lambda: stats.compare_family({"a": good[:20]}, (25,), 0))
    refuses("values", lambda: stats.compare_family({"a": [inf] * 25}, (25,), 0))
    refuses("family", lambda: stats.compare_family({"a": good, "b": good}, (25,), 0, family=1))
    for gate in (0.0, -0.01, inf, nan):
        refuses("gate", partial(stats.verdict, stats.Interval(0.0, 0.0, 0.0, 9), gate))
    refuses("arms", lambda: stats.best_of(["a"], {}, (25,), 0))
    refuses("arms", lambda: stats.best_of(["a", "a"], {}, (25,), 0))
    refuses("between", lambda: stats.best_of(["a", "b"], {}, (25,), 0))
    refuses("gate", lambda: stats.best_of(["a", "b"], {("a", "b"): good}, (25,), 0, gate=0.0))
    refuses("values", lambda: stats.levels([[1.0]]))
    refuses("values", lambda: stats.levels([inf]))
    refuses("widths", lambda: stats.levels([1.0, 2.0], [1.0]))


# Properties


def check_swapping_the_arms_turns_the_interval_round(stats: Stats) -> None:
    turned = {"faster": "slower", "slower": "faster", "same": "same", "unresolved": "unresolved"}

    @quick
    @given(st.lists(log_ratios, min_size=25, max_size=25), st.sampled_from((0.002, 0.02, 1.0)))
    def holds(values: list[float], scale: float) -> None:
        one = stats.compare_family({"a": np.array(values) * scale}, (19, 25), 1)["a"]
        other = stats.compare_family({"a": -np.array(values) * scale}, (19, 25), 1)["a"]
        assert (other.interval.low, other.interval.high) == (-one.interval.high, -one.interval.low)
        assert other.interval.estimate == -one.interval.estimate
        assert str(other.verdict) == turned[str(one.verdict)]

    holds()


def check_a_shift_of_all_launches_shifts_the_interval(stats: Stats) -> None:
    @quick
    @given(st.lists(log_ratios, min_size=6, max_size=40), log_ratios)
    def holds(values: list[float], shift: float) -> None:
        rank = stats.sign_interval_rank(len(values), ALPHA)
        one, other = stats.median_interval(values, rank), stats.median_interval(np.array(values) + shift, rank)
        np.testing.assert_allclose(
            [other.estimate, other.low, other.high], np.array([one.estimate, one.low, one.high]) + shift, atol=1e-12
        )

    holds()


def check_the_order_of_launches_within_a_look_does_not_matter(stats: Stats) -> None:
    @quick
    @given(st.lists(log_ratios, min_size=25, max_size=25), st.permutations(range(25)))
    def holds(values: list[float], order: list[int]) -> None:
        one = stats.interval_at_look(values, (25,), 0, ALPHA)
        assert stats.interval_at_look(np.array(values)[order], (25,), 0, ALPHA) == one

    holds()


def check_the_interval_holds_its_estimate(stats: Stats) -> None:
    missing = st.one_of(log_ratios, st.just(math.nan))

    @quick
    @given(st.lists(missing, min_size=25, max_size=25), st.sampled_from((0, 1)), st.floats(1e-4, 0.9))
    def holds(values: list[float], look: int, alpha: float) -> None:
        found = stats.interval_at_look(values, (19, 25), look, alpha)
        ran = np.array(values)[: (19, 25)[look]]
        ran = ran[~np.isnan(ran)]
        assert found.launches == len(ran)
        assert math.isnan(found.estimate) if len(ran) == 0 else found.estimate == np.median(ran)
        assert len(ran) == 0 or found.low <= found.estimate <= found.high

    holds()


def check_less_alpha_never_narrows_the_interval(stats: Stats) -> None:
    @quick
    @given(st.lists(log_ratios, min_size=25, max_size=25), st.floats(1e-5, 0.5), st.floats(1e-5, 0.5))
    def holds(values: list[float], one: float, other: float) -> None:
        narrow, wide = (stats.interval_at_look(values, (25,), 0, alpha) for alpha in (max(one, other), min(one, other)))
        assert wide.low <= narrow.low <= narrow.high <= wide.high

    holds()


def check_random_looks_cover_as_every_walk_says(stats: Stats) -> None:
    @quick
    @given(
        st.lists(st.integers(1, 9), min_size=1, max_size=3).map(sorted), st.floats(0.01, 0.9), st.sampled_from((1, 2))
    )
    def holds(looks: list[int], alpha: float, sides: int) -> None:
        shares = [look / looks[-1] for look in looks]
        ranks = stats.look_ranks(looks, alpha, sides, shares)
        covered = walked_coverage(looks, ranks, sides)
        assert stats.joint_coverage(looks, ranks, sides) == covered
        assert 1.0 - covered <= alpha + 1e-15

    holds()


def check_the_names_and_order_of_arms_do_not_matter_to_the_best(stats: Stats) -> None:
    @quick
    @given(st.integers(0, 2**32 - 1), st.permutations(range(4)))
    def holds(seed: int, order: list[int]) -> None:
        times = np.random.default_rng(seed).normal(np.arange(4)[:, None] * 0.01, 0.02, (4, 25))
        pairs = {(str(a), str(b)): times[a] - times[b] for a, b in itertools.permutations(range(4), 2)}
        one = stats.best_of([str(arm) for arm in range(4)], pairs, (19, 25), 1)
        other = stats.best_of([str(arm) for arm in order], pairs, (19, 25), 1)
        assert (one.best, one.runner_up, one.lead, one.interval) == (
            other.best,
            other.runner_up,
            other.lead,
            other.interval,
        )
        assert one.decided == (one.lead > stats.GATE)
        assert one.lead <= one.interval.estimate

    holds()


CHECKS: tuple[Callable[[Stats], None], ...] = tuple(
    value for name, value in list(globals().items()) if name.startswith("check_")
)
