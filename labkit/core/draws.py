"""Random choices as inputs: what is random about one image depends on the run's seed and the image's index alone.

So the output is the same whatever the engine, the number of workers, the chunk size or the order, and two images never
share a stream. Source: NumPy's documentation, "Parallel random number generation" (SeedSequence with a spawn key).
"""

from __future__ import annotations

import zlib

import numpy as np

from labkit.core.errors import UsageError


def generator(seed: int, index: int, *purpose: str) -> np.random.Generator:
    """An independent generator for image ``index`` of the run with ``seed``; another ``purpose`` gives another stream.

    Raises UsageError for a negative seed or index.
    """
    if seed < 0 or index < 0:
        raise UsageError(f"seed is {seed} and index is {index}; give integers of at least 0")
    key = (index, *(zlib.crc32(word.encode()) for word in purpose))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
