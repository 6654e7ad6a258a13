"""What goes into a stage, what comes out, and where a variant's output differs from the reference's: as pictures.

Everything is computed in launch processes, and only small pictures come back. Numbers, never text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.core.cpus import set_threads
from labkit.core.errors import UsageError, VariantFailed
from labkit.core.exam import Exam, bind
from labkit.core.parts import arrays, copied, settled
from labkit.core.registry import registry
from labkit.engines import engine_missing
from labkit.engines.arm import ArmName, open_arm
from labkit.measure.bench import LONGEST_BUDGET_S, make_settings, plan_requests, wanted_of
from labkit.measure.checking import failure, run_task
from labkit.measure.images import picture
from labkit.measure.pictured import Pictures, Send, VariantTask, pictures_of
from labkit.measure.request import Settings
from labkit.measure.result import Status
from labkit.processes.fleet import Fleet, Wanted
from labkit.processes.lock import Holder, MeasurementLock, tell_on_stderr
from labkit.processes.parent import Limits, Outcome

LONGEST = 1024  # pixels


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a workload holds. ``picture``: uint8 (h, w, 3) BGR or None. ``arguments``: for each its name and, in words of
    Python, what it is (dtype and shape of an array). ``bytes`` of all arrays; ``items`` None where the stage counts none."""

    stage: str
    workload: str
    picture: np.ndarray | None
    arguments: tuple[tuple[str, str], ...]
    bytes: int
    items: int | None


@dataclass(frozen=True)
class InputTask:
    """Build a workload's inputs and describe them."""

    stage: str
    workload: str
    longest: int

    def run(self, held: Mapping[str, Any], send: Send, mark: Callable[[int], None]) -> None:
        stage = registry.stage(self.stage)
        inputs = bind(stage, stage.workload(self.workload).build())
        arguments = tuple((name, _kind(value)) for name, value in zip(stage.signature.parameters, inputs, strict=True))
        size = sum(array.nbytes for _, array in arrays(inputs))
        items = None if stage.items is None else stage.items(*inputs)
        shown = picture(inputs, self.longest)
        send("inputs", Inputs(self.stage, self.workload, shown, arguments, size, items))


@dataclass(frozen=True)
class ReferenceTask:
    """Build a workload's inputs and let the reference answer them; both are kept for the variants to come."""

    stage: str
    workload: str
    threads: int
    longest: int

    def run(self, held: Mapping[str, Any], send: Send, mark: Callable[[int], None]) -> None:
        stage = registry.stage(self.stage)
        set_threads(self.threads)
        inputs = bind(stage, stage.workload(self.workload).build())
        with open_arm(self.stage, ArmName(stage.reference), self.threads) as reference:
            expected = copied(settled(reference(*copied(inputs))))
        send("shown", picture(inputs, self.longest))
        send("kept", {"exam": Exam(inputs, expected)})


def make_pictures(
    stage: str,
    variants: Sequence[str],
    workload: str | None = None,
    *,
    threads: int | None = None,
    longest: int = LONGEST,
) -> list[Pictures]:
    """Pictures of what each variant (``name`` or ``name@engine``) makes of a workload, the stage's first when None.

    Waits for its turn. A variant that crashes costs only its own pictures. Raises UsageError for what does not exist,
    VariantFailed when the workload can't be built or the reference does not answer.
    """
    name = registry.stage(stage).workload(workload or next(iter(registry.stage(stage).workloads))).name
    wanted = wanted_of(plan_requests([stage], list(variants)))
    if not isinstance(longest, int) or longest < 16:
        raise UsageError(f"longest is {longest!r}; give a whole number of pixels, at least 16")
    settings = make_settings(LONGEST_BUDGET_S, threads)
    with MeasurementLock(f"pictures of {stage} on {name}"), _fleet(settings, wanted) as fleet:
        task = ReferenceTask(stage, name, settings.threads, longest)
        reply = _done(_run(fleet, task, settings, 10), settings, f"{stage} on {name}: the reference or the workload")
        made = []
        for arm in map(ArmName.parse, variants):
            missing = registry.variant(stage, arm.variant).unavailable() or _engine_missing(arm)
            if missing:
                made.append(Pictures(stage, name, str(arm), Status.UNAVAILABLE, missing, reply["shown"]))
                continue
            outcome = _run(fleet, VariantTask(stage, str(arm), settings.threads, longest), settings)
            made.append(pictures_of(stage, name, str(arm), outcome, settings))
        return made


def look_at_inputs(
    stage: str, workload: str, *, longest: int = 256, tell: Callable[[Holder | None], None] = tell_on_stderr
) -> Inputs:
    """A workload's inputs, built in a launch process. Waits for its turn (``tell`` hears for whom).

    Raises UsageError, VariantFailed as above.
    """
    registry.stage(stage).workload(workload)
    settings = make_settings(LONGEST_BUDGET_S)
    with (
        MeasurementLock(f"a look at {stage} on {workload}", tell),
        _fleet(settings, {(stage, registry.stage(stage).reference)}) as fleet,
    ):
        outcome = _run(fleet, InputTask(stage, workload, longest), settings, 10)
        found: Inputs = _done(outcome, settings, f"{stage} on {workload}: the workload")["inputs"]
        return found


def _fleet(settings: Settings, wanted: Wanted) -> Fleet:
    return Fleet(settings.threads, np.random.default_rng(settings.seed), wanted, launchers=0)


def _run(fleet: Fleet, task: Any, settings: Settings, patience: int = 1) -> Outcome:
    limits = Limits(patience * settings.time_limit_s, settings.memory_limit, watch_memory=True)
    return run_task(fleet, fleet.clean, task, limits)


def _done(outcome: Outcome, settings: Settings, what: str) -> dict[str, Any]:
    if outcome.ending != "done":
        raise VariantFailed(f"{what} {failure(outcome, settings)[1]}")
    return outcome.found


def _engine_missing(arm: ArmName) -> str | None:
    return engine_missing(arm.engine) if arm.engine else None


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return f"{type(value).__name__} of {len(value)}"
    return repr(value) if isinstance(value, int | float | bool) else type(value).__name__
