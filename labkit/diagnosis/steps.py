"""The steps of an examination: each looks at one arm in its own way, and gives what it found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from labkit.core.exam import Exam
from labkit.core.gate import first_fault
from labkit.core.other_content import laid_out
from labkit.core.parts import copied
from labkit.core.registry import registry
from labkit.diagnosis.cheap import CLEARLY_MORE, gate_findings, seen_findings
from labkit.diagnosis.crowd import crowd, told_threads
from labkit.diagnosis.culprit import culprits
from labkit.diagnosis.finding import Finding, Level
from labkit.diagnosis.late import late_work
from labkit.diagnosis.likeness import leaves
from labkit.diagnosis.rebuilt import Rebuilt, rebuilt
from labkit.diagnosis.remembered import remembered
from labkit.diagnosis.streams import content
from labkit.diagnosis.trace import Trace
from labkit.diagnosis.wide import narrow, widened
from labkit.engines import STARTS_PROCESSES
from labkit.engines.arm import ArmName, open_arm
from labkit.measure.watch import Seen, Watch
from labkit.profiling.sources import own_folders, short_path

Call = Callable[..., Any]
LONG_ENOUGH_S = 0.05
CROWD_S = 0.1
TRACED_SHARE = 40  # a plain call may take so small a part of the patience: three traced ones take many times as long
WORTH_REBUILDING = 0.2  # of a call's time
SHORTEST_REBUILT_NS = 20_000
MANY_CALLS, SMALL_NS = 200, 20_000
LARGE_SHARE, LARGE_ELEMENTS = 4, 16_384  # a large array has a quarter of the largest input's elements, and so many
STEPS = {  # method: what is told of one that fails meanwhile
    "called": "it was called",
    "gate": "the gate tried it",
    "afterwards": "it was watched after a call",
    "threads": "its threads were counted",
    "traced": "its calls were traced",
    "arrays": "its arrays were followed",
    "shared": "who changes shared state was sought",
}


@dataclass(frozen=True)
class Order:
    """Which arm of which stage is to be examined, with how many threads, where ``cpus`` may be used, within how long."""

    stage: str
    arm: str
    threads: int
    cpus: int
    patience_s: float


class Examination:
    """One arm, looked at step by step; each step gives findings."""

    def __init__(self, order: Order, exam: Exam) -> None:
        self.order, self.exam = order, exam
        self.stage = registry.stage(order.stage)
        self.name = ArmName.parse(order.arm)
        self.variant = registry.variant(order.stage, self.name.variant)
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
        return copied(self.exam.inputs)

    def finding(self, lint: str, text: str, level: Level = Level.WARNING) -> Finding:
        return Finding(lint, level, self.order.arm, text)

    def open(self, stack: ExitStack) -> None:
        """Make the arm ready and call it once. Raises NotOffered where it can't do this workload."""
        self.call: Call = stack.enter_context(open_arm(self.order.stage, self.name, self.order.threads))
        self.first = self.call(*self.inputs())

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
        return seen_findings(replace(self.seen, wanted=None, changed={}), self.order.arm, self.order.cpus)

    def gate(self) -> list[Finding]:
        """What the agreement gate knows of remembered and lazy answers, and what it can't see."""
        output = self.call(*(used := self.inputs()))
        if isinstance(output, Iterator):
            return [self.finding("lazy_view", f"the output is a {type(output).__name__}: nothing is computed yet")]
        found = gate_findings(first_fault(self.call, self.exam, self.stage.agreement, output, used), self.order.arm)
        if not found and not self.random and (past := remembered(self.call, self.inputs())):
            text = f"new content took {_ms(past.new_s)}, an equal copy of it {_ms(past.again_s)}"
            return [self.finding("memoised_answer", text)]
        return found

    def afterwards(self) -> Iterator[Finding]:
        """Work that goes on when the call has returned."""
        late = late_work(self.call, self.exam.inputs)
        if late is None:
            return
        if late.waited_s > late.cpu_s:
            text = f"the call returned after {_ms(late.call_s)}, its result was there {_ms(late.waited_s)} later"
        else:
            text = f"the call returned after {_ms(late.call_s)}, and {_ms(late.cpu_s)} of CPU time followed"
        yield self.finding("work_after_return", text)

    def threads(self) -> Iterator[Finding]:
        """Threads that want a CPU at once, in this process and in its workers."""
        used = self.inputs()
        with crowd() as found:
            end = time.perf_counter() + CROWD_S
            while time.perf_counter() < end:
                self.call(*used)
        if found.wanted > self.order.cpus * CLEARLY_MORE:
            text = f"{found.wanted:.1f} threads ran or wanted to, on average, and {self.order.cpus} CPUs may be used"
            yield self.finding("oversubscribed", f"{text}; here may use: {told_threads()}")

    def traced(self) -> Iterator[Finding]:
        """Work rebuilt and small calls, as Python sees them: in a second arm, whose threads begin under the hook."""
        if self.cost_s > self.order.patience_s / TRACED_SHARE:
            text = f"one call takes {self.cost_s:.2g} s: too long to be traced"
            yield self.finding("partly_examined", text, Level.NOTE)
            return
        self.trace = Trace(self.folders, self.large)
        with self.trace.watching(), self._in_this_process() as call:
            call(*self.inputs())
            self.output = self.trace.note(call, self.inputs())
            one = list(self.trace.called)
            with laid_out(self.exam.other or self.exam.inputs) as other:
                self.trace.note(call, copied(other))
        yield from self._rebuilt(rebuilt(one, self.trace.called, self.exam.inputs))
        yield from self._small_calls()

    @contextmanager
    def _in_this_process(self) -> Iterator[Call]:
        """The arm, opened once more; in place of one whose kernel runs in workers, the variant itself."""
        inside = self.name.engine in STARTS_PROCESSES and self.variant.function is not None
        name = ArmName(self.name.variant) if inside else self.name
        with open_arm(self.order.stage, name, self.order.threads) as call:
            yield call

    def _rebuilt(self, found: Sequence[Rebuilt]) -> Iterator[Finding]:
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
        """Arrays that are wider than anything that goes in or comes out."""
        if not hasattr(self, "trace") or not (narrow(self.exam.inputs) and narrow(self.output)):
            return
        found = list(self.trace.wide)
        if self.variant.kind in ("python", "numpy", "library"):
            with self._in_this_process() as call:
                found += widened(call, self.inputs(), self.large, self.folders)
        if found:
            first = max(found, key=lambda wide: (wide.own, wide.nbytes))
            others = len({wide.place for wide in found}) - 1
            more = f", and in {others} place{'s' if others > 1 else ''} more" if others else ""
            text = (
                f"{first.nbytes / 2**20:.1f} MiB of float64 as {first.place}{more}; neither inputs nor output hold any"
            )
            whose = "" if first.own else "; a library's code does it"
            yield self.finding("widened_to_float64", text + whose, Level.WARNING if first.own else Level.NOTE)

    def shared(self) -> list[Finding]:
        """What the whole process shares and calls change, and which function does."""
        if not self.seen.changed:
            return []
        blamed = culprits(self.call, self.inputs(), self.seen.changed)
        return [
            replace(finding, found=finding.found + self._by(finding.found, blamed))
            for finding in seen_findings(
                Seen(changed=self.seen.changed, reseeded=self.seen.reseeded), self.order.arm, 0
            )
        ]

    @staticmethod
    def _by(found: str, blamed: Mapping[str, str]) -> str:
        return next((f"; by {who}" for name, who in blamed.items() if found.startswith(f"{name} ")), "")


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"
