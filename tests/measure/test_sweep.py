"""A sweep: what it asks for, what it says of a curve, and that it says no more than was measured. Nothing here reads a clock."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import labkit as lk
from labkit.core.errors import UsageError
from labkit.core.registry import Registry
from labkit.engines import ENGINES
from labkit.measure import bench
from labkit.measure.statistics.scalability import Law
from labkit.measure.sweep import run as sweep
from labkit.measure.sweep.facts import sweep_facts
from labkit.measure.sweep.run import default_chunks, default_workers, measure_sweep, plan_sweep, whole_numbers
from tests.measure.simulated import simulate


@pytest.fixture(autouse=True)
def stages(own_registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage of 24 images that can be split, a stage of one part a worker, and one that can't be split; on eight CPUs."""
    monkeypatch.setattr(sweep, "cpu_limit", lambda: 8)
    images = (np.zeros((24, 4, 4), np.uint8),)
    one = lk.Workload("one", lambda: images)

    @lk.stage(
        reference="loop",
        workloads=[
            lk.Workload("256", lambda: images),
            lk.Workload("512", lambda: images),
            lk.Workload("4k", lambda: images),
        ],
        split=lk.Split("images", lambda n, many: [(image,) for image in many], lambda parts, many: parts),
    )
    def blur(many: Any) -> None:
        """Blur images."""

    @lk.variant("blur", kind="python")
    def loop(many: Any) -> None: ...

    @lk.variant("blur", kind="gpu", partial=len, missing=lambda: "no CUDA device")
    def cuda(many: Any) -> None: ...

    @lk.variant("blur", kind="native", partial=len)
    def native(many: Any) -> None: ...

    @lk.stage(
        reference="plain", workloads=[one], split=lk.Split("rows", lambda n, many: [(many,)] * n, lambda p, many: p)
    )
    def rows(many: Any) -> None:
        """In bands."""

    @lk.stage(reference="plain", workloads=[one])
    def whole(many: Any) -> None:
        """Not to be split."""

    for name in ("rows", "whole"):
        lk.variant(name, kind="numpy", name="plain", partial=len if name == "rows" else None)(lambda many: None)


def arms(plan: sweep.Sweep) -> list[str]:
    return [str(arm) for arm in plan.requests[0].arms]


# What is asked for


def test_over_workers_the_arms_of_one_table_differ_in_their_workers_alone() -> None:
    plan = plan_sweep("blur", "workers", ["native"], "processes", [4, "2", 1])
    assert plan.points == ((1, "native@processes:1"), (2, "native@processes:2"), (4, "native@processes:4"))
    assert arms(plan) == ["native@processes:1", "native@processes:2", "native@processes:4", "native@serial"]
    assert [(r.stage, r.workload, r.baseline) for r in plan.requests] == [("blur", "256", "native@processes:1")]


def test_over_chunk_the_workers_are_held() -> None:
    plan = plan_sweep("blur", "chunk", ["native"], values=[2, 8], workers=3, workload="512")
    assert plan.points == ((1, "native@chunks:3x1"), (2, "native@chunks:3x2"), (8, "native@chunks:3x8"))
    assert (plan.requests[0].baseline, plan.requests[0].workload, plan.serial) == (
        "native@chunks:3x1", "512", "native@serial"
    )  # fmt: skip


def test_over_size_there_is_a_table_for_each_workload_told_against_the_first_variant() -> None:
    plan = plan_sweep("blur", "size", ["native", "loop"], values=["256", "4*"])
    assert [(r.workload, [str(arm) for arm in r.arms], r.baseline) for r in plan.requests] == [
        ("256", ["native", "loop"], "native"),
        ("4k", ["native", "loop"], "native"),
    ]
    assert plan.points == ()


def test_over_size_an_engine_is_put_to_every_variant_that_names_none() -> None:
    plan = plan_sweep("blur", "size", ["native", "native@serial"], "threads")
    assert arms(plan) == ["native@threads", "native@serial"]
    assert arms(plan_sweep("blur", "size")) == ["loop", "native", "cuda"]
    assert arms(plan_sweep("blur", "size", engine="threads")) == ["native@threads", "cuda@threads"]


def test_without_a_variant_one_that_can_be_split_and_can_run_is_taken() -> None:
    assert plan_sweep("blur", "workers", values=[2]).variant == "native"
    assert plan_sweep("rows", "workers", values=[2]).variant == "plain"


