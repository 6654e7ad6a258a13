"""A table that fills while it is measured, and how long that will take yet."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from labkit.measure.checking import new_row
from labkit.measure.conclude import provisional
from labkit.measure.request import Listener, Request
from labkit.measure.result import Row, Table
from labkit.notebook.workbench.job import Job, Progress
from labkit.store.run import row_facts

CHECKS = 0.2  # of a table's bar; the rest is for its launches


class Filling(Listener):
    """Tells a job what a measurement of tables has found so far."""

    def __init__(self, job: Job, requests: Sequence[Request], budget_s: float) -> None:
        self._job, self._budget_s = job, budget_s
        self._planned, self._ended = len(requests), 0
        self._rows = {_key(row): row for row in empty_rows(requests)}
        self._begin = self._launches_begin = time.monotonic()
        self._took: list[float] = []
        self._name, self._arms, self._checked, self._at_work = "", 0, 0, False

    def table_begins(self, stage: str, workload: str, arms: int) -> None:
        self._name, self._arms, self._checked = f"{stage} on {workload}", arms, 0
        self._at_work = True
        self._begin = time.monotonic()
        self._tell(f"{self._name}: the reference answers", 0.0, self._budget_s)

    def probed(self, row: Row) -> None:
        self._checked += 1
        self._launches_begin = time.monotonic()
        each = (self._launches_begin - self._begin) / self._checked
        left = each * (self._arms - self._checked) + self._budget_s
        self._put([row])
        self._tell(f"{self._name}: checked {row.arm}", CHECKS * self._checked / self._arms, left)

    def launched(self, done: int, planned: int) -> None:
        left = (time.monotonic() - self._launches_begin) / done * (planned - done)
        self._tell(f"{self._name}: launch {done} of {planned}", CHECKS + (1 - CHECKS) * done / planned, left)

    def so_far(self, table: Table) -> None:
        self._put(provisional(table))
        self._job.change(table=list(self._rows.values()))

    def table_ends(self, table: Table) -> None:
        self._ended, self._at_work = self._ended + 1, False
        self._took.append(time.monotonic() - self._begin)
        self._put(table.rows, final=True)
        self._tell(f"{self._name}: done", 0.0, 0.0)

    def _put(self, rows: Sequence[Row], final: bool = False) -> None:
        for row in rows:
            facts = row_facts(row)
            self._rows[_key(facts)] = facts | {"provisional": not final}

    def _tell(self, text: str, share: float, left: float) -> None:
        """``share`` of the table at work is done and takes ``left`` seconds more; those to come as long as those that were."""
        each = sum(self._took) / len(self._took) if self._took else self._budget_s
        to_come = self._planned - self._ended - self._at_work
        progress = Progress(text, self._ended + share, self._planned, left + to_come * each)
        self._job.change(progress=progress, table=list(self._rows.values()))


def empty_rows(requests: Sequence[Request]) -> list[dict[str, Any]]:
    """The rows before anything is tried: what can't run here says so already."""
    rows = [new_row(request.stage, request.workload, arm) for request in requests for arm in request.arms]
    return [row_facts(row) | {"provisional": True} for row in rows]


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["stage"], row["workload"], row["variant"], row["engine"]
