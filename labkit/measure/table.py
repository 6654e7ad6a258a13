"""Measuring one stage on one workload: each arm is checked first, then all are timed in launches."""

from __future__ import annotations

import math

from labkit.measure.checking import EdgeCases, arms_of, begun, exam_of, probe
from labkit.measure.conclude import conclude, tell_what_cannot_be
from labkit.measure.elsewhere import home_of
from labkit.measure.launching import launch_all
from labkit.measure.limit import LIMIT
from labkit.measure.request import Listener, Request, Settings
from labkit.measure.result import Samples, Status, Table
from labkit.measure.schedule import FEWEST_LAUNCHES
from labkit.measure.statistics import Verdict
from labkit.processes.fleet import Fleet, ParentLost


class Stopped(Exception):
    """The user stopped the run; ``table`` holds what was done."""

    def __init__(self, table: Table) -> None:
        super().__init__("stopped")
        self.table = table


def measure_table(
    fleet: Fleet, request: Request, edge_cases: EdgeCases, settings: Settings, listener: Listener
) -> Table:
    """Check every arm, time those that agree with the reference, and say which is faster.

    Raises Stopped, with the table so far, on Ctrl-C.
    """
    stage, workload, baseline = request.stage, request.workload, request.baseline
    state = begun(request, listener)
    rows = state.rows
    table = Table(stage, workload, baseline, list(rows.values()), Samples((*rows, LIMIT)), seen=state.seen)
    too_slow_s = math.inf if home_of(stage, baseline) else settings.budget_s / FEWEST_LAUNCHES
    try:
        exam = exam_of(fleet, request, edge_cases, rows, settings)
        if exam is not None:
            for arm in arms_of(request, state):
                if str(arm) not in table.samples.arms:
                    table.rows, table.samples = list(rows.values()), Samples((*rows, LIMIT))
                    table.facts["under_engines"] = arm.variant
                probe(fleet, stage, arm, edge_cases, state, settings, math.inf if str(arm) == baseline else too_slow_s)
                listener.probed(rows[str(arm)])
            launch_all(fleet, table, state, exam, settings, listener)
    except KeyboardInterrupt:
        table.facts["stopped"] = True
        for row in rows.values():
            if row.status is Status.MEASURED and row.first_call_s is None:
                row.status, row.reason = Status.UNAVAILABLE, "stopped before it was tried"
        conclude(table, state.sound(), stopped=True)
        tell_what_cannot_be(table)
        listener.table_ends(table)
        raise Stopped(table) from None
    except ParentLost as lost:
        for name in state.sound():
            rows[name].verdict, rows[name].reason = Verdict.UNRESOLVED, str(lost)
    tell_what_cannot_be(table)
    listener.table_ends(table)
    return table
