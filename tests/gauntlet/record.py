"""The recording: tries done one after the other, each written down before the next begins."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from labkit.measure.machine import machine_facts
from labkit.processes.lock import MeasurementLock
from tests.gauntlet.burners import burning
from tests.gauntlet.ledger import Ledger, packed_samples
from tests.gauntlet.plan import CONDITIONS, Cell, Try, tries_due
from tests.gauntlet.tools import TOOLS
from tests.gauntlet.tools.tool import Tool

MACHINE = ("cpu", "cpu_limit", "system", "python", "commit", "dirty")


def record(ledger: Ledger, cells: Sequence[Cell], tools: Sequence[str], minutes: float | None = None) -> bool:
    """Do what is due; True when nothing is left, False when the minutes were over first. Ctrl-C passes through."""
    present = {name: tool for name in tools if (tool := TOOLS[name]).version() is not None}
    for name in set(tools) - set(present):
        print(f"gauntlet: {name} is not installed: left out", file=sys.stderr)
    done = {(name, entry["cell"], entry["number"]) for name in present for entry in ledger.entries(name)}
    due = list(tries_due(cells, list(present), done))
    facts = machine_facts()
    machine = {name: facts[name] for name in MACHINE}
    end = None if minutes is None else time.monotonic() + 60 * minutes
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with MeasurementLock("the gauntlet"), Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("gauntlet", total=len(due))
        for each in due:
            if end is not None and time.monotonic() > end:
                return False
            progress.update(bar, description=f"{each.tool}: {each.cell.key}")
            ledger.add(each.tool, entry_of(each, present[each.tool]) | {"machine": machine})
            progress.advance(bar)
    return True


def entry_of(each: Try, tool: Tool) -> dict[str, Any]:
    """One try as it is written down. A harness that fails is written down as having failed, and costs one try."""
    condition, task = CONDITIONS[each.cell.condition], each.task()
    neighbours = burning(condition.kind, condition.count, each.seed) if condition.kind else nullcontext()
    entry: dict[str, Any] = {
        "tool": each.tool,
        "version": tool.version(),
        "cell": each.cell.key,
        "number": each.number,
        "seed": each.seed,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "first": task.first,
        "second": task.second,
    }
    with tempfile.TemporaryDirectory(prefix="labkit-gauntlet-") as folder, neighbours:
        start = time.perf_counter()
        try:
            told = tool.compare(task, Path(folder))
        except RuntimeError as error:
            return entry | {"wall_s": time.perf_counter() - start, "failed": " ".join(str(error).split())}
        wall_s = time.perf_counter() - start
    return entry | {
        "wall_s": round(wall_s, 3),
        "different": told.different,
        "ratio": told.ratio,
        "low": told.low,
        "high": told.high,
        "samples": [packed_samples(samples) for samples in told.samples],
    }
