"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "resize_crop_normalise",
    "C++: of the square alone, rows are added up, weighed along, and written as planes; one thread.",
    worth=1 << 19,
    axis=1,
)
