"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "augment",
    "C++ with SIMD on one thread: table, blur and symmetry in one pass over the picture.",
    worth=3 << 16,  # without a blur it takes 20 µs
    whole=True,
)
