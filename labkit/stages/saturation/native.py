"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("saturation", "C++ with SIMD: products of bytes, all in 16 bits; one thread.", worth=1 << 20)
