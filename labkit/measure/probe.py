"""A probe: one variant in a process of its own. Set-up, first call, agreement and peak memory are taken here."""

from __future__ import annotations

import importlib
import pickle
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from labkit.core.agreement import Agreement, rule_for
from labkit.core.cpus import set_threads
from labkit.core.drawn_cases import drawn_cases, many_alike
from labkit.core.endurance import endurance_fault
from labkit.core.errors import NotOffered, one_line
from labkit.core.exam import Exam, changed, prepare_exam, short_exam
from labkit.core.fault import Fault
from labkit.core.gate import MEANT, edge_case_fault, first_fault
from labkit.core.parts import Settling, arrays, copied, settled
from labkit.core.process import thread_count
from labkit.core.process_state import changes, process_state
from labkit.core.protected import protected
from labkit.core.registry import registry
from labkit.core.stage import Stage
from labkit.core.workload import Workload, input_files
from labkit.engines.arm import ArmName, open_arm
from labkit.measure.watch import Watch
from labkit.processes import charge
from labkit.processes.memory import forget_high_water, resident
from labkit.processes.tasks import run_times, threads_used

Send = Callable[[str, Any], None]
HOPELESS = 8  # times too slow: of a call after the first, no more than that is waited for
LONG_CALL_S = 1.0  # of so long a call the gate's further ones are made on a short input
SHORT_CALL_S = 0.1
DRAWN_S = 1.0  # for drawn cases: the reference has so long, and each arm
MANY_ALIKE, MANY_ALIKE_S = "as many pixels alike as float32 can't count", 0.5  # where a call takes no longer
# A call takes so long however small its input, unless that is less than so much of that many pixels.
A_CALL_S, FEW = 2e-4, 1e-4
MANY_ALIKE_ROOM = 50  # bytes a byte of that input: less would be told as a variant that takes too much
LONG_ENOUGH_S = 0.05  # the kernel's account of who ran is kept by its timer's tick, some milliseconds


def bytes_of(inputs: tuple[Any, ...]) -> int:
    """How many bytes the arrays and the files among (nested) inputs hold."""
    files = sum(file.stat().st_size for file in input_files(inputs))
    return files + sum(array.nbytes for _, array in arrays(inputs))


@dataclass(frozen=True)
class ExamTask:
    """Build a workload's inputs and let the reference answer them: the ``exam``, which the clean parent keeps.

    With it, where that takes seconds and no edge case has made one, a ``short`` exam on the stage's smallest workload; and
    ``drawn_cases`` of the seed ``draw``, where it is given.
    """

    stage: str
    workload: str
    threads: int
    draw: int | None = None

    def run(self, held: Mapping[str, Any], send: Send, mark: Callable[[int], None]) -> None:
        stage = registry.stage(self.stage)
        set_threads(self.threads)
        with open_arm(self.stage, ArmName(stage.reference), self.threads) as reference:
            start = time.perf_counter()
            kept: dict[str, Any] = {"exam": (exam := prepare_exam(stage, stage.workload(self.workload), reference))}
            if time.perf_counter() - start > 2 * LONG_CALL_S and held.get("short", exam) is None:
                smallest = min(stage.workloads.values(), key=lambda workload: bytes_of(workload.build()))
                if smallest.name != self.workload and (short := short_exam(stage, [smallest], reference)):
                    kept["short"] = short
            if self.draw is not None:
                kept["drawn_cases"] = _answered(stage, drawn_cases(stage, exam.inputs, self.draw), reference)
                large = None if gives_pictures(exam) else many_alike(exam.inputs)
                kept["many_alike"] = _answered(stage, [(MANY_ALIKE, large)] if large else [], reference)
        send("kept", kept)
        send("input_bytes", sum(array.nbytes for _, array in arrays(exam.inputs)))
        send("input_files", input_files(exam.inputs))
        notes = list(exam.notes)
        if stage.in_place:
            notes.append("every call is handed copies of its inputs, and each time contains their making")
        send("floor_bytes", _fact_of(stage, "floor_bytes", exam, "there is no limit to compare with", notes))
        send("items", 1 if stage.items is None else _fact_of(stage, "items", exam, "there is no rate", notes))
        send("notes", notes)


def _answered(
    stage: Stage, cases: Iterable[tuple[str, tuple[Any, ...]]], reference: Callable[..., Any]
) -> dict[str, tuple[tuple[Any, ...], Any]]:
    """The cases that the contract and the reference take, with its answers, as many as it answers within some time."""
    begun, found = time.perf_counter(), {}
    for name, inputs in cases:
        if time.perf_counter() - begun > DRAWN_S:
            break
        with suppress(Exception):
            stage.contract(*(used := copied(inputs)))
            found[name] = inputs, copied(settled(reference(*used)))
    return found


