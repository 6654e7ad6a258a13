"""How far a measurement is: a bar on a terminal, one line a table in a log."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from labkit.measure.expected import Expected
from labkit.measure.request import Listener
from labkit.measure.result import Row, Table
from labkit.measure.schedule import MOST_LAUNCHES, Plan
from labkit.reports import words

MUCH = 1.5  # times longer or shorter than was told


class Progress(Listener):
    """Tells on a stream what is being checked and timed. ``close`` takes the bar away."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        console = Console(file=stream)
        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
        ]
        self._bar = Bar(*columns, console=console, transient=True) if stream.isatty() else None
        self._task: TaskID | None = None
        self._name, self._begin = "", 0.0
        self._expected: Expected | None = None
        self._told_s = 0.0

    def begins(self, arms: Sequence[int], expected: Expected) -> None:
        self._expected, self._told_s = expected, expected.total_s
        most = f", at most {MOST_LAUNCHES} launches each" if expected.launches else ""
        alike = f" × {words.counted(arms[0], 'arm')}" if len(set(arms)) == 1 else f", {words.counted(sum(arms), 'arm')}"
        self._line(f"about {words.about(self._told_s)}: {words.counted(len(arms), 'table')}{alike}{most}")

    def table_begins(self, stage: str, workload: str, arms: int) -> None:
        self._name, self._begin = f"{stage} on {workload}", time.monotonic()
        if self._expected is not None:
            self._expected.table_begins(self._begin)
        if self._bar is not None:
            self._bar.start()
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(f"{self._name}: checking", total=arms)

    def probed(self, row: Row) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=f"{self._name}: checked {row.arm}")

    def planned(self, table: Table, plan: Plan, budget_s: float) -> None:
        slow = [row.arm for row in table.rows if row.arm in plan.too_slow]
        if slow:
            needed = math.ceil(max(plan.too_slow[arm] for arm in slow))
            self._say(
                f"too slow for a budget of {budget_s:g} s: {', '.join(slow)}; {needed} s would take all of them in"
            )
        if (takes_s := plan.launches * plan.slice_s) > 1.001 * budget_s:
            self._say(
                f"a budget of {budget_s:g} s is too small even for the baseline {table.baseline}; it takes {takes_s:.0f} s"
            )

    def launched(self, done: int, planned: int) -> None:
        if self._expected is not None:
            self._expected.launched(time.monotonic(), planned)
            self._tell_change()
        if self._bar is not None and self._task is not None:
            if done == 1:
                self._bar.reset(self._task)
            self._bar.update(
                self._task, completed=done, total=planned, description=f"{self._name}: launch {done} of {planned}"
            )

    def table_ends(self, table: Table) -> None:
        if self._expected is not None:
            self._expected.table_ends(time.monotonic())
            self._tell_change()
        if self._bar is None:
            took = words.duration(time.monotonic() - self._begin)
            launches = len(table.samples.launches)
            self._say(f"{words.counted(len(table.rows), 'arm')}, {launches} launch{'es' * (launches != 1)}, {took}")

    def pictures_begin(self, table: Table) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=f"{self._name}: making pictures")

    def _tell_change(self) -> None:
        """Say it where all is going to take much longer than was told last, or much shorter."""
        assert self._expected is not None
        now_s = self._expected.total_s
        if not self._told_s / MUCH < now_s < self._told_s * MUCH:
            self._told_s = now_s
            self._line(f"about {words.about(now_s)} in all, as it looks now")

    def _say(self, text: str) -> None:
        """A line on the table at work."""
        self._line(f"{self._name}: {text}")

    def _line(self, text: str) -> None:
        """A line of its own, which stays."""
        if self._bar is not None:
            self._bar.console.print(Text(text), soft_wrap=True)
        else:
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
