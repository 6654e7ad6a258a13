"""Times calls in a launch by the clock, and sees meanwhile that what is timed is the work: no old answer, and no wrong one.

Arms were warmed up on other content than they are timed on, where there is other. So the first call of an arm's first sample
is the first one on this content; that of its second sample finds caches as cold, but the content is known::

    warm-up, other content ─ new content in the same buffers ─┬─ first sample ─ … ─┬─ second sample ─ …
                                                              └ new_s              └ again_s

An arm whose ``new_s`` is many times its ``again_s``, in launch after launch, remembers its answers; so does one that took as long
in the warm-up on content that no process has seen (:func:`labkit.core.other_content.never_seen`), if it keeps them in files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from labkit.core.agreement import Agreement, rule_for
from labkit.core.exam import Exam, changed
from labkit.core.parts import settled
from labkit.measure.elsewhere import is_remote
from labkit.measure.limit import LIMIT
from labkit.measure.schedule import Timing
from labkit.processes.tasks import Quiet, times_put_aside

Call = Callable[..., Any]
DEAR = 0.2  # of a launch's time: more is not spent on last outputs


class Wrong(Exception):
    """An output of a timed call is wrong: whose, and what; ``arm`` is None where another may have changed its input."""

    def __init__(self, arm: str | None, fault: str) -> None:
        super().__init__(fault)
        self.arm, self.fault = arm, fault


class Answers:
    """Compares outputs of timed calls with the expected one: of each arm one drawn at random, and the last.

    Each arm's next output is looked at after a moment of the launch that is drawn for it; of ``long`` arms, which may have no
    other, the first.
    """

    def __init__(
        self, exam: Exam, agreement: Agreement, slice_s: float, long: Collection[str], rng: np.random.Generator
    ) -> None:
        self._exam, self._rule, self._slice_s = exam, rule_for(agreement, exam.inputs), slice_s
        self._long, self._rng = long, rng
        self._moments: dict[str, float] = {}
        self._looked: set[str] = set()
        self.spent_s = 0.0

    def due(self, arm: str, passed_s: float) -> bool:
        """Is the output of the sample that begins after so many seconds to be looked at?"""
        moment = 0.0 if arm in self._long else self._rng.random() * self._slice_s
        return arm not in self._looked and passed_s >= self._moments.setdefault(arm, moment)

    def last(self, arm: str) -> bool:
        """Is one more call of it to be made at the end, whose output is looked at?"""
        return arm not in self._looked or (arm not in self._long and self.spent_s < DEAR * self._slice_s)

    def look(self, arm: str, output: Any, inputs: tuple[Any, ...]) -> None:
        """Raises Wrong for an output that differs."""
        start = time.perf_counter()
        self._looked.add(arm)
        found = self._rule.difference(settled(output), self._exam.expected)
        self.spent_s += time.perf_counter() - start
        if found:
            raise Wrong(None if changed(inputs, self._exam.inputs) else arm, f"in a timed call: {found}")


class ClockExecutor:
    """Times calls with the monotonic clock. Arms that work on a device tell its own time as ``device_seconds``.

    Arms that live elsewhere are timed there, by the same clock, on inputs that they hold already. ``after`` hears of each
    sample. What ``answers`` cost does not count as time of the launch.
    """

    def __init__(
        self,
        calls: Mapping[str, Call],
        inputs: tuple[Any, ...],
        mark: Callable[[int], None],
        answers: Answers | None = None,
        after: Callable[[str], None] = lambda arm: None,
    ) -> None:
        self.calls, self.inputs, self.mark, self.answers, self.after = calls, inputs, mark, answers, after
        self.numbers = {arm: number for number, arm in enumerate(calls)}
        self.quiet = Quiet([call.pid for call in calls.values() if is_remote(call)])
        self.firsts: dict[str, list[float]] = {arm: [] for arm in calls if arm != LIMIT}
        self.begun = self.now()

    def now(self) -> float:
        return time.perf_counter() - (self.answers.spent_s if self.answers else 0.0)

    def time(self, arm: str, calls: int) -> Timing:
        """Time a sample; raises Wrong for an output that was looked at and differs."""
        self.mark(self.numbers[arm])
        self.quiet.wait()
        if arm == LIMIT:  # the arms before took its bytes out of the caches, where a copy at its best finds them
            self.calls[arm](*self.inputs)
            return timed(self.calls[arm], self.inputs, calls)[0]
        look = self.answers is not None and self.answers.due(arm, self.now() - self.begun)
        return self._sample(arm, calls, look)

    def last_looks(self, arms: Collection[str]) -> None:
        """One more call of each arm whose last output is wanted, or which had one sample of many calls alone."""
        for arm in arms:
            if arm in self.firsts and self.answers is not None and self.answers.last(arm):
                self.mark(self.numbers[arm])
                self.quiet.wait()
                self._sample(arm, 1, look=True)

    def _sample(self, arm: str, calls: int, look: bool) -> Timing:
        call, firsts = self.calls[arm], self.firsts[arm]
        apart = len(firsts) < 2
        timing, output = timed(call, self.inputs, 1 if apart else calls, look)
        if apart:
            firsts.append(timing[0])
            if calls > 1:
                rest, output = timed(call, self.inputs, calls - 1, look)
                timing = (timing[0] + rest[0] * (calls - 1)) / calls, rest[1], timing[2] or rest[2]
        self.after(arm)
        if look:
            assert self.answers is not None
            self.answers.look(arm, output, self.inputs)
        return timing


def timed(call: Call, inputs: tuple[Any, ...], calls: int, keep: bool = False) -> tuple[Timing, Any]:
    """Time so many calls together; with the output of the last of them, where it is to be kept."""
    if is_remote(call):
        return call.time(calls, keep), call.output() if keep else None
    clock = time.perf_counter_ns
    interrupted = times_put_aside()
    if calls == 1:
        start = clock()
        output = call(*inputs)
        end = clock()
    else:
        repeats = range(calls)
        start = clock()
        for _ in repeats:
            output = call(*inputs)
        end = clock()
    interrupted = times_put_aside() - interrupted
    if not keep:
        output = None
    timing = (end - start) / calls * 1e-9, float(getattr(call, "device_seconds", np.nan)), interrupted > 0
    return timing, output
