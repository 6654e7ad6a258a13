"""What the gauntlet asks of a harness, and what a harness says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Arm:
    """One thing to be timed: a kernel of :mod:`tests.gauntlet.kernels` on so many rows."""

    kernel: str
    rows: int


@dataclass(frozen=True)
class Task:
    """One try: are ``arms[first]`` and ``arms[second]`` equally fast?

    ``arms`` stand in the order in which they are to be measured; one that is not judged is a neighbour. Either
    ``measure_s``, seconds of measuring for all arms together with start-up on top, or ``wall_s``, seconds of wall clock in all.
    """

    arms: tuple[Arm, ...]
    first: int
    second: int
    measure_s: float | None = None
    wall_s: float | None = None

    def __post_init__(self) -> None:
        if (self.measure_s is None) == (self.wall_s is None):
            raise ValueError(f"measure_s is {self.measure_s} and wall_s is {self.wall_s}; give one of the two")
        if self.first == self.second or not {self.first, self.second} <= set(range(len(self.arms))):
            raise ValueError(f"first is {self.first} and second {self.second} of {len(self.arms)} arms")


@dataclass(frozen=True)
class Told:
    """What a harness says of a try.

    ``different`` by its own rule; ``ratio`` = time of first / time of second by the figure it prints; ``low`` and ``high`` are
    the ends of its own interval of that ratio, None where it has none. ``samples``: seconds a call, one list an arm, as taken.
    """

    different: bool
    ratio: float
    low: float | None
    high: float | None
    samples: tuple[list[float], ...]


class Tool(Protocol):
    """A harness. ``rule`` says in one sentence how it decides."""

    name: str
    rule: str

    def version(self) -> str | None:
        """None where it is not installed."""

    def compare(self, task: Task, folder: Path) -> Told:
        """Do the try, with ``folder`` (empty) for its files. RuntimeError, with its last line, when the harness fails."""
