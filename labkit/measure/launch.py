"""A launch: one process in which the arms of a table are timed in interleaved rounds."""

from __future__ import annotations

import copy
import gc
import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.core.cpus import set_threads
from labkit.core.exam import Exam, changed, first_content
from labkit.core.other_content import never_seen
from labkit.core.parts import Settling, arrays, settled
from labkit.core.process import thread_count
from labkit.core.process_state import changes, process_state
from labkit.core.registry import registry
from labkit.engines import opening_order
from labkit.engines.arm import ArmName, open_arm
from labkit.measure.elsewhere import Apart, Home, home_in_launch, is_remote
from labkit.measure.executor import Answers, Call, ClockExecutor, Wrong, timed
from labkit.measure.limit import LIMIT, open_limit
from labkit.measure.schedule import Plan, Sample, run_rounds
from labkit.processes.host import refilled
from labkit.processes.hosted import OFFSETS

Send = Callable[[str, Any], None]
LONG_SAMPLE = 0.1  # of a launch's time


@dataclass(frozen=True)
class LaunchTask:
    """What a launch does: which arms of which stage, on the inputs that the parent holds, by which plan and seed.

    Those ``apart`` live in processes of their own, for they leave state of the process changed. ``watchful``: look for such
    state after each sample, not only after the warm-up and at the end.
    """

    stage: str
    arms: tuple[str, ...]
    plan: Plan
    floor_bytes: int | None
    threads: int
    seed: int
    apart: frozenset[str] = frozenset()
    watchful: bool = False

    def run(self, held: Mapping[str, Any], send: Send, mark: Callable[[int], None]) -> None:
        """Open the arms, warm each up once, time rounds, and send the samples; ``mark`` tells which arm is running.

        Arms are warmed up on the other content, which their inputs' own then takes the place of. In place of samples are sent:
        where an arm has left state of the process changed, as ``left``, what it left, by arm, or nothing where it is not known
        which arm it was or who wrote into the inputs; where an output is wrong, as ``wrong``, whose and what.
        """
        alone = thread_count()
        rng = np.random.default_rng(self.seed)
        random.seed(self.seed)
        np.random.seed(self.seed % 2**32)  # noqa: NPY002 (variants may draw from the global generator)
        with ExitStack() as stack:
            looks = Looks()
            calls = self._open(stack, mark, looks)
            set_threads(self.threads)
            looks.begin()
            exam: Exam = held["exam"]
            begin = time.perf_counter()
            inputs, warm_s, known_s, fresh_s = self._warmed_up(calls, exam, looks, rng, mark)
            if looks.left:
                send("left", looks.left)
                return
            warm_up_s = time.perf_counter() - begin
            gc.disable()  # the parent has collected and frozen what was there before
            looks.begin()
            long = [arm for arm, spent in warm_s.items() if self._is_long(arm, spent)]
            answers = Answers(exam, registry.stage(self.stage).agreement, self.plan.slice_s, long, rng)

            def after(arm: str) -> None:
                looks.after(arm)
                if place := changed(inputs, exam.inputs):
                    raise Wrong(arm, f"in a timed call: changes its input in place{place}")

            given = answers if exam.manners else None, after if self.watchful else (lambda arm: None)
            executor = ClockExecutor(calls, inputs, mark, *given)
            samples: list[Sample] = []
            begin = time.perf_counter()
            try:
                rounds = run_rounds(executor, self.plan, rng, samples.append)
                timed_s = time.perf_counter() - begin
                executor.last_looks([list(calls)[i] for i in rng.permutation(len(calls))])
            except Wrong as wrong:
                send("wrong", (wrong.arm, wrong.fault))
                return
            if looks.changed() or changed(inputs, exam.inputs):
                send("left", looks.left)
                return
            facts: dict[str, Any] = {"rounds": rounds, "threads_at_start": alone, "restless": executor.quiet.restless}
            facts["first_call_s"] = warm_s
            if exam.other is not None or fresh_s:
                firsts = {arm: [known_s[arm], *executor.firsts[arm]] for arm in known_s if arm != LIMIT}
                facts["known_new_again_s"] = {
                    arm: [three[0], max(three[1], fresh_s.get(arm, 0.0)), three[2]]
                    for arm, three in firsts.items()
                    if len(three) == 3
                }
            send("facts", facts | {"warm_up_s": warm_up_s, "timed_s": timed_s})
            send("samples", sample_columns(samples, list(calls)))

    def _warmed_up(
        self,
        calls: dict[str, Call],
        exam: Exam,
        looks: Looks,
        rng: np.random.Generator,
        mark: Callable[[int], None],
    ) -> tuple[tuple[Any, ...], dict[str, float], dict[str, float], dict[str, float]]:
        """Call each arm on other content; gives the inputs, in the same buffers, and how long the calls took.

        All are called once, then those that don't take long once more: the content is known by then. Then on content that no
        process has seen: an answer may have been kept in a file. What answers with an
        iterator has computed nothing yet: from then on it is timed until that is gone through.
        """
        warm_s: dict[str, float] = {}
        known_s: dict[str, float] = {}
        fresh_s: dict[str, float] = {}
        with first_content(exam) as content:
            inputs = displaced(content, rng)
            for number, call in enumerate(calls.values()):
                mark(number)
                if is_remote(call):
                    call.hold(content, self.seed)
            for number, (arm, call) in enumerate(calls.items()):
                mark(number)
                timing, output = timed(call, inputs, 1, keep=not is_remote(call))
                warm_s[arm] = timing[0]
                if settled(output) is not output:
                    calls[arm] = Settling(call)
                del output
                looks.after(arm)
            for number, (arm, call) in enumerate(calls.items()):
                if not self._is_long(arm, warm_s[arm]):
                    mark(number)
                    known_s[arm] = timed(call, inputs, 1)[0][0]
            fresh = never_seen(inputs, rng)
            for number, (arm, call) in enumerate(calls.items()):
                if fresh and arm in known_s and not is_remote(call):
                    mark(number)
                    with suppress(Exception):  # it is for no such content
                        fresh_s[arm] = timed(call, inputs, 1)[0][0]
        if content is not exam.inputs or fresh:
            inputs = refilled(inputs, exam.inputs)
            for call in calls.values():
                if is_remote(call):
                    call.refill(exam.inputs)
        return inputs, warm_s, known_s, fresh_s

    def _is_long(self, arm: str, first_call_s: float) -> bool:
        """Do its calls take long for a launch? By what was estimated: a first call may compile, and one on new content too."""
        return self.plan.costs.get(arm, first_call_s) > LONG_SAMPLE * self.plan.slice_s

    def _open(self, stack: ExitStack, mark: Callable[[int], None], looks: Looks) -> dict[str, Call]:
        """Those that start processes first, while this process is still single-threaded and no arm has run.

        Of these, pools come after workers of our own: a pool keeps threads here, which are idle when the next one forks.
        """
        names = [ArmName.parse(arm) for arm in self.arms if arm != LIMIT]
        opened: dict[str, Call] = {}
        homes = {name: home for name in names if (home := self._home(name)) is not None}
        order = random.sample(list(homes), len(homes))
        executed = {name: stack.enter_context(homes[name].execute()) for name in order}  # all import at the same time
        for name in sorted(names, key=lambda name: opening_order(name.engine)):
            mark(self.arms.index(str(name)))
            if name in homes:
                opened[str(name)] = call = homes[name].open(executed[name], name, self.threads)
                stack.callback(call.close)
            else:
                opened[str(name)] = stack.enter_context(open_arm(self.stage, name, self.threads))
                looks.after(str(name))
        if LIMIT in self.arms and self.floor_bytes is not None:
            opened[LIMIT] = stack.enter_context(open_limit(self.floor_bytes, self.threads))
        return {arm: opened[arm] for arm in self.arms}

    def _home(self, name: ArmName) -> Home | None:
        return home_in_launch(self.stage, name) or (Apart(self.stage) if str(name) in self.apart else None)


