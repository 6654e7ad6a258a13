"""The functions of native.cpp."""

from __future__ import annotations

from labkit.kinds import function

function(
    "main_colors",
    "native",
    "C++ with SIMD on one thread: bound every colour's count by its bucket, count only possible winners.",
    partial="partial",
)
function(
    "main_colors",
    "native_omp",
    "The same on all cores: OpenMP over bands of pixels, then over bins of colours.",
    parallel=True,
)
