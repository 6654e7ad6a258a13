"""The functions of native.cpp."""

from __future__ import annotations

from labkit.kinds import function

function(
    "crop_boxes",
    "native_loop",
    "The loop in C++ on one thread, with a homography in closed form: a division and twelve taps a pixel.",
    partial="native_loop",
)
function(
    "crop_boxes",
    "native",
    "C++ with SIMD on one thread: upright and level boxes as whole vectors, others 16 pixels at a time.",
    partial="native",
)
function(
    "crop_boxes", "native_omp", "The same on all cores: OpenMP over boxes and pieces of large ones.", parallel=True
)
