"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("noise", "C++ with SIMD: 32 values at once, from their places to bytes in registers; one thread.", worth=1 << 18)