class Looks:
    """Looks at the state of the process after each arm: what one has left changed is known by its name."""

    def __init__(self) -> None:
        self.left: dict[str, tuple[str, ...]] = {}
        self.begin()

    def begin(self) -> None:
        """What was changed until now is no arm's doing."""
        self._state = process_state()

    def changed(self) -> bool:
        """Has any arm left something changed, whether it is known which or not?"""
        return bool(self.left) or bool(changes(self._state, process_state()))

    def after(self, arm: str) -> None:
        before = self._state
        self.begin()
        if names := changes(before, self._state):
            self.left[arm] = tuple(dict.fromkeys((*self.left.get(arm, ()), *names)))


def displaced(inputs: tuple[Any, ...], rng: np.random.Generator) -> tuple[Any, ...]:
    """The inputs with each array copied to a random place within a page.

    Where a buffer lies moves a kernel by several per cent; over many launches the places average out. All arms of a
    launch share these buffers.
    """
    found = [array for _, array in arrays(inputs)]  # kept: the memo is by identity
    return copy.deepcopy(inputs, {id(array): _displaced_array(array, rng) for array in found})


def _displaced_array(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """In the order of its axes: what was given transposed is timed so."""
    offset = int(rng.integers(OFFSETS)) * 16
    memory = np.empty(array.nbytes + OFFSETS * 16, np.uint8)
    strides = np.empty_like(array).strides
    place = np.ndarray(array.shape, array.dtype, buffer=memory, offset=offset, strides=strides)
    np.copyto(place, array)
    return place


def sample_columns(samples: list[Sample], arms: list[str]) -> dict[str, np.ndarray]:
    numbers = {arm: number for number, arm in enumerate(arms)}
    return {
        "round": np.array([s.round for s in samples], np.int32),
        "position": np.array([s.position for s in samples], np.int16),
        "arm": np.array([numbers[s.arm] for s in samples], np.int16),
        "calls": np.array([s.calls for s in samples], np.int32),
        "seconds": np.array([s.seconds for s in samples]),
        "device_seconds": np.array([s.device_seconds for s in samples]),
        "put_aside": np.array([s.put_aside for s in samples], bool),
    }
