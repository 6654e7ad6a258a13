"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("equalise", "C++: counts in four tables, then look-ups in registers; one thread.", worth=1 << 19, whole=True)
