"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "canny",
    "C++ with SIMD: the direction of 16 pixels at once in 16 bits; only strong pixels with a weak neighbour are followed.",
    worth=1 << 17,
    whole=True,
)
