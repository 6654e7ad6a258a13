"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("lab", "C++ with SIMD: one look-up a channel gives its share of X, Y and Z at once; one thread.", worth=1 << 17)
