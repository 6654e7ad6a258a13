"""Do the adapters hear what the harnesses say? On recorded output of each, and on figures made up for their rules."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.gauntlet.tools import (
    TOOLS,
    asv,
    criterion,
    hyperfine,
    perfplot,
    process,
    pyperf,
    pytest_benchmark,
    timeit,
    torch_timer,
)
from tests.gauntlet.tools.interval import overlap, quotient
from tests.gauntlet.tools.tool import Arm, Task, Told

RECORDED = Path(__file__).with_name("recorded")
TASK = Task((Arm("chain", 510), Arm("chain", 333), Arm("chain", 500)), first=0, second=2, measure_s=0.3)
PAIR = Task((Arm("chain", 500), Arm("chain", 500)), first=0, second=1, measure_s=1.0)


def recorded(name: str) -> tuple[Any, str]:
    """What a harness stored of :data:`TASK`, cut down to what is read, and what it printed."""
    file = json.loads((RECORDED / f"{name}.json").read_text())
    return file["stored"], "\n".join(file["printed"])


def told_by_pyperf(task: Task) -> Told:
    stored, printed = recorded("pyperf")
    return pyperf.told(task, [json.dumps(one) for one in stored], printed)


def told_by_pytest_benchmark(task: Task) -> Told:
    pytest.importorskip("pytest_benchmark")
    return pytest_benchmark.told(task, [json.dumps(one) for one in recorded("pytest_benchmark")[0]])


def told_by_asv(task: Task) -> Told:
    pytest.importorskip("asv")
    return asv.told(task, recorded("asv")[0])


def told_by_criterion(task: Task) -> Told:
    stored, printed = recorded("criterion")
    return criterion.told(task, [json.dumps(one) for one in stored["samples"]], json.dumps(stored["change"]), printed)


HEARD: dict[str, Callable[[Task], Told]] = {
    "pyperf": told_by_pyperf,
    "pytest_benchmark": told_by_pytest_benchmark,
    "asv": told_by_asv,
    "torch": lambda task: torch_timer.told(task, json.dumps(recorded("torch")[0])),
    "hyperfine": lambda task: hyperfine.told(task, json.dumps(recorded("hyperfine")[0]), calls=7),
    "criterion": told_by_criterion,
    "perfplot": lambda task: perfplot.told(task, json.dumps(recorded("perfplot")[0])),
    "timeit": lambda task: timeit.told(task, json.dumps(recorded("timeit")[0])),
}


def heard(name: str, task: Task = TASK) -> Told:
    if name == "pyperf":
        pytest.importorskip("pyperf")
    return HEARD[name](task)


# first and second as each harness printed them, and how far the last digits of these may move their quotient
PRINTED = {
    "pyperf": ("1.41 ms", "1.38 ms", 1.41 / 1.38, 0.008),
    "pytest_benchmark": ("1.3821", "1.3550", 1.3821 / 1.3550, 0.0001),
    "asv": ("1.40±0.01ms", "1.38±0.04ms", 1.40 / 1.38, 0.008),
    "torch": ("1398.3", "1367.7", 1398.3 / 1367.7, 0.0001),
    "hyperfine": ("11.8 ms", "11.3 ms", 11.8 / 11.3, 0.01),
    "criterion": ("-2.0045%", "1.3624 ms", 1 / (1 - 0.020045), 1e-6),
    "perfplot": ("0.0013819260000000001", "0.0013549060000000001", 0.001381926 / 0.001354906, 1e-9),
    "timeit": ("1.4 ms ± 7.27 μs", "1.38 ms ± 12.6 μs", 1.40 / 1.38, 0.008),
}


@pytest.mark.parametrize("name", HEARD)
def test_the_ratio_is_that_of_the_figures_which_a_harness_printed(name: str) -> None:
    first, second, ratio, error = PRINTED[name]
    assert first in recorded(name)[1]
    assert second in recorded(name)[1]
    assert heard(name).ratio == pytest.approx(ratio, abs=error)


@pytest.mark.parametrize("name", HEARD)
def test_samples_are_seconds_a_call_in_the_order_of_the_arms(name: str) -> None:
    arms = [sorted(samples)[len(samples) // 2] for samples in heard(name).samples]
    expected = [0.00139, 0.00092, 0.00137]
    assert arms == pytest.approx(expected, rel=0.25 if name == "hyperfine" else 0.03)  # its runs hold the start-up


@pytest.mark.parametrize("name", HEARD)
def test_judging_the_arms_the_other_way_round_turns_the_ratio_over_and_keeps_the_verdict(name: str) -> None:
    one, other = heard(name), heard(name, replace(TASK, first=2, second=0))
    assert one.different == other.different
    assert one.ratio * other.ratio == pytest.approx(1)
    if one.low is not None and one.high is not None:
        assert other.low == pytest.approx(1 / one.high, rel=0.001)
        assert other.high == pytest.approx(1 / one.low, rel=0.001)


@pytest.mark.parametrize("name", HEARD)
def test_an_interval_holds_its_ratio(name: str) -> None:
    told = heard(name)
    if told.low is None or told.high is None:
        assert name in ("pytest_benchmark", "perfplot")
    else:
        assert told.low < told.ratio < told.high


def test_what_hyperfine_prints_as_its_summary_is_what_we_take_from_it() -> None:
    stored, printed = recorded("hyperfine")
    slow, _, fast = (arm["times"] for arm in stored["results"])
    fastest = stored["results"][1]["times"]
    for arm in (slow, fast):
        low, high = hyperfine.printed(arm, fastest)
        assert low is not None
        assert high is not None
        assert f"{(low + high) / 2:.2f} ± {(high - low) / 2:.2f} times faster" in printed


def test_pyperf_that_says_nothing_of_significance_is_an_error() -> None:
    assert not pyperf.significant("Mean +- std dev: [a] 1 ms -> [b] 1 ms: no change\nNot significant!")
    assert pyperf.significant("Mean +- std dev: [a] 1 ms -> [b] 2 ms: 2.00x slower\nSignificant (t=-5.43)")
    with pytest.raises(RuntimeError, match="nothing of significance"):
        pyperf.significant("ERROR: the file is empty")


def test_the_interval_of_pyperf_holds_1_exactly_where_its_own_test_finds_no_difference() -> None:
    rule = pytest.importorskip("pyperf._utils").is_significant
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    verdicts = set()
    for _ in range(200):
        count, shift = draw.choice([3, 30, 60]), draw.choice([0.0, 0.01, 0.05])
        first = [draw.gauss(1, 0.02) for _ in range(count)]
        second = [draw.gauss(1 + shift, 0.02) for _ in range(count)]
        low, high = pyperf.not_rejected(first, second)
        different = bool(rule(first, second)[0])
        assert (low <= 1 <= high) != different
        verdicts.add(different)
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("said", "different"),
    [
        ("Performance has regressed.", True),
        ("Performance has improved.", True),
        ("Change within noise threshold.", False),
        ("No change in performance detected.", False),
    ],
)
def test_criterion_is_taken_at_its_word(said: str, different: bool) -> None:
    stored, printed = recorded("criterion")
    samples, change = [json.dumps(one) for one in stored["samples"]], json.dumps(stored["change"])
    assert (
        criterion.told(TASK, samples, change, printed.replace("Performance has improved.", said)).different is different
    )


def test_criterion_that_says_nothing_of_a_change_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="no verdict that is known"):
        criterion.told(TASK, [], "{}", "arm   time:   [1 ms 1 ms 1 ms]")


def medians(*figures: float) -> str:
    """What our script stores of torch's Measurements, with interquartile ranges of ±1 %."""
    return json.dumps([{"times": [f], "median": f, "iqr": [f * 0.99, f * 1.01]} for f in figures])


