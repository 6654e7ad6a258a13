"""Pipeline ``augment_documents_many``: ``augment_documents`` for many pages, so that each variant runs under every engine.

``augraphy`` holds a lock on the process's generators: under ``threads`` its pages go through one after the other, and
processes are what helps it. ``augraphy_streams`` needs no lock.
"""

from __future__ import annotations

import numpy as np

from labkit.pipelines.many import many_images
from labkit.stages.augment_documents import LEAST
from labkit.stages.augment_documents.draw import draw
from labkit.stages.augment_documents.workloads import page


def cut(index: int, height: int, width: int) -> np.ndarray:
    """Page ``index``: uint8 (height, width, 3), both at least 30."""
    return page(max(height, LEAST), max(width, LEAST), index)


many_images(
    __name__,
    "augment_documents",
    draw,
    cut=cut,
    sizes={"32x256": (32, 256, 256), "16x512": (16, 512, 512), "8xpage": (8, 1000, 700), "4x1080p": (4, 1080, 1920)},
)
