"""Which instructions the C++ kernels use. Each is built once for every path, and one is taken when it is first called.

``LABKIT_SIMD=avx2`` forces one, so that a machine with AVX-512 measures both; ``labkit list`` and each run say which was taken.
Source of the levels: x86-64 psABI, "Micro-Architecture Levels"; ``avx512`` is its v4 with what Ice Lake and Zen 4 have besides.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from labkit.core.errors import UsageError, listed

VARIABLE = "LABKIT_SIMD"
V3 = {"avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"}
V4 = V3 | {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512cd"}
NEEDS = {  # as /proc/cpuinfo names them; the best path first
    "avx512": V4 | {"avx512vbmi", "avx512_vbmi2", "avx512_vnni", "avx512_bitalg"},
    "avx2": V3,
    "baseline": set(),
}


def simd() -> str:
    """The path that is taken: what ``$LABKIT_SIMD`` names, else the best that the processor has.

    Raises UsageError where the variable names no path, or one that the processor has not.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in NEEDS:
        raise UsageError(f"{VARIABLE} is {wanted!r}; give one of: {listed(NEEDS)}")
    if wanted and wanted not in available():
        raise UsageError(f"{VARIABLE} is {wanted!r}, which this processor has not; give one of: {listed(available())}")
    return wanted or available()[0]


@cache
def available(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...]:
    """The paths that this processor has, the best one first; the last alone where the system does not tell."""
    flags: set[str] = set()
    try:
        with cpuinfo.open() as lines:  # of the first core, of hundreds
            flags.update(next((line for line in lines if line.startswith("flags")), "").split())
    except OSError:
        pass
    return tuple(path for path, needs in NEEDS.items() if needs <= flags)