@pytest.mark.parametrize(
    ("cores", "counts"),
    [
        (1, [1, 2]),
        (2, [1, 2, 3, 4]),
        (4, [1, 2, 3, 4, 6, 8]),
        (8, [1, 2, 3, 4, 5, 6, 7, 8, 12, 16]),
        (12, [1, 2, 4, 8, 9, 12, 18, 24]),
        (64, [1, 2, 4, 8, 16, 32, 48, 64, 96, 128]),
    ],
)
def test_workers_go_by_default_to_twice_the_cores(cores: int, counts: list[int]) -> None:
    assert default_workers(cores) == counts


@pytest.mark.parametrize(
    ("tasks", "workers", "chunks"),
    [(24, 8, [1, 2, 3]), (64, 2, [1, 2, 4, 8, 16, 32]), (1000, 8, [1, 2, 4, 8, 16, 31, 32, 64, 125])],
)
def test_chunks_go_by_default_to_an_equal_share(tasks: int, workers: int, chunks: list[int]) -> None:
    """1000 images on 8 workers: the brief's ``len/(4·workers)``, 31, is among them."""
    assert default_chunks(tasks, workers) == chunks


def test_by_default_the_chunks_are_those_of_the_workload() -> None:
    assert [count for count, _ in plan_sweep("blur", "chunk").points] == [1, 2, 3]


