"""What one server takes on: how much at a time, how large, and for how long."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from labkit.core.errors import UsageError

POWERS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3}


@dataclass(frozen=True)
class Limits:
    """``queue``: requests that wait beyond those being worked on. Bytes are of one request's body, pixels of one image.

    ``time_limit_s`` counts from the request's first line to its answer.
    """

    queue: int = 64
    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000
    time_limit_s: float = 30.0

    def __post_init__(self) -> None:
        for name, least in (("queue", 0), ("max_bytes", 1), ("max_pixels", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {getattr(self, name)}; give a whole number of at least {least}")
        if not (0 < self.time_limit_s < math.inf):
            raise UsageError(f"time limit is {self.time_limit_s}; give seconds above 0")


def count(text: str, what: str) -> int:
    """A whole number as people write it, such as 20M or 500k (powers of 1000); raises UsageError that names ``what``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)", text.strip().upper())
    number = float(found[1]) * POWERS[found[2]] if found else 0
    if number < 1:
        raise UsageError(f"{what} is {text!r}; give a number such as 20M, at least 1")
    return int(number)
