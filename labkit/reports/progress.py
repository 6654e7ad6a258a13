"""How far a measurement is: a bar on a terminal, one line a table in a log."""

from __future__ import annotations

import time
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from labkit.measure.result import Row, Table
from labkit.measure.table import Listener
from labkit.reports import words


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

    def table_begins(self, stage: str, workload: str, arms: int) -> None:
        self._name, self._begin = f"{stage} on {workload}", time.monotonic()
        if self._bar is not None:
            self._bar.start()
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(f"{self._name}: checking", total=arms)

    def probed(self, row: Row) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=f"{self._name}: checked {row.arm}")

    def launched(self, done: int, planned: int) -> None:
        if self._bar is not None and self._task is not None:
            if done == 1:
                self._bar.reset(self._task)
            self._bar.update(
                self._task, completed=done, total=planned, description=f"{self._name}: launch {done} of {planned}"
            )

    def table_ends(self, table: Table) -> None:
        if self._bar is None:
            took = words.duration(time.monotonic() - self._begin)
            launches = len(table.samples.launches)
            self._stream.write(
                f"{self._name}: {words.counted(len(table.rows), 'arm')}, {launches} launch{'es' * (launches != 1)}, {took}\n"
            )
            self._stream.flush()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
