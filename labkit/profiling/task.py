"""What the measuring process does to profile arms: plain and recorded calls in rounds of random order."""

from __future__ import annotations

import gc
import multiprocessing
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labkit.core.agreement import rule_for
from labkit.core.cpus import set_threads
from labkit.core.parts import Settling, copied
from labkit.core.registry import registry
from labkit.engines import STARTS_PROCESSES, split_arm
from labkit.engines.arm import ArmName, open_arm
from labkit.profiling.interpreted import interpreted, jitted_keys, python_form
from labkit.profiling.recorder import Findings, Recorder, code_key
from labkit.profiling.sources import adopt, own_folders
from labkit.profiling.traced import NotTraced, is_cython, traced
from labkit.profiling.workers import Reports

Call = Callable[..., Any]
MOST_CALLS = 1000
COMPILED = ("numba", "cython", "native", "gpu")


@dataclass
class Recorded:
    """One arm's raw profile. ``how`` is ``lines``, ``interpreted``, ``traced`` or ``whole`` (no line could be seen: ``why``)."""

    how: str
    findings: Findings
    plain_ns: list[int]
    why: str = ""
    workers: int = 0
    threaded: bool = False
    unseen: int = 0
    difference: str | None = None


@dataclass(frozen=True)
class ProfileTask:
    """Profile arms of one stage on one workload within ``budget_s`` seconds, or for exactly ``calls`` calls each."""

    stage: str
    workload: str
    arms: tuple[str, ...]
    budget_s: float
    calls: int | None
    threads: int
    seed: int
    sources: Mapping[str, list[str]]

    def run(self, held: Any, send: Callable[[str, Any], None], mark: Callable[[int], None]) -> None:
        gc.unfreeze()  # the parent froze what it holds, and the collector then does not tell who refers to a code
        adopt(dict(self.sources))
        stage = registry.stage(self.stage)
        rng = np.random.default_rng(self.seed)
        inputs = stage.workload(self.workload).build()
        set_threads(self.threads)
        with ExitStack() as stack, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            subjects = []
            for number, arm in enumerate(self.arms):
                mark(number)
                subject = _Subject(self.stage, ArmName.parse(arm), self.threads)
                subject.open(stack, inputs)
                subjects.append(subject)
            start, rounds = time.perf_counter(), 0
            while self._goes_on(rounds, time.perf_counter() - start):
                for turn in rng.permutation(2 * len(subjects)).tolist():
                    mark(turn // 2)
                    subjects[turn // 2].call_once(inputs, recorded=bool(turn % 2))
                rounds += 1
            send("profiles", {arm: subject.recorded() for arm, subject in zip(self.arms, subjects, strict=True)})

    def _goes_on(self, rounds: int, seconds: float) -> bool:
        if self.calls is not None:
            return rounds < self.calls
        return rounds == 0 or (rounds < MOST_CALLS and seconds * (rounds + 1) / rounds <= self.budget_s)


class _Subject:
    """One arm, opened twice: as it is, and with its lines watched."""

    def __init__(self, stage: str, name: ArmName, threads: int) -> None:
        self.stage, self.name, self.threads = stage, name, threads
        self.variant = registry.variant(stage, name.variant)
        self.in_processes = name.engine in STARTS_PROCESSES
        self.recorder = Recorder(own_folders(self.variant))
        self.how, self.why = "lines", ""
        self.plain_ns: list[int] = []
        self.difference: str | None = None
        self.unseen = 0

    def open(self, stack: ExitStack, inputs: tuple[Any, ...]) -> None:
        """Make both arms ready, call each once (imports and compilers belong to the first call), and learn the functions."""
        others = len(multiprocessing.active_children())
        self.plain = Settling(stack.enter_context(open_arm(self.stage, self.name, self.threads)))
        expected = copied(self.plain(*copied(inputs)))
        used = copied(inputs)
        traced_call = self._traced()
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="labkit-profile-"))
        self.reports = Reports(place, own_folders(self.variant))
        if self.in_processes and self.variant.partial is not None:
            self.watched = Settling(stack.enter_context(self._engine_arm(self.reports.task(self.variant.partial))))
            output = self.watched(*used)
        else:
            with self.reports.of_pools(), interpreted(self._entry):
                self.watched = Settling(traced_call or stack.enter_context(self._python_arm()))
                output = self.recorder.explore(self.watched, used, cython=self.how == "traced")
            if not self.reports.findings():
                self.unseen = (len(multiprocessing.active_children()) - others) // 2  # the plain arm has as many
        self.reports.forget()  # the first call only warms the workers up
        fault = rule_for(registry.stage(self.stage).agreement, inputs).difference(output, expected)
        self.difference = str(fault) if fault else None

    @property
    def _entry(self) -> Any:
        """Where the search for jitted functions begins."""
        return self.variant.partial if self.name.engine else self.variant.function or self.variant.arm

    def _traced(self) -> Call | None:
        """A Cython variant's function from a build that shows its lines; None for others, and where none can be built."""
        if not is_cython(self.variant.function):
            return None
        if self.name.engine:
            self.why = f"compiled by Cython; its lines are shown without the engine, as {self.variant.name}"
            return None
        try:
            function = traced(self.variant)
        except NotTraced as reason:
            self.why = str(reason)
            return None
        self.how = "traced"
        return function

    @contextmanager
    def _python_arm(self) -> Iterator[Call]:
        """The arm with the Python function of what Numba compiled."""
        if self.name.engine is None:
            with open_arm(self.stage, self.name, self.threads) as call:
                yield python_form(call)
        else:
            with self._engine_arm(python_form(self.variant.partial)) as call:
                yield call

    def _engine_arm(self, partial: Any) -> AbstractContextManager[Call]:
        """The engine with another partial in the place of the variant's."""
        variant = replace(self.variant, partial=partial)
        workers = self.name.workers or self.threads
        return split_arm(registry.stage(self.stage), variant, str(self.name.engine), workers, self.name.chunk)

    def call_once(self, inputs: tuple[Any, ...], recorded: bool) -> None:
        used = copied(inputs)
        if not recorded:
            start = time.perf_counter_ns()
            self.plain(*used)
            self.plain_ns.append(time.perf_counter_ns() - start)
        elif self.in_processes:
            start = time.perf_counter_ns()
            self.watched(*used)
            self.recorder.found.calls_ns.append(time.perf_counter_ns() - start)
        else:
            with self.reports.of_pools(), interpreted(self._entry):
                self.recorder.record(self.watched, used)

    def recorded(self) -> Recorded:
        found = self.recorder.findings()
        parts = self.reports.findings()
        for part in parts.values():
            found.add(part)
        if self.variant.kind == "gpu":
            self.why = "runs on the GPU: its lines only queue work, and which of them waits for it says nothing"
        if self.recorder.lost:
            self.why = (
                "its lines can't be told: it sets the interpreter's trace or profile function itself, or recurses to the limit, "
                "where Python takes these away"
            )
        if self.why or (self.name.engine and not self._kernel_seen(found)):
            found.lines.clear()  # what could be seen are helpers, or splitting and combining: not where the time went
        if not found.lines:
            self.how = "whole"
            self.why = self.why or (
                f"compiled ({self.variant.kind}): it has no lines that Python could see"
                if self.variant.kind in COMPILED
                else "no line of its own was run: all of it is library code"
            )
        elif jitted_keys(self._entry) & found.lines.keys():
            self.how = "interpreted"
        facts = (len(parts.keys() - {os.getpid()}), self.recorder.threaded, self.unseen, self.difference)
        return Recorded(self.how, found, self.plain_ns, self.why, *facts)

    def _kernel_seen(self, found: Findings) -> bool:
        """Did the engine call any function with lines besides those that split and combine?"""
        split = registry.stage(self.stage).split
        assert split is not None
        around = {code_key(split.parts), code_key(split.combine)}
        called = {key for key in found.lines if any(caller is None for caller, _ in found.sites.get(key, {}))}
        return bool(called - around)
