"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "adaptive_threshold",
    "C++ in 16 bits: sums of columns, then sums of 2, 4, 8 of them, compared without a division; one thread.",
    worth=1 << 18,
)