def means(*figures: float) -> str:
    """What our script stores of TimeitResults, with a standard deviation of 1 %."""
    return json.dumps([{"timings": [f], "average": f, "stdev": f * 0.01} for f in figures])


def minima(*figures: float) -> list[str]:
    """JSON reports of pytest-benchmark."""
    return [json.dumps({"benchmarks": [{"stats": {"min": f, "data": [f]}}]}) for f in figures]


def ramps(*figures: float) -> str:
    """An export of hyperfine with runs spread evenly over ±1 %."""
    spread = [0.99 + 0.002 * step for step in range(11)]
    return json.dumps({"results": [{"times": [f * s for s in spread]} for f in figures]})


SAID: dict[str, Callable[[float, float], bool]] = {
    "torch": lambda a, b: torch_timer.told(PAIR, medians(a, b)).different,
    "timeit": lambda a, b: timeit.told(PAIR, means(a, b)).different,
    "perfplot": lambda a, b: perfplot.told(PAIR, json.dumps([a, b])).different,
    "pytest_benchmark": lambda a, b: pytest_benchmark.told(PAIR, minima(a, b)).different,
    "hyperfine": lambda a, b: hyperfine.told(PAIR, ramps(a, b), calls=1).different,
}
# What is just not different from 1, and what just is. Ranges of ±1 % touch at 1.01/0.99. Runs spread evenly over ±1 % have a
# standard deviation of 0.0066, two means of 11 a standard error of 0.0028 between them, and t of 20 degrees of freedom is 2.086.
EDGES = {
    "torch": (1.0201, 1.0203),
    "timeit": (1.0201, 1.0203),
    "perfplot": (1.0099, 1.0101),
    "pytest_benchmark": (1.0099, 1.0101),
    "hyperfine": (1.0058, 1.0061),
}


