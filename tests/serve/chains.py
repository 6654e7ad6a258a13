"""Chains whose answers tell what happened: all take the seed as a number that says what to do."""

import os
import signal
import time
from dataclasses import dataclass

import numpy as np

from labkit.core.errors import UsageError


@dataclass(frozen=True)
class Stamp:
    """Adds the seed to the blue and the index to the green channel (modulo 256)."""

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        return (image + np.array([seed % 256, index % 256, 0], np.uint8)).astype(np.uint8)


@dataclass(frozen=True)
class Slow:
    """Takes ``seed`` milliseconds."""

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        time.sleep(seed / 1000)
        return image


@dataclass(frozen=True)
class Broken:
    """Raises."""

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        raise ZeroDivisionError("of two\nlines")


@dataclass(frozen=True)
class Choosy:
    """Refuses small images."""

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        raise UsageError(f"image is {image.shape}; give at least 100,000 rows")


@dataclass(frozen=True)
class Deadly:
    """Kills the process that it runs in, other than with seed 0, by which it is made ready."""

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        if seed:
            os.kill(os.getpid(), signal.SIGKILL)
        return image


@dataclass(frozen=True)
class WhoAmI:
    """Writes the worker's process id into the first pixels, after ``seed`` milliseconds."""

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        time.sleep(seed / 1000)
        out = image.copy()
        out.reshape(-1)[:4] = np.frombuffer(np.int32(os.getpid()).tobytes(), np.uint8)
        return out


CHAINS = {
    "stamp": Stamp(),
    "slow": Slow(),
    "broken": Broken(),
    "choosy": Choosy(),
    "deadly": Deadly(),
    "whoami": WhoAmI(),
}
