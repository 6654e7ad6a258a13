"""What is tried: cells of the table, and the order of the tries. Nothing here reads a clock.

A cell is a condition, a kernel, a pair of rows and a budget. A block holds one try of every cell and harness that is not
done yet, in an order drawn anew for each block, so that what changes over the day meets them all alike, and
wherever the recording stops, all have about as many tries.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tests.gauntlet.tools.tool import Arm, Task

BASE_ROWS = 500


@dataclass(frozen=True)
class Condition:
    """What runs beside: ``count`` neighbours of a kind of :mod:`tests.gauntlet.burners`, and perhaps an arm that spins."""

    name: str
    kind: str | None = None
    count: int = 0
    spin: bool = False


@dataclass(frozen=True)
class Cell:
    """500 rows of a kernel against ``rows`` rows, under a condition, with a budget; ``tries`` of each harness."""

    condition: str
    kernel: str
    rows: int
    tries: int
    measure_s: float | None = None
    wall_s: float | None = None

    @property
    def budget(self) -> str:
        return f"{self.measure_s:g} s measuring" if self.measure_s is not None else f"{self.wall_s:g} s in all"

    @property
    def key(self) -> str:
        """Names the cell in the ledger; the number of tries is not part of it, so that a plan may ask for more."""
        return f"{self.condition}/{self.kernel}/{self.rows}/{self.budget}"


CONDITIONS = {
    condition.name: condition
    for condition in (
        Condition("quiet"),
        Condition("1 CPU burner", "cpu", 1),
        Condition("2 CPU burners", "cpu", 2),
        Condition("1 memory burner", "memory", 1),
        Condition("2 memory burners", "memory", 2),
        Condition("drift", "ramp", 1),
        Condition("spinning neighbour", spin=True),
    )
}


def _cells(condition: str, kernel: str, rows: Sequence[int], tries: int, **budget: float) -> list[Cell]:
    return [Cell(condition, kernel, number, tries, **budget) for number in rows]


SUBSET = [
    *_cells("2 CPU burners", "chain", (500, 510), 10, measure_s=2.0),
    *_cells("2 memory burners", "stream", (500,), 10, measure_s=2.0),
    *_cells("quiet", "placed", (500,), 10, measure_s=2.0),
]
"""What ``make gauntlet`` records on a fresh machine within an hour."""

WHOLE = [
    *_cells("2 CPU burners", "chain", (500, 510), 20, measure_s=2.0),
    *_cells("2 CPU burners", "chain", (502, 505), 10, measure_s=2.0),
    *_cells("1 CPU burner", "chain", (500,), 5, measure_s=2.0),
    *_cells("quiet", "chain", (500, 510), 10, measure_s=2.0),
    *_cells("quiet", "placed", (500,), 10, measure_s=2.0),
    *_cells("1 memory burner", "stream", (500,), 5, measure_s=2.0),
    *_cells("2 memory burners", "stream", (500, 510), 10, measure_s=2.0),
    *_cells("drift", "chain", (500,), 10, measure_s=2.0),
    *_cells("spinning neighbour", "chain", (500,), 10, measure_s=2.0),
    *_cells("2 CPU burners", "chain", (500, 510), 5, wall_s=10.0),
    *_cells("2 CPU burners", "chain", (500, 510), 3, wall_s=60.0),
]
"""The published table, the most telling cells first."""


@dataclass(frozen=True)
class Try:
    """One try of a harness in a cell; ``number`` counts its tries there."""

    tool: str
    cell: Cell
    number: int

    @property
    def seed(self) -> int:
        """Of the neighbours and of the order of the arms: the same for every harness, so that all meet the same."""
        return random.Random(f"{self.cell.key}/{self.number}").getrandbits(31)

    def task(self) -> Task:
        """The arms in the order drawn for this try."""
        kernel = self.cell.kernel
        arms = [Arm(kernel, BASE_ROWS), Arm(kernel, self.cell.rows)]
        swapped = random.Random(self.seed).random() < 0.5
        if swapped:
            arms.reverse()
        if CONDITIONS[self.cell.condition].spin:
            arms.insert(1, Arm("spin", BASE_ROWS))
        first, second = (len(arms) - 1, 0) if swapped else (0, len(arms) - 1)
        return Task(tuple(arms), first, second, self.cell.measure_s, self.cell.wall_s)


def tries_due(cells: Sequence[Cell], tools: Sequence[str], done: Collection[tuple[str, str, int]]) -> Iterator[Try]:
    """The tries that are not ``done`` (harness, cell's key, number), block after block, each block in an order of its own.

    A cell with fewer tries than another comes in fewer blocks, spread evenly over all of them.
    """
    blocks = max(cell.tries for cell in cells)
    for block in range(blocks):
        due = [
            (cell, number) for cell in cells for number in range(cell.tries) if number * blocks // cell.tries == block
        ]
        members = [Try(tool, cell, number) for cell, number in due for tool in tools]
        random.Random(block).shuffle(members)
        yield from (member for member in members if (member.tool, member.cell.key, member.number) not in done)
