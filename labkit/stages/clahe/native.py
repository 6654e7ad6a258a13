"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "clahe",
    "C++ with SIMD: the four levels of a pixel by one look-up of 32 bits; one thread.",
    worth=1 << 16,
    whole=True,
)