@pytest.mark.parametrize("name", SAID)
def test_a_rule_turns_where_it_says(name: str) -> None:
    if name == "pytest_benchmark":
        pytest.importorskip("pytest_benchmark")
    same, apart = EDGES[name]
    assert [SAID[name](1.0, second) for second in (1.0, same, apart, 1.5)] == [False, False, True, True]
    assert [SAID[name](first, 1.0) for first in (same, apart)] == [False, True]


def arm_of_asv(samples: list[float], low: float, high: float) -> dict[str, Any]:
    return {"samples": samples, "stats_ci_99_a": low, "stats_ci_99_b": high}


def test_asv_goes_by_ranks_where_there_are_enough_samples_and_by_intervals_where_not() -> None:
    pytest.importorskip("asv")
    many = [1 + 0.001 * step for step in range(20)]
    shifted = [sample + 0.0205 for sample in many]  # every rank differs, and yet the intervals given overlap
    assert not asv.differ(arm_of_asv(many, 1, 2), arm_of_asv(many, 1, 2))
    assert asv.differ(arm_of_asv(many, 1, 2), arm_of_asv(shifted, 1, 2))
    assert not asv.differ(arm_of_asv([1.0, 1.1], 1, 2), arm_of_asv([3.0, 3.1], 2, 4))
    assert asv.differ(arm_of_asv([1.0, 1.1], 1, 2), arm_of_asv([3.0, 3.1], 2.1, 4))


def test_a_quotient_of_intervals_holds_1_exactly_where_they_overlap() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    for _ in range(500):
        one, other = ((start, start + draw.uniform(0, 0.5)) for start in (draw.uniform(1, 2), draw.uniform(1, 2)))
        low, high = quotient(one, other)
        assert low is not None
        assert high is not None
        assert (low <= 1 <= high) == overlap(one, other)


def test_a_divisor_that_may_be_nothing_leaves_no_interval() -> None:
    assert quotient((1, 2), (-0.1, 3)) == (None, None)
    assert hyperfine.printed([1.0, 1.0, 40.0], [1.0, 1.0, 40.0]) == (None, None)


