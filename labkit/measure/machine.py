"""The machine is part of the result: what it is, how busy it was, and which versions ran."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from labkit.core.cpus import cgroup_quota, cpu_limit
from labkit.core.simd import simd
from labkit.measure.provenance import commit_of, of_labkit
from labkit.processes.memory import cgroup_memory

LIBRARIES = (
    "labkit",
    "numpy",
    "opencv-python-headless",
    "opencv-python",
    "numba",
    "cython",
    "pandas",
    "polars",
    "pyarrow",
    "pillow",
    "simplejpeg",
    "imagecodecs",
    "torch",
)


def machine_facts(sources: dict[str, Any] | None = None) -> dict[str, Any]:
    """CPU, cores, limits, load, governor, memory, library versions, and the commit that was measured.

    ``sources`` is what :func:`labkit.measure.provenance.provenance` says of it; labkit itself when None.
    """
    return {
        "host": platform.node(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "cpu": _cpu_name(),
        "simd": simd(),
        "cores": os.cpu_count(),
        "cpu_limit": cpu_limit(),
        "cgroup_cpus": cgroup_quota(),
        "governor": _first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "load_1min": round(os.getloadavg()[0], 2),
        "memory_bytes": psutil.virtual_memory().total,
        "memory_available_bytes": psutil.virtual_memory().available,
        "cgroup_memory_bytes": cgroup_memory(),
        "clock_resolution_s": time.get_clock_info("perf_counter").resolution,
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
        **commit_of(of_labkit() if sources is None else sources),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _first_line(path: str) -> str | None:
    try:
        return Path(path).read_text().splitlines()[0]
    except (OSError, IndexError):
        return None
