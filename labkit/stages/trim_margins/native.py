"""The kernel of native.cpp."""

from __future__ import annotations

from labkit.kinds import native

native("trim_margins", "C++: from each side inwards until something is found; the inside is never read.", whole=True)