@pytest.mark.parametrize("wall_s", [10.0, 60.0])
@pytest.mark.parametrize("start_s", [0.1, 0.3])
def test_a_wall_clock_is_filled_and_not_spent_on_starting_processes(wall_s: float, start_s: float) -> None:
    task = replace(PAIR, measure_s=None, wall_s=wall_s)
    processes, value_s = pyperf.plan(task, spent_s=2 * start_s, start_s=start_s)
    starting = 2 * processes * start_s
    spent = 2 * start_s + process.LEAVING_S + 3 * start_s + starting + 2 * processes * 4 * value_s
    assert spent == pytest.approx(wall_s)
    assert starting <= wall_s / 2
    rounds, seconds = asv.plan(task, start_s=1.5, process_s=start_s)
    assert 1.5 + process.LEAVING_S + 2 * rounds * (start_s + seconds) == pytest.approx(wall_s)
    assert 2 * rounds * start_s <= wall_s / 3


def test_a_measuring_time_is_shared_by_the_arms_and_start_up_comes_on_top() -> None:
    processes, value_s = pyperf.plan(TASK, spent_s=100, start_s=100)
    assert 3 * processes * pyperf.VALUES * value_s == pytest.approx(0.3)
    rounds, seconds = asv.plan(TASK, start_s=100, process_s=100)
    assert 3 * rounds * seconds == pytest.approx(0.3)
    assert process.left_s(TASK, begun=-1e9) == pytest.approx(0.1)


def test_time_that_is_over_still_leaves_each_arm_something() -> None:
    late = replace(PAIR, measure_s=None, wall_s=1.0)
    assert process.left_s(late, begun=time.monotonic() - 5) > 0
    assert pyperf.plan(late, spent_s=9, start_s=1)[1] >= 0
    assert asv.plan(late, start_s=9, process_s=1)[1] > 0


def test_a_command_that_fails_is_told_by_the_line_that_names_its_error(tmp_path: Path) -> None:
    code = "import sys; print('ValueError: no such kernel'); print('1 failed'); sys.exit(3)"
    with pytest.raises(RuntimeError, match=r"status 3: ValueError: no such kernel$"):
        process.run([sys.executable, "-c", code], tmp_path)


def test_a_command_that_hangs_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LONGEST_S", 0.2)
    with pytest.raises(RuntimeError, match="has not ended"):
        process.run(["sleep", "600"], tmp_path)


def test_what_a_harness_started_ends_with_it_though_it_left_the_group(tmp_path: Path) -> None:
    code = (
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    harness = subprocess.Popen([sys.executable, "-S", "-c", code], text=True, stdout=subprocess.PIPE)
    assert harness.stdout is not None
    child = psutil.Process(int(harness.stdout.readline()))
    process.end(harness)
    assert harness.returncode
    _, left = psutil.wait_procs([child], timeout=5)
    assert [one.status() for one in left] in ([], [psutil.STATUS_ZOMBIE])


def test_a_harness_does_not_see_the_repository_that_a_hook_of_git_works_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    code = "import os; print('GIT_DIR' in os.environ)"
    assert process.run([sys.executable, "-c", code], tmp_path).strip() == "False"


def test_a_harness_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    monkeypatch.setenv("PATH", "")
    peers = [tool for name, tool in TOOLS.items() if name != "labkit"]
    assert [tool.version() for tool in peers] == [None] * 8


def test_importing_the_adapters_imports_no_harness(tmp_path: Path) -> None:
    modules = "{'pyperf', 'pytest_benchmark', 'asv', 'torch', 'perfplot', 'IPython', 'scipy'}"
    adapters = ", ".join(
        ("asv", "criterion", "hyperfine", "perfplot", "process", "pyperf", "pytest_benchmark", "timeit", "torch_timer")
    )
    code = (
        "import sys, types, tests.gauntlet\n"
        "package = types.ModuleType('tests.gauntlet.tools')\n"  # its __init__ would bring labkit, and labkit SciPy
        f"package.__path__ = [{str(Path(process.__file__).parent)!r}]\n"
        "sys.modules['tests.gauntlet.tools'] = package\n"
        f"from tests.gauntlet.tools import {adapters}\n"
        f"print(sorted({modules} & set(sys.modules)))"
    )
    assert process.run([sys.executable, "-c", code], tmp_path).strip() == "[]"
