"""Pipeline ``augment_hybrid_many``: ``augment_hybrid`` for many images, pages and photographs in turn.

``libraries`` holds a lock on the process's generators while augraphy runs; ``libraries_streams`` needs none.
"""

from __future__ import annotations

import numpy as np

from labkit.pipelines.many import many_images
from labkit.stages.augment.workloads import photograph
from labkit.stages.augment_documents import LEAST
from labkit.stages.augment_documents.workloads import page
from labkit.stages.augment_hybrid.draw import draw


def cut(index: int, height: int, width: int) -> np.ndarray:
    """A page of text, or every third time a photograph: uint8 (height, width, 3), both at least 30."""
    height, width = max(height, LEAST), max(width, LEAST)
    return photograph(index, height, width) if index % 3 == 2 else page(height, width, index)


many_images(
    __name__,
    "augment_hybrid",
    draw,
    cut=cut,
    sizes={"32x256": (32, 256, 256), "16x512": (16, 512, 512), "8xpage": (8, 1000, 700), "4x1080p": (4, 1080, 1920)},
)