@pytest.mark.parametrize("value", [0, -1, 2.5, "two", "", None, True, 10**6, "1.0"])
def test_values_that_are_no_whole_numbers_are_refused(value: Any) -> None:
    with pytest.raises(UsageError, match=r"^workers is .*give whole numbers from 1 to 4096, such as 1,2,4$"):
        whole_numbers("workers", [1, value])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"over": "colour"}, "unknown axis 'colour'; sweeps go over: workers, chunk, size"),
        ({"stage": "nope"}, "unknown stage 'nope'"),
        ({"stage": "whole"}, "stage whole declares no split, so nothing of it runs on several workers"),
        ({"stage": "whole", "over": "chunk"}, "stage whole declares no split"),
        ({"variants": ["loop"]}, "loop brings no partial"),
        ({"variants": ["nope"]}, "stage blur has no variant 'nope'"),
        ({"variants": ["cuda"]}, "variant cuda of stage blur can't run here: no CUDA device"),
        ({"variants": ["native@threads"]}, "give the variant alone, and the engine as engine"),
        ({"variants": ["native", "loop"]}, "a sweep over workers takes one variant, not 2: native, loop"),
        ({"variants": []}, "a sweep over workers takes one variant, not 0"),
        ({"engine": "nope"}, "unknown engine 'nope'; engines: "),
        ({"engine": "threads:2"}, "give its name alone"),
        ({"engine": "serial"}, "there is nothing to sweep"),
        ({"values": [1]}, "needs a value beside 1"),
        ({"values": []}, "needs a value beside 1"),
        ({"workload": "nope"}, "stage blur has no workload 'nope'"),
        ({"workers": 2}, "workers are held fixed in a sweep over chunk only"),
        ({"over": "chunk", "workers": 0}, "workers is 0"),
        ({"stage": "rows", "over": "chunk"}, "stage rows on one is cut into 8 parts for 8 workers: there is nothing"),
        ({"over": "size", "workload": "256"}, "goes over workloads: give them as values"),
        ({"over": "size", "values": ["nope"]}, "no workload fits 'nope'"),
        ({"over": "size", "values": ["4k"]}, "needs two workloads or more; stage blur has: 256, 512, 4k"),
        ({"over": "size", "variants": ["native"]}, "needs two variants or more to compare; it has: native"),
        ({"stage": "whole", "over": "size", "engine": "threads"}, "none of stage whole that runs under threads"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_that_says_what_would_be_right(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        plan_sweep(**({"stage": "blur", "over": "workers"} | asked))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_an_engine_that_can_not_run_here_is_told_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(ENGINES["threads"]), "missing", lambda self: "needs the module x")
    with pytest.raises(UsageError, match="engine threads can't run here: needs the module x"):
        plan_sweep("blur", "workers", ["native"])


@pytest.mark.parametrize(("over", "given", "threads"), [("workers", None, 1), ("chunk", None, 1), ("workers", 3, 3)])
def test_libraries_get_one_thread_a_worker_so_that_workers_alone_are_varied(
    over: str, given: int | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(bench, "measure", lambda requests, settings, listener: asked.append(settings))
    measure_sweep(plan_sweep("blur", over, ["native"], values=[2]), threads=given)
    assert asked[0].threads == threads


# What it says


def curve(
    law: Law, cores: int = 8, counts: list[int] | None = None, engine: float = 1.0, **more: Any
) -> tuple[dict[str, Any], sweep.Sweep]:
    """The facts of a simulated sweep over workers; ``engine`` is the time of one worker over that of no engine."""
    plan = plan_sweep("blur", "workers", ["native"], values=counts or default_workers(cores))
    plan = sweep.Sweep(**(vars(plan) | {"cores": cores}))

    def seconds(arm: str, workload: str) -> float:
        if arm == "native@serial":
            return 0.01
        workers = int(arm.rpartition(":")[2])
        slow = 1.2 if workers > cores else 1.0
        return 0.01 * engine * slow / law.speedup(min(workers, cores))

    facts = sweep_facts(plan, simulate(plan.requests, more.pop("seconds", seconds), **more))
    json.dumps(facts, allow_nan=False)
    return facts, plan


def test_a_point_is_the_paired_ratio_to_one_worker_with_its_interval() -> None:
    facts, _ = curve(Law(0.05, 0.002))
    assert facts["baseline"] == "native@threads:1"
    for point in facts["points"][1:8]:
        truth = Law(0.05, 0.002).speedup(point["value"])
        assert point["ratio_low"] <= point["ratio"] <= point["ratio_high"]
        assert point["ratio"] == pytest.approx(truth, rel=0.02)
        assert point["efficiency"] == pytest.approx(point["ratio"] / point["value"])
    assert facts["points"][0]["ratio"] == 1.0


def test_the_best_is_named_with_its_runner_up() -> None:
    best = curve(Law(0.05, 0.002))[0]["best"]
    assert (best["value"], best["runner_up"], best["decided"], best["as_good"]) == (8, 7, True, [])
    assert best["lead"]["ratio_low"] > 1.01
    assert best["over_serial"]["verdict"] == "faster"


def test_a_tie_names_all_that_can_not_be_told_from_the_best() -> None:
    """Beyond the cores the law is as flat as can be: 3 and 4 workers as fast as 2."""
    facts, _ = curve(Law(0.05, 0.0), 2, seconds=lambda arm, workload: 0.02 if arm.endswith((":1", "serial")) else 0.01)
    best = facts["best"]
    assert not best["decided"]
    assert {best["value"], *best["as_good"]} == {2, 3, 4}


def test_an_engine_that_never_reaches_the_plain_loop_is_told() -> None:
    facts, _ = curve(Law(0.05, 0.0), 2, engine=5.0)
    assert facts["points"][1]["verdict"] == "faster"
    assert facts["best"]["over_serial"]["verdict"] == "slower"
    assert facts["serial"]["ratio"] == pytest.approx(5.0, rel=0.02)
    assert facts["best"]["arm"] != "native@serial"


def test_the_law_is_fitted_within_the_cores_and_tells_what_more_would_bring() -> None:
    law = Law(0.03, 0.004)
    fit = curve(law)[0]["fit"]
    assert (fit["law"], fit["workers"]) == ("usl", [1, 2, 3, 4, 5, 6, 7, 8])
    assert fit["doubts"] == ["beyond_cores"]
    assert fit["sigma"]["value"] == pytest.approx(law.sigma, abs=0.006)
    assert fit["kappa"]["value"] == pytest.approx(law.kappa, abs=0.001)
    assert fit["peak"]["low"] <= fit["peak"]["value"] <= fit["peak"]["high"]
    assert [entry["workers"] for entry in fit["predicted"]] == [4, 8, 16, 32, 64]
    assert [entry["extrapolated"] for entry in fit["predicted"]] == [False, False, True, True, True]
    for entry in fit["predicted"]:
        assert entry["low"] <= entry["value"] <= entry["high"]
        assert entry["value"] == pytest.approx(law.speedup(entry["workers"]), rel=0.1)


def test_two_cores_give_a_bound_and_not_a_law() -> None:
    facts, _ = curve(Law(0.08, 0.0), 2)
    fit = facts["fit"]
    assert (fit["law"], fit["workers"]) == ("amdahl", [1, 2])
    assert fit["doubts"] == ["two_points", "beyond_cores"]
    assert [entry["workers"] for entry in fit["predicted"]] == [4, 8, 16]
    for entry in fit["predicted"]:
        assert entry["least"] < entry["low"] <= entry["value"] <= entry["high"]
    assert [point["in_fit"] for point in facts["points"]] == [True, True, False, False]


def test_one_core_has_no_law() -> None:
    assert curve(Law(0.0, 0.0), 1)[0]["fit"] is None


def test_memory_grows_by_so_much_for_each_worker() -> None:
    facts, _ = curve(Law(0.05, 0.0), 2, peaks=lambda arm: 100 + 30 * int(arm[-1]) if ":" in arm else 7)
    assert facts["bytes_per_worker"] == pytest.approx(30)
    assert [point["peak_bytes"] for point in facts["points"]] == [130, 160, 190, 220]


def failing(*names: str) -> Callable[[str, str], float | None]:
    return lambda arm, workload: None if arm.endswith(names) else 0.01


def test_a_point_that_crashed_has_no_time_and_costs_the_others_nothing() -> None:
    facts, _ = curve(Law(0.0, 0.0), 4, seconds=failing(":3"))
    assert [(p["value"], p["status"], p["ratio"] is None) for p in facts["points"]][2] == (3, "crashed", True)
    assert facts["fit"]["workers"] == [1, 2, 4]
    assert facts["best"] is not None


@pytest.mark.parametrize("names", [(":1",), (":2", ":3", ":4", ":6", ":8"), (":1", "serial")])
def test_without_two_points_there_is_no_best_and_no_law(names: tuple[str, ...]) -> None:
    facts, _ = curve(Law(0.0, 0.0), 4, seconds=failing(*names))
    assert (facts["best"], facts["fit"]) == (None, None)


def test_a_run_stopped_after_few_launches_keeps_its_points_and_decides_nothing() -> None:
    facts, _ = curve(Law(0.05, 0.002), launches=5, stopped=True)
    assert all(point["ratio"] is not None for point in facts["points"])
    assert all(point["ratio_low"] is None for point in facts["points"][1:])
    assert (facts["best"]["decided"], facts["best"]["reason"]) == (False, "stopped")
    assert "too_few_launches" in facts["fit"]["doubts"]
    assert facts["fit"]["sigma"]["low"] is None


def test_a_run_stopped_before_its_table_says_so_of_every_point() -> None:
    _, plan = curve(Law(0.0, 0.0), 2)
    measurement = simulate(plan.requests, lambda arm, workload: 0.01)
    measurement.tables, measurement.stopped = [], True
    facts = sweep_facts(plan, measurement)
    assert {(p["status"], p["reason"]) for p in facts["points"]} == {("unavailable", "stopped before it was tried")}
    assert (facts["best"], facts["fit"], facts["serial"]) == (None, None, None)


def test_over_chunk_there_is_a_best_and_no_law() -> None:
    plan = plan_sweep("blur", "chunk", ["native"], values=[1, 2, 4, 8])

    def seconds(arm: str, workload: str) -> float:
        return 0.005 + 0.01 / int(arm.rpartition("x")[2]) if "x" in arm.partition("@")[2] else 0.02

    facts = sweep_facts(plan, simulate(plan.requests, seconds))
    assert (facts["best"]["value"], facts["best"]["decided"], facts["fit"]) == (8, True, None)
    assert facts["workers"] == 8


SIZES = {"256": 256 * 256 * 6, "512": 512 * 512 * 6, "4k": 3840 * 2160 * 6}


def sizes(seconds: Callable[[str, str], float | None], facts: Any = None, **more: Any) -> dict[str, Any]:
    plan = plan_sweep("blur", "size", ["loop", "native"])
    known = {name: {"floor_bytes": size} for name, size in SIZES.items()} if facts is None else facts
    found = sweep_facts(plan, simulate(plan.requests, seconds, facts=known, **more))
    json.dumps(found, allow_nan=False)
    return found


def overtaking(arm: str, workload: str) -> float:
    """``native`` costs 1 ms to begin and is ten times as fast: they meet at 1/0.9 MB of 1 ns each."""
    size = SIZES[workload] * 1e-9
    return size if arm == "loop" else 1e-3 + size / 10


def test_a_crossover_is_told_between_its_sizes() -> None:
    (cross,) = sizes(overtaking)["crossovers"]
    assert (cross["below"], cross["above"], cross["between"], cross["decided"]) == (
        "loop",
        "native",
        ["256", "512"],
        True,
    )
    assert SIZES["256"] < cross["low"] <= cross["size"] <= cross["high"] < SIZES["512"]


def test_no_crossover_is_told_where_none_is_seen() -> None:
    found = sizes(lambda arm, workload: 1e-3 if arm == "loop" else 5e-4)
    assert found["crossovers"] == []
    assert [point["verdict"] for point in found["curves"][1]["points"]] == ["faster"] * 3


def slightly(change: float) -> Callable[[str, str], float]:
    """``native`` is that much slower at the smallest size, and that much faster at the others."""
    return lambda arm, workload: 1e-3 * (1 if arm == "loop" else 1 + change if workload == "256" else 1 - change)


def test_a_change_of_sign_within_the_noise_is_not_decided() -> None:
    (cross,) = sizes(slightly(0.03), noise=0.05)["crossovers"]
    assert (cross["between"], cross["decided"]) == (["256", "512"], False)


def test_a_change_of_sign_below_the_gate_is_no_crossover() -> None:
    assert sizes(slightly(0.001), noise=0.0005)["crossovers"] == []


def test_sizes_are_put_in_order_whatever_the_order_of_the_workloads() -> None:
    turned = {"256": {"floor_bytes": 900}, "512": {"floor_bytes": 100}, "4k": {"floor_bytes": 500}}
    found = sizes(lambda arm, workload: 1e-3, turned)
    assert [(w["workload"], w["size"]) for w in found["workloads"]] == [("512", 100.0), ("4k", 500.0), ("256", 900.0)]


@pytest.mark.parametrize(
    ("facts", "unit", "told"),
    [
        ([(600, 6, 1), (800, 2, 1), (900, 1, 1)], "bytes an item", [100.0, 400.0, 900.0]),
        ([(600, 6, 1), (200, 2, 1), (900, 9, 1)], "bytes", [200.0, 600.0, 900.0]),
        ([(None, None, 30), (None, None, 10), (None, None, 20)], "bytes", [10.0, 20.0, 30.0]),
        ([(None, 3, 0), (None, 1, 0), (None, 2, 0)], "items", [1.0, 2.0, 3.0]),
        ([(None, None, 0), (None, None, 0), (None, None, 0)], "place", [1.0, 2.0, 3.0]),
    ],
)
def test_a_size_is_what_tells_the_workloads_apart(facts: Any, unit: str, told: list[float]) -> None:
    """64 small images are not as large as a big one: of many images it is the bytes of one."""
    names = ("floor_bytes", "items", "input_bytes")
    known = {workload: dict(zip(names, values, strict=True)) for workload, values in zip(SIZES, facts, strict=True)}
    found = sizes(lambda arm, workload: 1e-3, known)
    assert (found["unit"], [w["size"] for w in found["workloads"]]) == (unit, told)


def test_the_time_of_one_of_many_items_is_told() -> None:
    facts = {name: {"floor_bytes": size * 4, "items": 4} for name, size in SIZES.items()}
    points = sizes(overtaking, facts)["curves"][0]["points"]
    assert [point["item_s"] for point in points] == pytest.approx(
        [size * 1e-9 / 4 for size in SIZES.values()], rel=0.02
    )


def test_a_variant_without_a_time_at_one_size_has_its_curve_at_the_others() -> None:
    found = sizes(lambda arm, workload: None if (arm, workload) == ("native", "512") else overtaking(arm, workload))
    (cross,) = found["crossovers"]
    assert cross["between"] == ["256", "4k"]
    assert [point["status"] for point in found["curves"][1]["points"]] == ["measured", "crashed", "measured"]


def test_a_size_at_which_nothing_ran_is_kept_with_its_reasons() -> None:
    found = sizes(lambda arm, workload: None if workload == "512" else overtaking(arm, workload))
    assert [w["workload"] for w in found["workloads"]] == ["256", "4k"]
    assert found["curves"][0]["points"][-1]["reason"] == "killed by SIGSEGV"
