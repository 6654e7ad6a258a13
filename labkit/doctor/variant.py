"""The examination of arms: each in a process of its own, which is called, traced and disturbed as no timed run may be."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from labkit.core.cpus import cpu_limit, set_threads
from labkit.core.errors import NotOffered
from labkit.core.gate import Exam, first_fault
from labkit.core.registry import registry
from labkit.core.workload import input_files
from labkit.doctor.cheap import CLEARLY_MORE, cache_findings, gate_findings, seen_findings
from labkit.doctor.crowd import crowd, told_threads
from labkit.doctor.culprit import culprits
from labkit.doctor.finding import Finding, Level
from labkit.doctor.late import late_work
from labkit.doctor.likeness import leaves
from labkit.doctor.rebuilt import rebuilt
from labkit.doctor.streams import StreamsTask, content
from labkit.doctor.trace import Trace
from labkit.doctor.wide import narrow, widened
from labkit.engines import STARTS_PROCESSES
from labkit.engines.arm import ArmName, open_arm
from labkit.measure.fleet import Fleet
from labkit.measure.parent import Limits, Outcome
from labkit.measure.probe import ExamTask
from labkit.measure.table import Listener, Settings, failure, new_row, run_task
from labkit.measure.watch import Seen, Watch
from labkit.profiling.sources import adopt, cell_sources, own_folders, short_path

Call = Callable[..., Any]
LONG_ENOUGH_S = 0.05
CROWD_S = 0.1
TRACED_SHARE = 20  # a plain call may take so small a part of the patience: three traced ones take many times as long
WORTH_REBUILDING = 0.2  # of a call's time
SHORTEST_REBUILT_NS = 20_000
MANY_CALLS, SMALL_NS = 200, 20_000
LARGE_SHARE, LARGE_ELEMENTS = (
    4,
    16_384,
)  # an array is large that has a quarter of the largest input's elements, and so many
STEPS = (
    "it was called",
    "the gate tried it",
    "it was watched after a call",
    "its threads were counted",
    "its calls were traced",
    "its arrays were followed",
    "who changes shared state was sought",
)


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
        reference = registry.stage(stage).reference
        why = f"the reference or its workload {failure(outcome, settings)[1]}"
        return [Finding("not_examined", Level.WARNING, reference, f"there is no answer to compare with: {why}")]
    exam: Exam = outcome.found["exam"]
    fleet.tell(fleet.clean, ("hold", {"exam": exam}))
    found = []
    if registry.stage(stage).workload(workload).storage == "disk":
        found += cache_findings(input_files(exam.inputs))
    for arm in arms:
        found += _examine_arm(fleet, stage, arm, settings)
        if listener is not None:
            listener.probed(new_row(stage, workload, arm))
    return found


def _examine_arm(fleet: Fleet, stage: str, arm: ArmName, settings: Settings) -> list[Finding]:
    limits = Limits(settings.time_limit_s, settings.memory_limit)
    task = ExamineTask(stage, str(arm), settings.threads, cpu_limit(), settings.time_limit_s, cell_sources())
    outcome = run_task(fleet, fleet.clean, task, limits)
    found = [finding for name in STEPS for finding in outcome.found.get(name, [])]
    if outcome.ending != "done":
        found.append(_failed(arm, outcome, settings))
    if outcome.found.get("random"):
        outcome = run_task(fleet, fleet.clean, StreamsTask(stage, arm.variant), limits)
        if outcome.found.get("same"):
            text = "two forked workers gave the same answers to one input, where the answers of one worker differ"
            found.append(Finding("same_random_stream", Level.WARNING, str(arm), text))
    return found


def _failed(arm: ArmName, outcome: Outcome, settings: Settings) -> Finding:
    when = f" while {STEPS[outcome.running]}" if 0 <= outcome.running < len(STEPS) else ""
    return Finding("not_examined", Level.WARNING, str(arm), failure(outcome, settings)[1] + when)


@dataclass(frozen=True)
class ExamineTask:
    """Examine one arm where ``cpus`` may be used. Sends the findings of each step as it ends, and ``random``."""

    stage: str
    arm: str
    threads: int
    cpus: int
    patience_s: float
    sources: Mapping[str, list[str]]

    def run(self, held: Mapping[str, Any], send: Callable[[str, Any], None], mark: Callable[[int], None]) -> None:
        adopt(dict(self.sources))
        set_threads(self.threads)
        examination = _Examination(self, held["exam"])
        with ExitStack() as stack:
            try:
                examination.open(stack)
            except NotOffered as error:
                send(STEPS[0], [Finding("not_examined", Level.NOTE, self.arm, str(error))])
                return
            steps = (
                examination.called,
                examination.gate,
                examination.afterwards,
                examination.threads,
                examination.traced,
                examination.arrays,
                examination.shared,
            )
            for number, (name, step) in enumerate(zip(STEPS, steps, strict=True)):
                mark(number)
                send(name, list(step()))
                if number == 0:
                    send("random", examination.random)


class _Examination:
    """One arm, looked at step by step; each step gives findings."""

    def __init__(self, task: ExamineTask, exam: Exam) -> None:
        self.task, self.exam = task, exam
        self.stage = registry.stage(task.stage)
        self.name = ArmName.parse(task.arm)
        self.variant = registry.variant(task.stage, self.name.variant)
        self.folders = own_folders(self.variant)
        self.watch = Watch()
        self.random = False
        self.large = LARGE_ELEMENTS
        for leaf in leaves(list(exam.inputs)):
            if isinstance(leaf, np.ndarray):
                self.large = max(self.large, leaf.size // LARGE_SHARE)

    @property
    def seen(self) -> Seen:
        return self.watch.seen

    @property
    def cost_s(self) -> float:
        return self.seen.seconds / self.seen.calls

    def inputs(self) -> tuple[Any, ...]:
        return copy.deepcopy(self.exam.inputs)

    def finding(self, lint: str, text: str, level: Level = Level.WARNING) -> Finding:
        return Finding(lint, level, self.task.arm, text)

    def open(self, stack: ExitStack) -> None:
        self.call: Call = stack.enter_context(open_arm(self.task.stage, self.name, self.task.threads))
        self.used = self.inputs()
        self.first = self.call(*self.used)

    def called(self) -> list[Finding]:
        """Later calls, watched as a probe does."""
        first, used = content(self.first), self.inputs()
        self.watch.begin()
        second = self.call(*used)
        self.watch.end(1)
        self.random = content(second) != first
        start, calls = time.perf_counter(), 0
        self.watch.begin()
        while time.perf_counter() - start < LONG_ENOUGH_S or calls == 0:
            self.call(*used)
            calls += 1
        self.watch.end(calls)
        return seen_findings(replace(self.seen, wanted=None, changed={}), self.task.arm, self.task.cpus)

    def gate(self) -> list[Finding]:
        output = self.call(*(used := self.inputs()))
        if isinstance(output, Iterator):
            return [self.finding("lazy_view", f"the output is a {type(output).__name__}: nothing is computed yet")]
        return gate_findings(first_fault(self.call, self.exam, self.stage.agreement, output, used), self.task.arm)

    def afterwards(self) -> Iterator[Finding]:
        late = late_work(self.call, self.exam.inputs)
        if late is None:
            return
        if late.waited_s > late.cpu_s:
            text = f"the call returned after {_ms(late.call_s)}, its result was there {_ms(late.waited_s)} later"
        else:
            text = f"the call returned after {_ms(late.call_s)}, and {_ms(late.cpu_s)} of CPU time followed"
        yield self.finding("work_after_return", text)

    def threads(self) -> Iterator[Finding]:
        used = self.inputs()
        with crowd() as found:
            end = time.perf_counter() + CROWD_S
            while time.perf_counter() < end:
                self.call(*used)
        if found.wanted > self.task.cpus * CLEARLY_MORE:
            text = f"{found.wanted:.1f} threads ran or wanted to, on average, and {self.task.cpus} CPUs may be used"
            yield self.finding("oversubscribed", f"{text}; here may use: {told_threads()}")

    def traced(self) -> Iterator[Finding]:
        """A second arm, whose threads begin under the hook."""
        if self.cost_s > self.task.patience_s / TRACED_SHARE:
            text = f"one call takes {self.cost_s:.2g} s: too long to be traced"
            yield self.finding("not_examined", text, Level.NOTE)
            return
        self.trace = Trace(self.folders, self.large)
        with self.trace.watching(), self._in_this_process() as call:
            call(*self.inputs())
            self.output = self.trace.note(call, self.inputs())
            one = list(self.trace.called)
            self.trace.note(call, copy.deepcopy(self.exam.other))
        yield from self._rebuilt(rebuilt(one, self.trace.called, self.exam.inputs))
        yield from self._small_calls()

    @contextmanager
    def _in_this_process(self) -> Iterator[Call]:
        """The arm, opened once more; in place of one whose kernel runs in workers, the variant itself."""
        inside = self.name.engine in STARTS_PROCESSES and self.variant.function is not None
        name = ArmName(self.name.variant) if inside else self.name
        with open_arm(self.task.stage, name, self.task.threads) as call:
            yield call

    def _rebuilt(self, found: Sequence[Any]) -> Iterator[Finding]:
        spent = sum(each.ns for each in found)
        share = min(1.0, spent * 1e-9 / self.cost_s)
        if spent < SHORTEST_REBUILT_NS or share < WORTH_REBUILDING:
            return
        first = found[0]
        times = f"{first.times} times " if first.times > 1 else ""
        text = f"each call calls {first.name} {times}at {short_path(first.line[0])}:{first.line[1]} with the same arguments"
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        yield self.finding("work_rebuilt", f"{text}{more}: {_percent(share)} of its time ({_ms(spent * 1e-9)})")

    def _small_calls(self) -> Iterator[Finding]:
        for (line, name), spent in self.trace.cv2_ns.items():
            calls, typical = len(spent) // 2, median(spent)
            if calls > MANY_CALLS and typical < SMALL_NS:
                place = f"{short_path(line[0])}:{line[1]}"
                share = min(1.0, calls * typical * 1e-9 / self.cost_s)
                text = f"cv2.{name} is called {calls:,} times a call at {place}, {typical / 1e3:.1f} µs each"
                yield self.finding("small_cv2_calls", f"{text}: {_percent(share)} of its time inside of cv2")

    def arrays(self) -> Iterator[Finding]:
        if not hasattr(self, "trace") or not (narrow(self.exam.inputs) and narrow(self.output)):
            return
        found = list(self.trace.wide)
        if self.variant.kind in ("python", "numpy", "library"):
            with self._in_this_process() as call:
                found += widened(call, self.inputs(), self.large, self.folders)
        if found:
            largest = max(found, key=lambda wide: wide.nbytes)
            places = {wide.place for wide in found}
            more = f", and in {len(places) - 1} places more" if len(places) > 1 else ""
            text = f"{largest.nbytes / 2**20:.1f} MiB of float64 as {largest.place}{more}; neither inputs nor output hold any"
            yield self.finding("widened_to_float64", text)

    def shared(self) -> list[Finding]:
        if not self.seen.changed:
            return []
        blamed = culprits(self.call, self.inputs(), self.seen.changed)
        return [
            replace(finding, found=finding.found + self._by(finding.found, blamed))
            for finding in seen_findings(Seen(changed=self.seen.changed, reseeded=self.seen.reseeded), self.task.arm, 0)
        ]

    @staticmethod
    def _by(found: str, blamed: Mapping[str, str]) -> str:
        return next((f"; by {who}" for name, who in blamed.items() if found.startswith(f"{name} ")), "")


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"
