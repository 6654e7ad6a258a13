"""How many CPUs this process may use, and how many threads each library is told to use.

A container's CPU limit is a bandwidth quota that OpenBLAS, OpenMP and most libraries don't see: they start a thread
for each of the host's cores. Here the quota counts as the machine.
Source: Linux kernel documentation, admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (v1).
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

CGROUPS = Path("/sys/fs/cgroup")


def cgroup_quota(root: Path = CGROUPS, membership: Path = Path("/proc/self/cgroup")) -> float | None:
    """CPUs that the control group allows (v2 ``cpu.max``, else v1 ``cpu.cfs_quota_us``); None without a limit.

    Every level from the process's own group to the root may set a limit; the smallest counts.
    """
    unified, cpu = _groups(membership)
    places = [(root, unified, _quota_v2), (root / "unified", unified, _quota_v2)]
    places += [(root / name, cpu, _quota_v1) for name in ("cpu", "cpu,cpuacct")]
    quotas = []
    for base, group, read in places:
        folder = base / group
        while True:
            quotas.append(read(folder))
            if folder == base or base not in folder.parents:
                break
            folder = folder.parent
    return min((quota for quota in quotas if quota is not None), default=None)


def _groups(membership: Path) -> tuple[str, str]:
    """The process's group in the unified hierarchy (v2), and in the hierarchy of the controller ``cpu`` (v1)."""
    unified = cpu = ""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return unified, cpu
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if number == "0" and not controllers:
            unified = group.strip("/")
        elif "cpu" in controllers.split(","):
            cpu = group.strip("/")
    return unified, cpu


def _quota_v2(folder: Path) -> float | None:
    try:
        limit, period = (folder / "cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if limit == "max" else int(limit) / int(period)


def _quota_v1(folder: Path) -> float | None:
    try:
        limit = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return None if limit <= 0 else limit / period


def cpu_limit() -> int:
    """Whole CPUs that this process may keep busy: the least of its affinity and its control group's quota, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    quota = cgroup_quota()
    return max(1, allowed if quota is None else min(allowed, math.floor(quota)))


def threads_each(workers: int) -> int:
    """Threads that a library may use in each of so many workers, so that threads are composed and not multiplied.

    Their share of the CPUs, and no more than this process was told (``OMP_NUM_THREADS``): where libraries get one thread each,
    as in a sweep over workers, a lone worker must not take the whole machine.
    """
    ceiling = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    share = cpu_limit() // workers
    return max(1, min(share, int(ceiling)) if ceiling.isdecimal() else share)


def thread_environment(threads: int) -> dict[str, str]:
    """Environment variables by which libraries learn at start how many threads to use.

    BLAS starts its threads while it is being imported, which would make a process unsafe to fork: it gets one here and
    the real number from :func:`set_threads`. Waiting is passive, because threads that spin after their work slow down
    whatever runs next.
    """
    count = str(threads)
    return {
        "OMP_NUM_THREADS": count,
        "OMP_WAIT_POLICY": "passive",
        "OMP_DYNAMIC": "false",
        "KMP_BLOCKTIME": "0",
        "GOMP_SPINCOUNT": "0",
        "OPENBLAS_NUM_THREADS": "1",
        "OPENBLAS_THREAD_TIMEOUT": "4",  # a power of two: cycles that a thread spins before it sleeps
        "MKL_NUM_THREADS": count,
        "NUMBA_NUM_THREADS": count,
        "NUMEXPR_NUM_THREADS": count,
        "POLARS_MAX_THREADS": count,
        "RAYON_NUM_THREADS": count,
        "_RJEM_MALLOC_CONF": "background_thread:false",  # polars' allocator
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow's, which pandas imports
        "OPENCV_THREAD_POOL_ACTIVE_WAIT_WORKER": "0",
        "OPENCV_THREAD_POOL_ACTIVE_WAIT_MAIN": "0",
    }


def set_cv2_threads(threads: int) -> None:
    """Tell cv2, if it is imported already: it heeds no environment variable. It starts its threads when it needs them."""
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(threads)


def set_threads(threads: int) -> None:
    """Tell the libraries that are imported already to use ``threads`` threads (BLAS, OpenMP, cv2, torch).

    BLAS starts its threads at once. Numba and polars heed only their environment variables: asking Numba later would start
    its threads.
    """
    threadpool_limits(threads)
    set_cv2_threads(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
