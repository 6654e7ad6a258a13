"""``labkit diff``: the line profiles of two variants side by side."""

from __future__ import annotations

from labkit.cli import options
from labkit.cli.profile import Budget, Calls, Html, publish, tell
from labkit.profiling.diff import diff_profiles
from labkit.profiling.run import DEFAULT_BUDGET_S, profile_arms
from labkit.reports.lines.text import print_diff
from labkit.reports.shown import shown_diff
from labkit.reports.terminal import console


def command(
    stage: options.Stage,
    a: options.Variant,
    b: options.Variant,
    workload: options.Workload = None,
    budget: Budget = DEFAULT_BUDGET_S,
    calls: Calls = None,
    threads: options.Threads = None,
    html: Html = None,
    load: options.Load = None,
    as_json: options.Json = False,
) -> None:
    """Profile two variants in one process and set their lines side by side, block by block: time, share, change.

    A block is what stands under a comment «# block: pack colours» up to the next one; a helper function belongs to the
    block that calls it. Lines without a mark are matched when they are unchanged; what matches nothing says so.

    Example: labkit diff main_colors_of_file naive faster
    """
    options.load_all(load)
    profiles = profile_arms(stage, [a, b], workload, budget_s=budget, calls=calls, threads=threads, tell=tell)
    made = shown_diff(diff_profiles(*profiles))
    publish(made, "diff", made._repr_html_, html, as_json, lambda: print_diff(made, console()))
