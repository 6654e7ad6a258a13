"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("threshold", "C++: counts in four tables, then a comparison as vectors; one thread.", worth=1 << 20, whole=True)
