"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "normalise",
    "C++ with SIMD: one shuffle a channel takes bytes to numbers of 32 bits; one thread.",
    worth=1 << 19,
    axis=1,
)
