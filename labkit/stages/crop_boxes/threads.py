"""The talk says that threads can't help in Python because of the global lock. Here they are: its loop body, a task a box.

OpenCV lets go of the lock inside each call, so large crops do run side by side. For a word the time between the calls is
longer than in them: threads queue for the lock, and each task adds its own cost, so it is slower than the plain loop. The
engine's way (``loop@threads``) deals out one slice of boxes a thread instead, and ``hoisted@threads``, with little Python
left between the calls, shows that threads can help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import cv2
import numpy as np

from labkit.core import variant
from labkit.core.cpus import cpu_limit
from labkit.stages.crop_boxes import sizes


def cut(page: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The crop of one box that is not degenerate."""
    # block: sizes
    lt, rt, rb, lb = box.astype(np.float64)
    width = int(max(np.linalg.norm(rt - lt), np.linalg.norm(rb - lb)))
    height = int(max(np.linalg.norm(lb - lt), np.linalg.norm(rb - rt)))

    # block: homography
    target = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    matrix = cv2.getPerspectiveTransform(box, target)

    # block: warp
    return cv2.warpPerspective(page, matrix, (width, height))


@variant("crop_boxes", kind="library", arm=True)
@contextmanager
def threads() -> Iterator[Callable[..., list[np.ndarray]]]:
    """A pool of threads that stays up, one task a box."""
    with ThreadPoolExecutor(cpu_limit()) as pool:

        def call(page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
            # block: sizes
            good = sizes(boxes, page.shape)[:, 0] > 0

            # block: collect
            crops = pool.map(lambda box: cut(page, box), boxes[good])
            return [next(crops) if fits else np.empty((0, 0, 3), np.uint8) for fits in good]

        yield call
