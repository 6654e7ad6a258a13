"""What one server takes on: how much at a time, how large, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labkit.core.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """``queue``: requests that wait beyond those being worked on. Bytes are of one request's body, pixels of one image.

    ``time_limit_s`` counts from the request's headers to its answer; these may have ``header_bytes`` and take
    ``header_s``. ``connections`` are those of one address.
    """

    queue: int = 64
    max_bytes: int = 20 * 2**20
    max_pixels: int = 50_000_000
    time_limit_s: float = 30.0
    connections: int = 256
    header_bytes: int = 64 * 2**10
    header_s: float = 10.0

    def __post_init__(self) -> None:
        for name, least in (("queue", 0), ("max_bytes", 1), ("max_pixels", 1), ("connections", 1)):
            if getattr(self, name) < least:
                option = "--" + name.replace("_", "-")
                raise UsageError(f"{option} is {getattr(self, name)}; give a whole number of at least {least}")
        if not (0 < self.time_limit_s < math.inf):
            raise UsageError(f"--time-limit is {self.time_limit_s}; give seconds above 0")
