"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("ycrcb", "C++ with SIMD: products of bytes, all in 16 bits; one thread.", worth=1 << 20)
