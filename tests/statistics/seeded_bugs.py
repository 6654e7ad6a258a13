"""Bugs to be seeded into a copy of the statistics, as data: each is one fragment of the source and what it becomes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """A plausible slip: in ``file`` the fragment ``right``, which occurs there once, becomes ``wrong``."""

    name: str
    file: str
    right: str
    wrong: str


BUGS = (
    Bug(
        "upper end one launch too low", "order.py", "ordered[..., launches - rank]", "ordered[..., launches - rank - 1]"
    ),
    Bug("lower end one launch too high", "order.py", "ordered[..., rank - 1]", "ordered[..., rank]"),
    Bug("one side of the misses forgotten", "order.py", "missed = sides * sum(", "missed = sum("),
    Bug("binomial tail one term too long", "order.py", "for below in range(rank))", "for below in range(rank + 1))"),
    Bug(
        "mean of the rounds for their median",
        "order.py",
        "np.asarray((lower + upper)[..., 0] / 2)",
        "np.asarray(np.nanmean(ordered, axis=-1))",
    ),
    Bug(
        "absent rounds counted",
        "order.py",
        "np.count_nonzero(~np.isnan(ordered), axis=-1, keepdims=True)",
        "np.full((*ordered.shape[:-1], 1), ordered.shape[-1])",
    ),
    Bug(
        "mean of the launches for their median",
        "order.py",
        "(ordered[..., (launches - 1) // 2] + ordered[..., launches // 2]) / 2",
        "ordered.mean(axis=-1)",
    ),
    Bug(
        "upper middle for the median",
        "order.py",
        "ordered[..., (launches - 1) // 2] + ",
        "ordered[..., launches // 2] + ",
    ),
    Bug(
        "rank checked one too late",
        "order.py",
        "coverage(launches, rank + 1, sides)",
        "coverage(launches, rank, sides)",
    ),
    Bug("put aside kept, the rest dropped", "undisturbed.py", "np.where(disturbed &", "np.where(~disturbed &"),
    Bug("absent rounds taken for undisturbed ones", "undisturbed.py", "~disturbed & ~np.isnan(ratios)", "~disturbed"),
    Bug("ratio upside down", "order.py", "math.exp(self.estimate)", "math.exp(-self.estimate)"),
    Bug("ends of the ratio upside down", "order.py", "math.exp(self.low)", "math.exp(-self.high)"),
    Bug("looks without spending", "looks.py", "<= alpha * share:", "<= alpha:"),
    Bug("all of alpha at the first look", "looks.py", "SPENDING_POWER = 2", "SPENDING_POWER = 0"),
    Bug(
        "whole alpha anew at each look",
        "looks.py",
        "        paths = _through_gate(paths, rank, sides)\n        ranks.append(rank)",
        "        ranks.append(rank)",
    ),
    Bug("gate one launch too narrow", "looks.py", "if rank <= below <= last", "if rank < below <= last"),
    Bug("gate closed on the wrong side", "looks.py", "(rank if sides == 2 else 0)", "(rank if sides == 1 else 0)"),
    Bug(
        "last look ignored",
        "looks.py",
        "for count, rank in zip(counts, levels, strict=True):",
        "for count, rank in zip(counts[:-1] or counts, levels[:-1] or levels, strict=True):",
    ),
    Bug(
        "walk restarted at each look",
        "looks.py",
        "paths = _through_gate(_walk(paths, count - walked), rank, sides)",
        "paths = _through_gate(_walk([1], count), rank, sides)",
    ),
    Bug("NaN counted as a launch", "looks.py", "int(np.count_nonzero(ran[:look]))", "int(ran[:look].size)"),
    Bug(
        "launches beyond the look peeked at",
        "looks.py",
        "launches[: plan[at_look]][ran[: plan[at_look]]]",
        "launches[ran]",
    ),
    Bug(
        "share of the plan lost for own counts",
        "looks.py",
        "look_ranks(counts, alpha, sides, spending(plan)[: at_look + 1])",
        "look_ranks(counts, alpha, sides, [1.0] * len(counts))",
    ),
    Bug("looks that cost the last one its rank", "plan.py", "last == alone", "last <= alone"),
    Bug("first look of any width", "plan.py", "WIDEST = 1.5", "WIDEST = 15.0"),
    Bug("faster from the estimate's side of one", "verdict.py", "low > gate", "low > 0.0"),
    Bug("slower from any interval below the upper gate", "verdict.py", "high < -gate", "high < gate"),
    Bug("same with only one gate", "verdict.py", "(low >= -gate) & (high <= gate)", "high <= gate"),
    Bug("same where only the middle lies inside", "verdict.py", "(low >= -gate) & (high", "(low <= gate) & (high"),
    Bug(
        "faster and slower swapped",
        "verdict.py",
        "((faster, Verdict.FASTER), (slower, Verdict.SLOWER)",
        "((slower, Verdict.FASTER), (faster, Verdict.SLOWER)",
    ),
    Bug("gate of one per mille", "verdict.py", "math.log(1.01)", "math.log(1.001)"),
    Bug("a stop hidden", "verdict.py", "    if stopped:\n", "    if stopped and math.isinf(interval.low):\n"),
    Bug("no correction for the family", "family.py", "at_look, alpha / size)", "at_look, alpha)"),
    Bug("drop-outs forgotten", "family.py", "len(values) if family is None else family", "len(values)"),
    Bug("the best judged against the baseline", "best.py", "bounds[first].min()", "bounds[first, 0]"),
    Bug("the best without correction", "best.py", " / (len(names) - 1)", ""),
    Bug("the best by a two-sided bound", "best.py", "share, sides=1)", "share, sides=2)"),
    Bug("a loss taken for a lead", "best.py", "pair.low, -pair.high", "pair.low, -pair.low"),
    Bug("the runner-up by its bound", "best.py", "np.argmin(leads[first])", "np.argmin(bounds[first])"),
    Bug("the worst for the best", "best.py", "np.argmax(leads.min(axis=1))", "np.argmin(leads.min(axis=1))"),
    Bug("a pair read the wrong way round", "best.py", "return -inputs.log_ratios(", "return inputs.log_ratios("),
    Bug("the best without a gate", "best.py", "lead, lead > gate,", "lead, lead > 0.0,"),
    Bug("a level of one run", "steps.py", "FEWEST_RUNS = 3", "FEWEST_RUNS = 1"),
    Bug("outliers kept", "steps.py", "np.clip(values, medians.min(), medians.max())", "values"),
    Bug("a step for nothing", "steps.py", "+ step_cost(runs) * steps for", "+ steps for"),
    Bug("a level that never ends", "steps.py", "np.copyto(began[1:], begin, where=better)", "pass"),
    Bug("the narrowest counts for all", "steps.py", "math.sqrt(0.5), math.sqrt(2.0))", "0.0, math.inf)"),
    Bug(
        "wide intervals count for more",
        "steps.py",
        "np.median(widths[positive]) / widths[positive]",
        "widths[positive]",
    ),
    Bug("runs without a value counted", "steps.py", "int(known[end - 1])", "end - 1"),
)
