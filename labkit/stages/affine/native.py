"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "affine", "C++ with SIMD: eight pixels at once, each of two loads, blended in 16 bits; one thread.", worth=1 << 18
)
