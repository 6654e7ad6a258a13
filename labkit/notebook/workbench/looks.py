"""Looks at the inputs of workloads: a thumbnail and a few facts, taken in a launch process and remembered."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from labkit.core.errors import VariantFailed
from labkit.core.registry import registry
from labkit.core.workload import Workload
from labkit.measure.pictures import Inputs, look_at_inputs
from labkit.processes.fleet import ParentLost
from labkit.processes.stop import Stop
from labkit.reports import words

THUMBNAIL = 256  # pixels


@dataclass(frozen=True)
class WorkloadFacts:
    """A workload of the stage; ``facts`` about its inputs are empty until its thumbnail has been asked for."""

    name: str
    summary: str
    facts: dict[str, str]


class Looks:
    """What was seen so far. Thread-safe; a workload that a cell has defined anew is looked at anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], tuple[Workload, Inputs | None]] = {}
        self._under_way: set[Stop] = set()

    def facts(self, stage: str) -> list[WorkloadFacts]:
        """The workloads of a stage, with what is known of their inputs."""
        known = registry.stage(stage).workloads.values()
        return [WorkloadFacts(w.name, w.summary, facts_of(self._known(stage, w))) for w in known]

    def picture(self, stage: str, workload: str) -> np.ndarray | None:
        """Look if nobody has; None for inputs without a picture, and for those that can't be built."""
        asked = registry.stage(stage).workload(workload)
        if self._seen.get((stage, workload), (None, None))[0] is not asked:
            try:
                found = self._look(stage, workload)
            except (VariantFailed, ParentLost):
                found = None
            except KeyboardInterrupt:  # stopped: the dashboard is closed
                return None
            self._seen[stage, workload] = (asked, found)
        seen = self._known(stage, asked)
        return seen.picture if seen else None

    def stop(self) -> None:
        with self._lock:
            for stop in self._under_way:
                stop.ask()

    def _look(self, stage: str, workload: str) -> Inputs:
        stop = Stop()
        with self._lock:
            self._under_way.add(stop)
        try:
            with stop:
                # nobody pressed a button for it: no word of its waiting in the output of a cell
                return look_at_inputs(stage, workload, longest=THUMBNAIL, tell=lambda _: None)
        finally:
            with self._lock:
                self._under_way.discard(stop)

    def _known(self, stage: str, workload: Workload) -> Inputs | None:
        known, inputs = self._seen.get((stage, workload.name), (None, None))
        return inputs if known is workload else None


def facts_of(inputs: Inputs | None) -> dict[str, str]:
    """What is known of a workload's inputs; nothing before they were looked at."""
    if inputs is None:
        return {}
    facts = dict(inputs.arguments)
    if inputs.bytes:
        facts["in all"] = words.size(inputs.bytes)
    if inputs.items is not None and inputs.items != 1:
        facts["items"] = words.count(inputs.items)
    return facts
