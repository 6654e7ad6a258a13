"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "outliers",
    "C++: a histogram in four tables, the Laplacian's sums as vectors; one thread.",
    worth=1 << 19,
    whole=True,
)