def gives_pictures(exam: Exam) -> bool:
    """Is there about as much to an answer as to the inputs?"""
    return 4 * bytes_of((exam.expected,)) > bytes_of(exam.inputs)


def _fact_of(stage: Stage, name: str, exam: Exam, without: str, notes: list[str]) -> int | None:
    """What a function of the stage says of the exam's inputs; None, with a note, where it fails or gives no such number."""
    function = getattr(stage, name)
    if function is None:
        return None
    try:
        value = function(*exam.inputs)
        if value is None or value >= 1:
            return None if value is None else int(value)
        said = f"gives {value!r}"
    except Exception as error:
        said = f"raises {one_line(error)}"
    notes.append(
        f"{without}: {name} of stage {stage.name} {said}; let it give a whole number of at least 1, or leave it out"
    )
    return None


@dataclass(frozen=True)
class EdgeCasesTask:
    """Let the reference answer a stage's edge cases: ``edge_cases``, which the clean parent keeps.

    With them a ``short`` exam on the largest of those that the reference answers at once, None where none is fit for one.
    """

    stage: str
    threads: int

    def run(self, held: Mapping[str, Any], send: Send, mark: Callable[[int], None]) -> None:
        stage = registry.stage(self.stage)
        set_threads(self.threads)
        with open_arm(self.stage, ArmName(stage.reference), self.threads) as reference:
            cases, quick = {}, []
            for name, inputs in stage.edge_cases().items():
                start = time.perf_counter()
                cases[name] = inputs, copied(settled(reference(*copied(inputs))))
                if time.perf_counter() - start < SHORT_CALL_S:
                    quick.append(inputs)
            quick.sort(key=bytes_of, reverse=True)
            short = short_exam(stage, [Workload("short", partial(tuple, inputs)) for inputs in quick], reference)
        send("kept", {"edge_cases": cases, "short": short})


@dataclass(frozen=True)
class HandOverTask:
    """Send the exam that is kept, for launches, which have no use for the answer to the other content.

    Without the other answer, and so without its manners, where that can't travel; with the inputs alone where answer and other
    content hold more than ``most_bytes``.
    """

    most_bytes: float

    def run(self, held: Mapping[str, Any], send: Send, mark: Callable[[int], None]) -> None:
        exam: Exam = replace(held["exam"], other_expected=None)
        alone = replace(exam, expected=None, manners=None)
        if sum(array.nbytes for _, array in arrays((exam.other, exam.expected))) > self.most_bytes:
            send("handed_over", replace(alone, other=None))
            return
        try:
            send("handed_over", exam)
        except (pickle.PicklingError, TypeError, AttributeError):
            send("handed_over", alone)


def fault_beside(
    call: Callable[..., Any], held: Mapping[str, Any], stage: Stage, cost_s: float, tell: Callable[[str], None]
) -> str | None:
    """What is wrong beside the workload: on edge cases, or in one of many calls on a small input."""
    agreement = stage.agreement
    if fault := edge_case_fault(call, held["edge_cases"], agreement):
        return fault
    unsaid = None if stage.terms.of_one_image else tell  # without annotations nobody has said which sizes are taken
    if fault := edge_case_fault(call, held.get("drawn_cases", {}), agreement, DRAWN_S, unsaid):
        return fault
    for name, (inputs, _) in held.get("many_alike", {}).items():
        share = held["exam"].inputs[0].size / inputs[0].size
        room, _ = resource.getrlimit(resource.RLIMIT_DATA)
        roomy = room == resource.RLIM_INFINITY or room > MANY_ALIKE_ROOM * inputs[0].size
        if (
            roomy
            and cost_s < MANY_ALIKE_S * share + A_CALL_S * (share > FEW)
            and (fault := edge_case_fault(call, {name: held["many_alike"][name]}, agreement, tell=lambda note: None))
        ):
            return fault
    for exam in (held.get("short"), held["exam"]):
        if exam is not None:
            with suppress(NotOffered):
                return endurance_fault(call, exam, agreement)
    return None


def later_fault(first_output: Any, exam: Exam, agreement: Agreement) -> Fault | None:
    """What has become of the first answer by the end of all checks: a thread may go on writing."""
    found = rule_for(agreement, exam.inputs).difference(first_output, exam.expected)
    return Fault(f"the output of the first call has changed since: {found}", "memoised") if found else None


@dataclass(frozen=True)
class ImportTask:
    """Import modules that an arm had imported by its first call: which of them can be, where none starts a thread."""

    modules: tuple[str, ...]

    def run(self, held: Mapping[str, Any], send: Send, mark: Callable[[int], None]) -> None:
        threads_before, imported = thread_count(), []
        for module in self.modules:
            with suppress(Exception):
                importlib.import_module(module)
                imported.append(module)
        send("imported", imported if thread_count() == threads_before else [])


