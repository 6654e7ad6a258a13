"""Kernels whose truth is known: the same work under two names, 2 % more work, and an OpenMP neighbour."""

import numba
import numpy as np

import labkit as lk
from labkit.measure import stream_copy

ROWS, MORE_ROWS, COLUMNS = 1000, 1020, 1250  # 1020 rows are 2 % more work on the same buffer
NEIGHBOUR_BYTES = 8_000_000


@numba.njit("uint32(uint8[:,::1], int64)", cache=True, nogil=True)  # compiled here, not in every try
def mixed(image, rows):  # type: ignore[no-untyped-def]
    """A checksum that no compiler turns into a formula: each step depends on the one before."""
    state = np.uint32(2166136261)
    for y in range(rows):
        for x in range(image.shape[1]):
            state = (state ^ image[y, x]) * np.uint32(16777619)
        if y == ROWS - 1:
            answer = state
    return answer


def pixels() -> tuple[np.ndarray]:
    return (np.random.default_rng(1).integers(0, 256, (MORE_ROWS, COLUMNS), dtype=np.uint8),)


@lk.stage(reference="work", workloads=[lk.Workload("rows", pixels)])
def selftest(image: np.ndarray) -> None:
    """FNV-1a checksum of the first 1000 rows of a uint8 (1020, 1250) image."""


@lk.variant("selftest", kind="numba")
def work(image: np.ndarray) -> int:
    return int(mixed(image, ROWS))


@lk.variant("selftest", kind="numba")
def same_work(image: np.ndarray) -> int:
    return int(mixed(image, ROWS))


@lk.variant("selftest", kind="numba")
def more_work(image: np.ndarray) -> int:
    return int(mixed(image, MORE_ROWS))


neighbour = [np.ones(NEIGHBOUR_BYTES, np.uint8), np.zeros(NEIGHBOUR_BYTES, np.uint8)]


@lk.variant("selftest", kind="native")
def openmp(image: np.ndarray) -> int:
    """The same work after a copy by two OpenMP threads: a neighbour that may tax the arm after it."""
    stream_copy.copy(neighbour[1], neighbour[0], 2)
    return int(mixed(image, ROWS))
