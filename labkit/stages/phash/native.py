"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "phash",
    "C++: rows are added up in 16 bits to 32×32 means, then the lowest frequencies in float64; one thread.",
    worth=1 << 19,
    whole=True,
)
