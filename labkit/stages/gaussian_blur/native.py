"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "gaussian_blur",
    "C++ with SIMD: two weights at a time, down in 16 bits, then across in 32; one thread.",
    worth=1 << 15,
)
