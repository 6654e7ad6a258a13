"""What one variant makes of one workload, as small pictures: asked for, or of the best of a table that was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.core.agreement import Difference, rule_for
from labkit.core.cpus import set_threads
from labkit.core.errors import NotOffered
from labkit.core.parts import copied, settled
from labkit.core.registry import registry
from labkit.engines.arm import ArmName, open_arm
from labkit.measure.checking import failure, run_task
from labkit.measure.images import Mosaic, picture
from labkit.measure.request import Settings
from labkit.measure.result import Status, Table
from labkit.processes.fleet import Fleet
from labkit.processes.parent import Limits, Outcome

Send = Callable[[str, Any], None]
LONGEST_KEPT = 480  # pixels of a picture that is kept with a run
IN_PASSING_S = 2.0  # pictures that nobody has asked for take no longer


@dataclass(frozen=True, eq=False, repr=False)
class Pictures:
    """One variant on one workload. A picture is None where there is nothing that one could look at.

    ``input``, ``output``, ``reference``: uint8 (h, w, 3) BGR, shrunk to at most ``longest`` pixels a side; many images
    stand side by side, those that differ first. ``difference``: uint8 (h, w), laid out as ``output`` and
    ``reference`` are, 0 where they are equal and 255 where they differ most, by ``largest`` in the output's unit (a pixel
    of it is the greatest among those it stands for: a single wrong one stays visible). ``differing`` of ``elements``
    differ at all, ``fault`` is what the stage does not tolerate; both tell of the whole output.
    ``status`` is ``measured`` for a variant that answered and agrees, ``differs``, or what became of it, with ``reason``.
    """

    stage: str
    workload: str
    variant: str
    status: Status
    reason: str | None = None
    input: np.ndarray | None = None
    output: np.ndarray | None = None
    reference: np.ndarray | None = None
    difference: np.ndarray | None = None
    largest: float | None = None
    differing: int | None = None
    elements: int | None = None
    fault: Difference | None = None


@dataclass(frozen=True)
class VariantTask:
    """Let one arm answer the inputs of the exam that is kept, and picture where its answer differs."""

    stage: str
    arm: str
    threads: int
    longest: int

    def run(self, held: Mapping[str, Any], send: Send, mark: Callable[[int], None]) -> None:
        inputs, expected = held["exam"].inputs, held["exam"].expected
        send("input", picture(inputs, self.longest))
        set_threads(self.threads)
        with open_arm(self.stage, ArmName.parse(self.arm), self.threads) as call:
            try:
                output = settled(call(*copied(inputs)))
            except NotOffered as error:
                send("not_offered", str(error))
                return
            fault = rule_for(registry.stage(self.stage).agreement, inputs).difference(output, expected)
            mosaic = Mosaic(output, expected, self.longest)
            facts = {"largest": mosaic.largest, "differing": mosaic.differing, "elements": mosaic.elements}
            drawn = {"output": mosaic.output, "reference": mosaic.reference, "difference": mosaic.difference}
            send("pictures", {"fault": fault} | facts | drawn)


def pictures_of(stage: str, workload: str, arm: str, outcome: Outcome, settings: Settings) -> Pictures:
    """What became of an arm's task, as its pictures."""
    shown = outcome.found.get("input")
    if "not_offered" in outcome.found:
        return Pictures(stage, workload, arm, Status.UNAVAILABLE, outcome.found["not_offered"], shown)
    if outcome.ending != "done":
        return Pictures(stage, workload, arm, *failure(outcome, settings), shown)
    reply = outcome.found["pictures"]
    fault = reply["fault"]
    status = Status.DIFFERS if fault else Status.MEASURED
    return Pictures(stage, workload, arm, status, str(fault) if fault else None, shown, **reply)


def of_best(fleet: Fleet, table: Table, settings: Settings) -> Pictures | None:
    """Pictures of the best variant of a table just measured, whose exam the clean parent still holds; None without a best.

    They cost the run at most ``IN_PASSING_S``: of a variant that takes longer there are none, and the reason is told.
    """
    timed = [row for row in table.rows if row.ratio is not None]
    best = table.best.best if table.best else timed[0].arm if len(timed) == 1 else None
    row = next((row for row in timed if row.arm == best), None)
    if row is None:
        return None
    if (row.setup_s or 0) + (row.first_call_s or 0) > IN_PASSING_S:
        reason = "a call takes too long to be made once more for pictures"
        return Pictures(table.stage, table.workload, row.variant, Status.TOO_SLOW, reason)
    task = VariantTask(table.stage, row.variant, settings.threads, LONGEST_KEPT)
    limits = Limits(IN_PASSING_S, settings.memory_limit, watch_memory=True)
    outcome = run_task(fleet, fleet.clean, task, limits)
    return pictures_of(table.stage, table.workload, row.variant, outcome, settings)
