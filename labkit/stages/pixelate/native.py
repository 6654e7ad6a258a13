"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("pixelate", "C++: rows are added up as vectors, then cells along them; one thread.", worth=1 << 19, whole=True)
