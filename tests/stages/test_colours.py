"""Conversions of colours: each of the 2^24 that there are, by every quick variant, on each path of instructions."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from labkit.core import registry
from labkit.core.simd import VARIABLE, available

CONVERSIONS = {
    "grey": cv2.COLOR_BGR2GRAY,
    "hsv": cv2.COLOR_BGR2HSV,
    "lab": cv2.COLOR_BGR2Lab,
    "ycrcb": cv2.COLOR_BGR2YCrCb,
}
KINDS = ("library", "numba", "cython", "native")


def every_colour() -> np.ndarray:
    """Uint8 (4096, 4096, 3)."""
    index = np.arange(1 << 24, dtype=np.uint32)
    return np.stack([index & 255, index >> 8 & 255, index >> 16], axis=-1).astype(np.uint8).reshape(4096, 4096, 3)


def wrong(stage: str, kinds: tuple[str, ...]) -> list[str]:
    """The variants that convert any colour otherwise than OpenCV."""
    image = every_colour()
    expected = cv2.cvtColor(image, CONVERSIONS[stage])
    found = [v for v in registry.of(stage).values() if v.kind in kinds and v.unavailable() is None]
    return [v.name for v in found if v.function and not np.array_equal(v.function(image), expected)]


@pytest.mark.parametrize("stage", CONVERSIONS)
def test_every_colour_is_converted_as_opencv_does(stage: str) -> None:
    assert wrong(stage, KINDS) == []


@pytest.mark.parametrize("path", available()[1:])
@pytest.mark.parametrize("stage", CONVERSIONS)
def test_so_it_is_on_each_path(stage: str, path: str) -> None:
    code = f"from tests.stages.test_colours import wrong; print(wrong({stage!r}, ('native',)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {VARIABLE: path}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
