"""``labkit memory``: how much memory a variant takes, and which of its lines."""

from __future__ import annotations

import sys

from labkit import api
from labkit.cli import options


def command(
    stage: options.Stage,
    variant: options.Variant,
    workload: options.Workload = None,
    threads: options.Threads = None,
    load: options.Load = None,
    as_json: options.Json = False,
) -> None:
    """Tell the peak memory of one call, and what each line of the variant allocated.

    The peak is that of the whole process tree in an untracked call, beyond what was held before it. The lines come from
    a second call under memray, which sees the allocations of NumPy, OpenCV and C++ in all threads. Both calls have
    processes of their own and are warm: imports and compiling are not charged to them. Exit status 1 when the variant
    raises, crashes or hangs.

    Example: labkit memory main_colors naive --workload logo
    """
    options.load_all(load)
    profile = api.memory(stage, variant, workload, threads=threads)
    if as_json:
        options.print_json(profile.document)
        if profile.problem:
            print(f"labkit: the profile is not stored: {profile.problem}", file=sys.stderr)
    else:
        print(profile)
