"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "flip_rotate", "C++ with SIMD: tiles of 16×32 bytes or 8×8 pixels turned in registers; one thread.", worth=1 << 20
)
