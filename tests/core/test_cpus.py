"""CPU limits of containers: trees of control groups, version 1 and 2, as Linux shows them."""

import math
import os
from pathlib import Path

import pytest

from labkit.core import cpus
from labkit.core.cpus import cgroup_quota, cpu_limit, set_threads, thread_environment, threads_each

V2 = "0::/user/job\n"
V1 = "7:memory:/elsewhere\n4:cpu,cpuacct:/docker/job\n0::/\n"


def v1(quota: int, period: int = 100_000) -> dict[str, str]:
    return {"cpu.cfs_quota_us": f"{quota}\n", "cpu.cfs_period_us": f"{period}\n"}


@pytest.mark.parametrize(
    ("tree", "membership", "quota"),
    [
        pytest.param({}, None, None, id="no control groups at all"),
        pytest.param({"": {"cpu.max": "max 100000\n"}}, "0::/\n", None, id="v2 without a limit"),
        pytest.param({"": {"cpu.max": "200000 100000\n"}}, "0::/\n", 2.0, id="v2 as a container sees it"),
        pytest.param({"": {"cpu.max": "200000 100000\n"}}, None, 2.0, id="v2, membership unknown"),
        pytest.param({"": {"cpu.max": "50000 100000"}}, "0::/", 0.5, id="v2, half a CPU"),
        pytest.param({"user/job": {"cpu.max": "300000 100000"}}, V2, 3.0, id="v2, own group"),
        pytest.param(
            {"user": {"cpu.max": "150000 100000"}, "user/job": {"cpu.max": "400000 100000"}},
            V2,
            1.5,
            id="v2, the parent's",
        ),
        pytest.param(
            {"user": {"cpu.max": "900000 100000"}, "user/job": {"cpu.max": "max 100000"}}, V2, 9.0, id="v2, inherited"
        ),
        pytest.param({"other": {"cpu.max": "100000 100000"}}, V2, None, id="v2, a neighbour's limit"),
        pytest.param({"unified/user/job": {"cpu.max": "100000 50000"}}, V2, 2.0, id="hybrid"),
        pytest.param({"": {"cpu.max": "rubbish"}}, V2, None, id="v2, unreadable"),
        pytest.param({"cpu": v1(-1)}, V1, None, id="v1 without a limit"),
        pytest.param({"cpu": v1(250_000)}, V1, 2.5, id="v1 as a container sees it"),
        pytest.param({"cpu/docker/job": v1(120_000, 80_000)}, V1, 1.5, id="v1, own group"),
        pytest.param({"cpu/docker": v1(100_000), "cpu/docker/job": v1(-1)}, V1, 1.0, id="v1, inherited"),
        pytest.param({"cpu/elsewhere": v1(100_000)}, V1, None, id="v1, the group of another controller"),
        pytest.param({"cpu,cpuacct/docker/job": v1(100_000)}, V1, 1.0, id="v1, joint mount"),
        pytest.param({"cpu/docker/job": {"cpu.cfs_quota_us": "100000"}}, V1, None, id="v1, period missing"),
    ],
)
def test_the_smallest_quota_from_the_own_group_to_the_root_counts(
    tmp_path: Path, tree: dict[str, dict[str, str]], membership: str | None, quota: float | None
) -> None:
    root = tmp_path / "cgroup"
    for folder, files in tree.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (root / folder / name).write_text(text)
    own = tmp_path / "membership"
    if membership is not None:
        own.write_text(membership)
    assert cgroup_quota(root, own) == quota


@pytest.mark.parametrize(
    ("affinity", "quota", "limit"),
    [(8, None, 8), (8, 2.0, 2), (8, 2.9, 2), (8, 0.3, 1), (2, 16.0, 2), (1, None, 1)],
)
def test_whole_cpus_of_quota_and_affinity_at_least_one(
    monkeypatch: pytest.MonkeyPatch, affinity: int, quota: float | None, limit: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(affinity)))
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: quota)
    assert cpu_limit() == limit


def test_this_machine_has_a_limit() -> None:
    assert 1 <= cpu_limit() <= (os.cpu_count() or 1)
    assert cgroup_quota() is None or not math.isnan(cgroup_quota() or 0)


def test_libraries_are_told_how_many_threads_and_to_wait_passively() -> None:
    environment = thread_environment(3)
    assert environment["OMP_NUM_THREADS"] == environment["NUMBA_NUM_THREADS"] == "3"
    assert environment["OMP_WAIT_POLICY"] == "passive"
    assert all(isinstance(value, str) for value in environment.values())


def test_cv2_obeys_the_thread_count() -> None:
    import cv2

    before = cv2.getNumThreads()
    try:
        set_threads(1)
        assert cv2.getNumThreads() == 1
    finally:
        set_threads(before)


@pytest.mark.parametrize(
    ("workers", "told", "threads"),
    [
        pytest.param(2, None, 4, id="their share of the CPUs"),
        pytest.param(3, None, 2, id="rounded down"),
        pytest.param(16, None, 1, id="at least one"),
        pytest.param(1, "1", 1, id="a lone worker takes no more than it was told"),
        pytest.param(4, "8", 2, id="what was told is no share"),
        pytest.param(2, "3,2", 3, id="nested levels"),
        pytest.param(2, "many", 4, id="rubbish is not heeded"),
    ],
)
def test_threads_are_composed_with_workers_and_not_multiplied(
    workers: int, told: str | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpus, "cpu_limit", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert threads_each(workers) == threads
