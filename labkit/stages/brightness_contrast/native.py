"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("brightness_contrast", "C++: float32 in vectors, without a table; one thread.", worth=1 << 20)
