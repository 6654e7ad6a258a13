"""The examination of arms: each in a process of its own, which is called, traced and disturbed as no timed run may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from labkit.core.cpus import cpu_limit, set_threads
from labkit.core.errors import NotOffered
from labkit.core.registry import registry
from labkit.diagnosis.cheap import cache_findings
from labkit.diagnosis.finding import Finding, Level
from labkit.diagnosis.steps import STEPS, Examination, Order
from labkit.diagnosis.streams import StreamsTask
from labkit.engines.arm import ArmName
from labkit.measure.checking import failure, new_row, run_task
from labkit.measure.probe import ExamTask
from labkit.measure.request import Listener, Settings
from labkit.processes.fleet import Fleet
from labkit.processes.parent import Limits, Outcome
from labkit.profiling.sources import adopt, cell_sources


def examine(
    fleet: Fleet,
    stage: str,
    workload: str,
    arms: Sequence[ArmName],
    settings: Settings,
    listener: Listener | None = None,
) -> list[Finding]:
    """All lints on each of these arms, which can run here; what was found, arm by arm.

    A variant that crashes or hangs costs itself alone, and is told. The fleet needs no launchers.
    """
    task = ExamTask(stage, workload, settings.threads)
    outcome = run_task(fleet, fleet.clean, task, Limits(10 * settings.time_limit_s, settings.memory_limit))
    if outcome.ending != "done":
        why = f"there is no answer to compare with: the reference or its workload {failure(outcome, settings)[1]}"
        return [Finding("not_examined", Level.WARNING, str(arm), why) for arm in arms]
    found = []
    if registry.stage(stage).workload(workload).storage == "disk":
        found += cache_findings(outcome.found["input_files"])
    for arm in arms:
        found += _examine_arm(fleet, stage, arm, settings)
        if listener is not None:
            listener.probed(new_row(stage, workload, arm))
    return found


def _examine_arm(fleet: Fleet, stage: str, arm: ArmName, settings: Settings) -> list[Finding]:
    limits = Limits(settings.time_limit_s, settings.memory_limit)
    order = Order(stage, str(arm), settings.threads, cpu_limit(), settings.time_limit_s)
    outcome = run_task(fleet, fleet.clean, ExamineTask(order, cell_sources()), limits)
    found = [finding for step in STEPS for finding in outcome.found.get(step, [])]
    if outcome.ending != "done":
        step = list(STEPS.values())[max(0, outcome.running)]
        found.append(_failed(arm, outcome, settings, step))
    if outcome.found.get("random"):
        outcome = run_task(fleet, fleet.clean, StreamsTask(stage, arm.variant), limits)
        if outcome.found.get("same"):
            text = "two forked workers gave the same answers to one input, where the answers of one worker differ"
            found.append(Finding("same_random_stream", Level.WARNING, str(arm), text))
        if outcome.ending != "done":
            found.append(_failed(arm, outcome, settings, "two forked workers were compared"))
    return found


def _failed(arm: ArmName, outcome: Outcome, settings: Settings, step: str) -> Finding:
    slow = outcome.ending == "timed_out" and "called" in outcome.found  # it can be called: there are only many calls
    lint, level = ("partly_examined", Level.NOTE) if slow else ("not_examined", Level.WARNING)
    return Finding(lint, level, str(arm), f"{failure(outcome, settings)[1]} while {step}")


@dataclass(frozen=True)
class ExamineTask:
    """Examine one arm. Sends each step's findings as it ends, and whether its answers are ``random``."""

    order: Order
    sources: Mapping[str, list[str]]

    def run(self, held: Mapping[str, Any], send: Callable[[str, Any], None], mark: Callable[[int], None]) -> None:
        adopt(dict(self.sources))
        set_threads(self.order.threads)
        examination = Examination(self.order, held["exam"])
        with ExitStack() as stack:
            try:
                examination.open(stack)
            except NotOffered as error:
                send("called", [Finding("partly_examined", Level.NOTE, self.order.arm, str(error))])
                return
            for number, step in enumerate(STEPS):
                mark(number)
                send(step, list(getattr(examination, step)()))
                send("random", examination.random)
