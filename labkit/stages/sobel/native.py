"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("sobel", "C++: both derivatives in one pass, in 16 bits; one thread.", worth=1 << 19)
