"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("brightness_contrast", "C++: a table of 256 levels, looked up in registers; one thread.", worth=1 << 20)
