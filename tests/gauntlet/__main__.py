"""The gauntlet: labkit beside the harnesses that engineers use, where the truth is known. Run as ``make gauntlet``.

Everything is written down as it is done: Ctrl-C keeps it, and the same command goes on where it stopped. Let nothing else
run meanwhile. Where what is recorded here lies beside the published recordings is told at the end. Exit status: 1 when one of
labkit's promises is missed, 0 otherwise.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labkit.processes.lock import MeasurementLock
from labkit.store import results_folder
from tests.gauntlet.kernels import BUILT
from tests.gauntlet.ledger import Ledger
from tests.gauntlet.plan import SUBSET, WHOLE, Cell
from tests.gauntlet.promises import MISSED, Promise, promises, truths
from tests.gauntlet.record import record
from tests.gauntlet.score import Line, by_interval, lines
from tests.gauntlet.show import markdown, promised, publish, write
from tests.gauntlet.tables import BURNERS, CHAIN_TRUTH, PLACED, TENFOLDS, TENTHS, TRUTH, Kind
from tests.gauntlet.tools import TOOLS

HERE = BUILT / "recorded"


@dataclass(frozen=True)
class Plan:
    """The cells to be tried by every harness, and how many of labkit's own tables of each kind."""

    cells: Sequence[Cell]
    tables: Sequence[tuple[Kind, int]]


SMALL = Plan(SUBSET, [(CHAIN_TRUTH, 4), (BURNERS, 10)])
LARGE = Plan(WHOLE, [*((kind, 12) for kind in TRUTH), (BURNERS, 100), (TENFOLDS, 20), (TENTHS, 10), (PLACED, 10)])


def main() -> int:
    parser = argparse.ArgumentParser(
        "gauntlet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--whole", action="store_true", help="record the whole of the published table (many hours), not a subset"
    )
    parser.add_argument("--minutes", type=float, help="stop after so many, and go on another time")
    parser.add_argument(
        "--only", choices=["tables", "tries", "nothing"], help="record one part; nothing: show what there is"
    )
    parser.add_argument("--tools", help=f"harnesses, with commas between them: {', '.join(TOOLS)}")
    parser.add_argument(
        "--cells", default="", metavar="TEXT", help="only cells whose name holds it, such as '10 s in all'"
    )
    parser.add_argument("--to", type=Path, default=HERE, help=f"the folder of the recordings (default {HERE})")
    arguments = parser.parse_args()
    tools = arguments.tools.split(",") if arguments.tools else list(TOOLS)
    if unknown := [name for name in tools if name not in TOOLS]:
        parser.error(f"no harness {', '.join(unknown)}; there are {', '.join(TOOLS)}")
    plan = LARGE if arguments.whole else SMALL
    if not any(arguments.cells in cell.key for cell in plan.cells):
        parser.error(f"no cell holds {arguments.cells!r}; there are: {'; '.join(cell.key for cell in plan.cells)}")
    end = None if arguments.minutes is None else time.monotonic() + 60 * arguments.minutes
    ledger = Ledger(arguments.to)
    try:
        if arguments.only in (None, "tables"):
            _record_tables(arguments.to, plan.tables, end)
        if arguments.only in (None, "tries"):
            left = None if end is None else (end - time.monotonic()) / 60
            record(ledger, [cell for cell in plan.cells if arguments.cells in cell.key], tools, left)
    except KeyboardInterrupt:
        print("\ngauntlet: stopped; what was done is kept", file=sys.stderr)
    found, kept = summary(arguments.to)
    if not found and not kept:
        print(f"gauntlet: nothing is recorded in {arguments.to} yet", file=sys.stderr)
        return 0
    published = results_folder() / "gauntlet"
    own = arguments.to.resolve() == published.resolve()
    print(markdown(found if own or not published.is_dir() else _beside(found, summary(published)[0])))
    print(promised(kept))
    print(f"stored in {write(arguments.to, found, kept)}", file=sys.stderr)
    if own:
        publish(published.parents[1], found)
    return int(any(promise.state == MISSED for promise in kept))


def summary(folder: Path) -> tuple[list[Line], list[Promise]]:
    """What the recordings in a folder come to. labkit comes twice: by its verdicts, and by its interval alone."""
    ledger = Ledger(folder)
    entries = [entry for name in ledger.names() for entry in ledger.entries(name)]
    own = [entry for entry in entries if entry["tool"] == "labkit"]
    entries += [by_interval(entry) for entry in own if "failed" not in entry]
    truth = truths(folder)
    return lines(entries, truth), promises(folder, own, truth) if own or BURNERS.files(folder) else []


def _record_tables(folder: Path, planned: Sequence[tuple[Kind, int]], end: float | None) -> None:
    missing = [(kind, n) for kind, count in planned for n in range(count) if not kind.file(folder, n).exists()]
    with MeasurementLock("the gauntlet"):
        for number, (kind, n) in enumerate(missing):
            if end is not None and time.monotonic() > end:
                return
            print(f"gauntlet: table {number + 1} of {len(missing)}: {kind.name} {n}", file=sys.stderr)
            kind.record(folder, n)


def _beside(here: Sequence[Line], published: Sequence[Line]) -> list[Line]:
    """This machine's lines, each with the published one of the same harness and cell under it."""
    known = {(p.tool, p.condition, p.kernel, p.budget): p for p in published}
    merged = []
    for line in here:
        merged.append(line)
        other = known.get((line.tool, line.condition, line.kernel, line.budget))
        if other is not None:
            merged.append(replace(other, tool=f"{other.tool} (published)"))
    return merged


if __name__ == "__main__":
    sys.exit(main())
