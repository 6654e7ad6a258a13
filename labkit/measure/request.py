"""What is asked for: one table, how to measure it, and who hears how that proceeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from labkit.core.registry import registry
from labkit.engines.arm import ArmName
from labkit.measure.expected import Expected
from labkit.measure.result import Row, Table
from labkit.measure.schedule import Plan

DEFAULT_TIME_LIMIT_S = 60.0


@dataclass(frozen=True)
class Settings:
    """How to measure: measuring seconds a table, threads, the seed of every random choice, and what is too much.

    ``time_limit_s`` ends a variant that hangs: all calls of its check together may take as long; what
    the check itself takes is not charged to it. ``memory_limit`` ends one
    whose process tree holds more bytes than that. ``together`` tables share the error of their verdicts: each claim of any
    of them is one of a single family. ``pictures`` are to be made of the best variant of each stage, to be kept.
    """

    budget_s: float
    threads: int
    seed: int
    time_limit_s: float = DEFAULT_TIME_LIMIT_S
    memory_limit: int | None = None
    together: int = 1
    pictures: bool = False


@dataclass(frozen=True)
class Request:
    """One table to be measured: these arms and, of the kernels among them, the quickest under each of ``engines`` too."""

    stage: str
    workload: str
    arms: tuple[ArmName, ...]
    baseline: str
    engines: tuple[str, ...] = ()

    def under_engines(self, costs: Mapping[str, float]) -> list[ArmName]:
        """The further arms, once it is known what a warm call costs: ``costs`` in seconds, by arm.

        Which kernel is the quickest is settled by the probes, before a launch has begun, so that no verdict rests on figures
        which that choice was made by.
        """
        fit = [arm for arm in self.kernels() if str(arm) in costs]
        if not fit:
            return []
        quickest = min(fit, key=lambda arm: costs[str(arm)])
        arms = [replace(quickest, engine=engine) for engine in self.engines]
        return [arm for arm in arms if arm not in self.arms]

    def kernels(self) -> list[ArmName]:
        """The arms that could come under an engine."""
        variants = registry.of(self.stage)
        return [arm for arm in self.arms if arm.engine is None and variants[arm.variant].partial is not None]


class Listener:
    """Hears how a measurement proceeds. The methods do nothing here; a progress bar overrides them."""

    def begins(self, arms: Sequence[int], expected: Expected) -> None:
        """Before the first table: how many arms each table has, and how long all is going to take."""

    def table_begins(self, stage: str, workload: str, arms: int) -> None:
        """``arms`` are to be checked; fewer, where no kernel is fit to come under engines."""

    def probed(self, row: Row) -> None: ...
    def planned(self, table: Table, plan: Plan, budget_s: float) -> None:
        """Before the first launch: how the budget is laid out, which arms are too slow for it, and what would take them in."""

    def launched(self, done: int, planned: int) -> None: ...
    def so_far(self, table: Table) -> None:
        """After each launch the table itself, to be read only: its samples, and rows without figures of theirs yet.

        :func:`labkit.measure.conclude.provisional` says what they come to so far.
        """

    def table_ends(self, table: Table) -> None: ...
    def pictures_begin(self, table: Table) -> None:
        """Pictures of a table's best variant are made, after its end; they take a moment."""
