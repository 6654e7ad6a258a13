"""labkit itself, through the call that ``labkit bench`` makes: a fresh fleet, probes, launches, looks, verdict."""

from __future__ import annotations

import math
from importlib.metadata import version
from pathlib import Path
from string import ascii_lowercase

import numpy as np

from labkit.core.registry import registry
from labkit.measure.bench import make_settings, measure, plan_requests
from labkit.measure.result import Row, Table
from tests.gauntlet.tools.tool import Arm, Task, Told

STAGE = Path(__file__).parents[1] / "labkit_stage.py"
START_UP_S = 3.0  # of a run: parents, probes, and the launches' own start


class Labkit:
    name = "labkit"
    rule = "faster or slower: the whole 95 % interval of the paired ratio lies beyond ±1 %"

    def version(self) -> str | None:
        return version("labkit")

    def compare(self, task: Task, folder: Path) -> Told:
        """``samples`` as :func:`samples_of` gives them."""
        table = table_of(task)
        row = judged(table, task)
        if row.ratio is None:
            raise RuntimeError(f"{row.variant}: {row.status}, {row.reason}")
        return Told(
            row.verdict in ("faster", "slower"), row.ratio, row.ratio_low, row.ratio_high, samples_of(table, task)
        )


def table_of(task: Task) -> Table:
    """Measure the task's arms; the first of the judged ones is the baseline."""
    registry.load(STAGE)
    names = variants(task.arms)
    budget = task.measure_s if task.measure_s is not None else (task.wall_s or 0.0) - START_UP_S
    ordered = [names[task.first], *(name for number, name in enumerate(names) if number != task.first)]
    requests = plan_requests([f"gauntlet_{_stage(task)}"], ordered, baseline=names[task.first])
    measurement = measure(requests, make_settings(budget, threads=2))
    if measurement.stopped:
        raise KeyboardInterrupt
    return measurement.tables[0]


def variants(arms: tuple[Arm, ...]) -> list[str]:
    """The variant's name of each arm; equal arms get different copies of it."""
    seen: dict[int, int] = {}
    names = []
    for arm in arms:
        if arm.kernel == "spin":
            names.append("spin")
            continue
        seen[arm.rows] = seen.get(arm.rows, -1) + 1
        names.append(f"rows_{arm.rows}_{ascii_lowercase[seen[arm.rows]]}")
    return names


def judged(table: Table, task: Task) -> Row:
    second = variants(task.arms)[task.second]
    return next(row for row in table.rows if row.variant == second)


def samples_of(table: Table, task: Task) -> tuple[list[float], ...]:
    """Seconds a call, one list an arm, launch after launch; a launch ends with NaN, a call put aside is negative."""
    columns = [table.samples.arms.index(name) for name in variants(task.arms)]
    lists: list[list[float]] = [[] for _ in columns]
    for launch in table.samples.launches:
        seconds = np.where(table.samples.put_aside(launch), -1, 1) * table.samples.seconds(launch)
        for kept, column in zip(lists, columns, strict=True):
            kept += [*map(float, seconds[:, column]), math.nan]
    return tuple(lists)


def launch_rounds(samples: list[float]) -> list[np.ndarray]:
    """The launches in a list of :func:`samples_of`: each an array of seconds, one a round."""
    values = np.array(samples, float)
    ends = np.flatnonzero(np.isnan(values))
    return [values[start:end] for start, end in zip([0, *(ends[:-1] + 1)], ends, strict=True)]


def _stage(task: Task) -> str:
    return task.arms[task.first].kernel
