"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "text_colour",
    "C++ with SIMD: 32 pixels at once on either side of a plane in 16 bits, near it in float64; one thread.",
    worth=1 << 18,
    whole=True,
)
