"""The self-test: what is said of simulated samples of identical code, and that it leaves nothing behind."""

import math
import signal
import time

import numpy as np
import pytest

from labkit.core.registry import registry
from labkit.diagnosis.finding import Finding, Level
from labkit.diagnosis.selftest import NAME, SelfTest, conclusion, judge_self_test, self_test, sentence, visible
from labkit.measure.bench import Measurement, make_settings
from labkit.measure.conclude import conclude
from labkit.measure.limit import LIMIT
from labkit.measure.request import Listener, Settings
from labkit.measure.result import Row, Samples, Status, Table
from labkit.measure.statistics import compare_family, plan_looks

ARMS = ("work", "same_work")
LAUNCHES, ROUNDS = 25, 40


def simulated(rng, spread, bias=0.0, launches=LAUNCHES, stopped=False):
    """What a measurement finds whose launches scatter by ``spread`` (log), the second arm slower by ``bias``."""
    rows = [Row(NAME, "identical code", arm, "numpy") for arm in ARMS]
    table = Table(NAME, "identical code", "work", rows, Samples((*ARMS, LIMIT)), looks=plan_looks(LAUNCHES))
    table.facts |= {"planned_launches": LAUNCHES, "family": 1, "items": None}
    for number in range(launches):
        shift = bias + rng.normal(0, spread)
        seconds = 0.002 * np.exp(rng.normal(0, 0.001, (ROUNDS, 2)) + np.array([0, shift]))
        columns = {
            "round": np.repeat(np.arange(ROUNDS), 2),
            "arm": np.tile([0, 1], ROUNDS),
            "seconds": seconds.ravel(),
            "device_seconds": np.full(2 * ROUNDS, np.nan),
            "put_aside": np.zeros(2 * ROUNDS, bool),
        }
        table.samples.launches.append({"launch": number, "arms": ARMS, "samples": columns})
    if launches == LAUNCHES:
        table.facts["look"] = len(table.looks) - 1
    conclude(table, list(ARMS), stopped=stopped)
    return Measurement([table], {}, Settings(10.0, 2, 7), "", stopped=stopped)


@pytest.fixture
def rng():
    seed = int(time.time_ns() % 2**32)
    print(f"seed {seed}")
    return np.random.default_rng(seed)


def levels(found):
    return {finding.lint: finding.level for finding in judge_self_test(found)}


def test_on_a_steady_machine_identical_code_is_the_same_and_little_is_hidden(rng):
    found = conclusion(simulated(rng, spread=0.0005))
    assert found.verdict == "same"
    assert found.visible < 0.005
    assert levels(found) == {"self_test": Level.OK, "resolution": Level.OK}


def test_an_unsteady_machine_is_told_by_how_much_it_hides(rng):
    found = conclusion(simulated(rng, spread=0.05))
    assert found.visible > 0.01
    assert levels(found)["resolution"] is Level.NOTE
    assert "can't be seen in 10 s" in sentence(found)


@pytest.mark.parametrize("bias", [0.05, -0.05])
def test_identical_code_that_is_called_different_is_a_warning(rng, bias):
    found = conclusion(simulated(rng, spread=0.001, bias=bias))
    assert found.verdict == ("slower" if bias > 0 else "faster")
    assert levels(found)["self_test"] is Level.WARNING
    assert found.visible > 0.05  # as much as it was wrong by, and more


@pytest.mark.parametrize(
    ("low", "high", "hidden"),
    [
        (0.99, 1 / 0.99, 1 / 0.99**2),  # in the middle: twice the half width
        (1.0, 1.02, 1.02**1.5),  # beside it: as far as it reaches, and half the width more
        (1.03, 1.03, 1.03),
    ],
)
def test_what_is_hidden_follows_from_the_interval(low, high, hidden):
    assert visible(low, high) == pytest.approx(hidden - 1)
    assert visible(1 / high, 1 / low) == pytest.approx(visible(low, high))


def test_a_difference_as_large_as_is_told_is_seen_as_surely_as_the_interval_holds(rng):
    """The promise behind the figure, kept on other launches of the same machine."""
    looks = plan_looks(LAUNCHES)

    def interval(bias):
        launches = rng.normal(bias, 0.01, LAUNCHES)
        return compare_family({"same_work": launches}, looks, len(looks) - 1)["same_work"].interval

    tries = 3000
    promises = [interval(0.0) for _ in range(tries)]
    seen = sum(interval(math.log1p(visible(p.ratio_low, p.ratio_high))).low > 0 for p in promises)
    assert seen >= 0.94 * tries  # 0.96, give or take 0.004


def test_what_was_done_when_it_was_stopped_is_told_of_its_shorter_time(rng):
    found = conclusion(simulated(rng, spread=0.001, launches=10, stopped=True))
    assert (found.verdict, found.reason, found.launches) == ("unresolved", "stopped", 10)
    assert found.ratio_low <= found.ratio <= found.ratio_high
    assert "in 4 s of measuring" in sentence(found)
    assert levels(found)["self_test"] is Level.OK


def test_too_few_launches_promise_nothing(rng):
    found = conclusion(simulated(rng, spread=0.001, launches=3, stopped=True))
    assert found.visible is None
    assert levels(found) == {"self_test": Level.OK, "few_launches": Level.NOTE}


def test_an_end_before_the_beginning_is_no_fault_of_the_machine():
    found = conclusion(Measurement([], {}, Settings(10.0, 2, 7), "", stopped=True))
    assert judge_self_test(found) == [
        Finding("self_test_unanswered", Level.OK, "machine", "no answer: stopped before it had begun")
    ]


def test_a_self_test_that_can_not_run_is_a_warning():
    table = Table(NAME, "identical code", "work", [Row(NAME, "identical code", "work", "numpy")], Samples(ARMS))
    table.rows[0].status, table.rows[0].reason = Status.CRASHED, "killed by SIGILL"
    found = conclusion(Measurement([table], {}, Settings(10.0, 2, 7), ""))
    assert judge_self_test(found) == [
        Finding("self_test_unanswered", Level.WARNING, "machine", "no answer: killed by SIGILL")
    ]


@pytest.mark.parametrize(
    ("share", "text"), [(0.00312, "0.32 %"), (0.0100001, "1.1 %"), (0.25, "25 %"), (0.00007, "0.0070 %")]
)
def test_a_promise_is_rounded_up(share, text):
    found = SelfTest(10.0, 25, 25, False, "same", None, 0.002, 1.0, 0.99, 1.01, share)
    assert f"differences under {text} can't be seen" in sentence(found)


class Interrupting(Listener):
    """Presses Ctrl-C after so many launches."""

    def __init__(self, after):
        self.after, self.pressed = after, False

    def launched(self, done, planned):
        if done == self.after:
            self.pressed = True
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_ends_it_with_what_is_known_and_the_registry_is_as_before():
    registry.discover()
    before = set(registry.stages), set(registry.variants), list(registry.brought)
    listener = Interrupting(after=8)
    found = self_test(make_settings(1.0, 1), listener)
    assert listener.pressed
    assert found.stopped
    assert 8 <= found.launches < found.planned_launches
    assert found.ratio_low is not None
    assert (set(registry.stages), set(registry.variants), list(registry.brought)) == before
