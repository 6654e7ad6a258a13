"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("hsv", "C++ with SIMD: two divisions in float32 that round as the tables do; one thread.", worth=1 << 18)
