"""When two pictures have noise of the same kind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.core.agreement import Agreement, Difference, Exact

FARTHEST = 7  # standard deviations: beyond them lies one of 4·10^11 values
SURE = 6  # standard errors: one honest picture of 5·10^8 is further off


@dataclass(frozen=True)
class AsNoise:
    """Equal; or what was added to the input is as likely: its mean and its standard deviation are those of the expected.

    Both may differ by six standard errors, and then by 0.02 levels or a hundredth of sigma: of a small picture little can be
    said. No value may be further from the input than 7 sigma (and half a level).
    """

    def difference(self, output: Any, expected: Any) -> Difference | None:
        """Without inputs nothing tells what was added: equal."""
        return Exact().difference(output, expected)

    def given(self, image: np.ndarray, seed: int, sigma: float = 10.0) -> Agreement:
        """The rule for these inputs."""
        return _Added(image, sigma)


@dataclass(frozen=True)
class _Added:
    image: np.ndarray
    sigma: float

    def difference(self, output: Any, expected: Any) -> Difference | None:
        unequal = Exact().difference(output, expected)
        if unequal is None or type(output) is not np.ndarray or unequal.index is None:
            return unequal
        here, there = (made - self.image.astype(np.float32) for made in (output, expected))
        farthest = float(np.abs(here).max())
        if farthest > FARTHEST * self.sigma + 0.5:
            return Difference("", f"is up to {farthest:g} levels from the input, more than {FARTHEST} sigma")
        error, apart = SURE * math.hypot(self.sigma, 0.3) / math.sqrt(here.size), max(0.02, self.sigma / 100)
        for name, of, wide in (("mean", np.mean, math.sqrt(2)), ("standard deviation", np.std, 1)):
            one, other = (float(of(added, dtype=np.float64)) for added in (here, there))
            if abs(one - other) > wide * error + apart:
                return Difference("", f"has added noise with the {name} {one:.3f}, expected {other:.3f}")
        return None
