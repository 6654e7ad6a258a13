"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native(
    "ocr_preprocess",
    "C++ with SIMD on one thread: grey and histogram in one read, then 64 pixels a word of bits.",
    worth=3 << 18,
    whole=True,
)
