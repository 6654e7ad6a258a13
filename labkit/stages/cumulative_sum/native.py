"""The functions of native.cpp."""

from __future__ import annotations

from labkit.kinds import function

function(
    "cumulative_sum",
    "native",
    "C++ with vectors of eight integers and independent sums; one thread.",
    partial="partial",
)
function("cumulative_sum", "native_omp", "The same on all cores: OpenMP over ranges of integers.", parallel=True)
