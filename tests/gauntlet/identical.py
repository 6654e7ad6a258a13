"""Identical code at the smallest budgets, beside busy processes: how often its interval holds 1, how often it is called
different.

    python -m tests.gauntlet.identical --minutes 30

Each try is a whole measurement of two arms of the same code, which allocates (what a memory allocator does is where identical
code has come out apart), with the gate, launches and looks of any other; only the measuring processes stay up for some tries.
Every try is a line of the ledger at once: Ctrl-C keeps it, and the same command goes on, the cells with the fewest tries first.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from labkit.core.errors import VariantFailed
from labkit.core.registry import registry
from labkit.core.stage import Stage
from labkit.core.variant import Variant
from labkit.core.workload import Workload
from labkit.diagnosis.selftest import sums_of_three, work
from labkit.engines.arm import ArmName
from labkit.measure.bench import make_settings, measure, wanted_of
from labkit.measure.request import Request
from labkit.processes.fleet import Fleet
from labkit.processes.lock import MeasurementLock
from tests.gauntlet.score import Share

BUDGETS_S = (0.1, 0.3, 0.5, 1.0, 2.0)
NEIGHBOURS = (0, 2, 4)
PIXELS = {0.05: 40_000, 1.0: 600_000, 20.0: 8_000_000}
"""Milliseconds that a call takes here, roughly, and the pixels for it."""
COLUMNS = 1000
TRIES = 200
AT_A_TIME = 5  # tries by the same measuring processes
NAME = "identical"
HERE = Path("results/gauntlet/identical.jsonl")


class Cell(NamedTuple):
    """Where tries are alike."""

    budget_s: float
    neighbours: int
    call_ms: float


CELLS = [Cell(b, n, c) for n in NEIGHBOURS for b in BUDGETS_S for c in PIXELS]


def _pixels(count: int) -> tuple[np.ndarray]:
    return (np.random.default_rng(1).integers(0, 256, (count // COLUMNS, COLUMNS), dtype=np.uint8),)


@contextmanager
def _stage() -> Iterator[None]:
    """Two arms of one function, at three sizes."""
    loads = {f"{ms:g} ms": Workload(f"{ms:g} ms", partial(_pixels, count)) for ms, count in PIXELS.items()}
    registry.discover()
    registry.add_stage(Stage(NAME, sums_of_three, "work", loads), "gauntlet")
    for name in ("work", "same_work"):
        registry.add_variant(Variant(NAME, name, "numpy", function=work, origin=f"gauntlet:{name}"))
    try:
        yield
    finally:
        registry.forget_stage(NAME)


@contextmanager
def _busy(count: int) -> Iterator[None]:
    words = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(words) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def tries(cell: Cell, count: int) -> Iterator[dict[str, Any]]:
    """So many tries of a cell, by the same measuring processes."""
    request = Request(NAME, f"{cell.call_ms:g} ms", (ArmName("work"), ArmName("same_work")), "work")
    settings = make_settings(cell.budget_s, 1)
    with _busy(cell.neighbours), Fleet(1, np.random.default_rng([settings.seed, 1]), wanted_of([request])) as fleet:
        for _ in range(count):
            settings = make_settings(cell.budget_s, 1)
            begin = time.perf_counter()
            (table,) = measure([request], settings, None, fleet).tables
            (row,) = (row for row in table.rows if row.variant == "same_work")
            yield {
                **cell._asdict(),
                "seed": settings.seed,
                "status": str(row.status),
                "ratio": row.ratio,
                "low": row.ratio_low,
                "high": row.ratio_high,
                "verdict": None if row.verdict is None else str(row.verdict),
                "reason": row.reason,
                "launches": len(table.samples.launches),
                "wall_s": round(time.perf_counter() - begin, 2),
            }


def read(path: Path) -> dict[Cell, list[dict[str, Any]]]:
    """All tries of a ledger; a line that was cut short is left out."""
    found: dict[Cell, list[dict[str, Any]]] = defaultdict(list)
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            one = json.loads(line)
        except ValueError:
            continue
        found[Cell(one["budget_s"], one["neighbours"], one["call_ms"])].append(one)
    return found


def table(found: Mapping[Cell, Sequence[Mapping[str, Any]]]) -> str:
    """Markdown: a row for each budget and number of neighbours, over the three lengths of a call."""
    heads = (
        "busy neighbours",
        "budget",
        "tries",
        "no interval",
        "holds 1",
        "called different",
        "half of the interval",
        "wall",
    )
    rows = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for neighbours in NEIGHBOURS:
        for budget_s in BUDGETS_S:
            here = [one for cell, all_ in found.items() if cell[:2] == (budget_s, neighbours) for one in all_]
            if here:
                rows.append(_row(f"{neighbours}", f"{budget_s:g} s", here))
    everything = [one for all_ in found.values() for one in all_]
    return "\n".join([*rows, _row("all", "", everything)] if everything else rows)


def _row(neighbours: str, budget: str, tries: Sequence[Mapping[str, Any]]) -> str:
    known = [one for one in tries if one["low"] is not None and one["high"] is not None]
    holds = Share(sum(one["low"] <= 1 <= one["high"] for one in known), len(known))
    called = Share(sum(one["verdict"] in ("faster", "slower") for one in tries), len(tries))
    halves = [float(np.log(one["high"] / one["low"])) / 2 for one in known]
    half = f"{100 * float(np.median(halves)):.1f} %" if halves else "–"
    wall = f"{float(np.median([one['wall_s'] for one in tries])):.1f} s"
    cells = (neighbours, budget, str(len(tries)), str(len(tries) - len(known)), str(holds), str(called), half, wall)
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so many, and go on another time")
    parser.add_argument("--to", type=Path, default=HERE, help=f"the ledger (default {HERE})")
    asked = parser.parse_args()
    end = time.monotonic() + 60 * asked.minutes
    try:
        with _stage(), MeasurementLock("identical code"):
            while time.monotonic() < end:
                found = read(asked.to)
                cell = min(CELLS, key=lambda one: len(found[one]))
                if len(found[cell]) >= TRIES:
                    break
                with asked.to.open("a") as ledger:
                    try:
                        for one in tries(cell, AT_A_TIME):
                            ledger.write(json.dumps(one) + "\n")
                            ledger.flush()
                    except VariantFailed as error:
                        print(f"{cell}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped; what was done is kept", file=sys.stderr)
    print(table(read(asked.to)))


if __name__ == "__main__":
    main()