@dataclass(frozen=True)
class ProbeTask:
    """Put one arm to the test. What is known is sent as it becomes known, so that a crash keeps what came before it.

    ``edge_cases``: whether it is to be tried on these too; what is wrong there is sent as ``edge_fault``.
    """

    stage: str
    arm: str
    threads: int
    too_slow_s: float
    edge_cases: bool = True

    def run(self, held: Mapping[str, Any], send: Send, mark: Callable[[int], None]) -> None:
        exam: Exam = held["exam"]
        stage = registry.stage(self.stage)
        used = copied(exam.inputs)
        set_threads(self.threads)
        threads_before, modules_before = thread_count(), set(sys.modules)
        watch = Watch()
        state = process_state()
        with ExitStack() as stack:
            send("memory_before", resident("VmRSS"))
            start = time.perf_counter()
            opened = charge.current.to(stack.enter_context)(open_arm(self.stage, ArmName.parse(self.arm), self.threads))
            send("setup_s", time.perf_counter() - start)
            call = charge.current.to(Settling(opened))
            start = time.perf_counter()
            try:
                output = call(*used)
            except NotOffered as error:
                send("not_offered", str(error))
                return
            first = time.perf_counter() - start
            send("first_call_s", first)
            peak = resident("VmHWM")
            if place := changed(used, exam.inputs):  # now: a further call may put it right
                found = rule_for(stage.agreement, exam.inputs).difference(output, exam.expected)
                meant = Fault(f"changes its input in place{place}{MEANT}", "changed_input")
                send("fault", str(found) if found else meant)
                return
            forget_high_water()  # of what looking at the inputs took
            before, start = run_times(), time.perf_counter()
            watch.begin()
            costs = [self._second_cost(call, used, first, send)]
            watch.end(1)
            if min(first, *costs) > self.too_slow_s:
                send("seen", watch.seen)
                send("cost_s", costs[0])
                send("too_slow", True)
                return
            watch.begin()
            while time.perf_counter() - start < LONG_ENOUGH_S:
                costs.append(self._cost(call, used))
            watch.end(len(costs) - 1)
            cost = min(costs)
            send("threads", threads_used(before, run_times()))
            send("imported", [name for name in sys.modules if name not in modules_before])
            send("seen", watch.seen)
            send("memory_after", max(peak or 0, resident("VmHWM") or 0) or None)
            short = held.get("short") if cost > LONG_CALL_S else None
            notes: list[str] = []
            fault = first_fault(call, exam, stage.agreement, output, used, short, notes.append)
            send("fault", fault)
            if self.edge_cases and not fault:
                beside = fault_beside(call, held, stage, cost, notes.append)
                send("edge_fault", beside or later_fault(output, exam, stage.agreement))
            send("notes", notes)
            send("left", changes(state, process_state()))
            send("starts_no_thread", thread_count() == threads_before)
            send("cost_s", cost)
            if (
                self.edge_cases
                and not fault
                and registry.variant(self.stage, ArmName.parse(self.arm).variant).kind != "gpu"
            ):
                self._write_into(call, short or exam, stage.agreement, send)

    @staticmethod
    def _write_into(call: Callable[..., Any], exam: Exam, agreement: Agreement, send: Send) -> None:
        """One call on inputs that may not be written: a variant that does is ended here, when all else is told.

        Not where a driver would lock the pages of its inputs.
        """
        found = None
        with protected(exam.inputs) as inputs:
            send("protected", True)
            with suppress(Exception):  # its errors are told elsewhere
                found = rule_for(agreement, exam.inputs).difference(call(*inputs), exam.expected)
            send("protected", False)
        if found:
            send(
                "edge_fault",
                Fault(f"differs on an equal copy of the input, whose memory begins where a page does: {found}"),
            )

    def _second_cost(self, call: Callable[..., Any], used: tuple[Any, ...], first: float, send: Send) -> float:
        """Seconds of the second call, which alone says whether the arm is too slow: the first one may have compiled.

        After a hopelessly long first call the process is ended by an alarm when the second one is as hopeless.
        """
        longest = HOPELESS * self.too_slow_s
        if first <= longest:
            return self._cost(call, used)
        send("cost_s", first)
        send("too_slow", True)
        handler = signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, longest)
        cost = self._cost(call, used)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        send("too_slow", False)
        return cost

    @staticmethod
    def _cost(call: Callable[..., Any], used: tuple[Any, ...]) -> float:
        start = time.perf_counter()
        call(*used)
        return time.perf_counter() - start
