"""Stage ``augment_hybrid``: photograph a document with albumentations, then age the print with augraphy.

Read the files in this order: draw, camera (albumentations), library; augraphy's part is that of ``augment_documents``,
where its faults and slow operations are listed.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import Drawn, Many, UsageError, stage
from labkit.inputs.pages import paragraphs as page
from labkit.inputs.photographs import photograph
from labkit.pipelines.augment_hybrid import workloads
from labkit.pipelines.augment_hybrid.draw import HybridChoices, draw
from labkit.stages.augment_documents import Page, check_choices


def page_or_photograph(index: int, height: int, width: int) -> np.ndarray:
    """A page of text, or every third time a photograph: uint8 (height, width, 3)."""
    if index % 3 == 2:
        return photograph(index, height, width)
    return page(height, width, index)


def judge(choices: HybridChoices) -> None:
    """Raise UsageError for a seed out of range, or an operation that is unknown."""
    if not 0 <= choices.camera < 1 << 32:
        raise UsageError(f"choices.camera is {choices.camera}; give a seed from 0 to 2**32 - 1")
    check_choices(choices.document)


@stage(
    reference="libraries",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    floor_bytes=lambda image, choices: 2 * image.nbytes,
    many=Many(
        {"32x256": (32, 256, 256), "16x512": (16, 512, 512), "8xpage": (8, 1000, 700), "4x1080p": (4, 1080, 1920)},
        cut=page_or_photograph,
    ),
    empty_cells={
        "python": "not written: augment and crop_boxes show what a loop a pixel costs in Python",
        "numpy": "both libraries are NumPy and cv2 themselves; where temporaries cost most, rewritten has a loop",
        "cython": "not written: the loops that count are Numba's in rewritten; the rest is spent inside cv2 and NumPy",
        "native": "not written: augment has albumentations' kind of operations in C++",
        "gpu": "the reference fixes the sequences of NumPy's generators, and those are drawn on the CPU",
        "multiprocess": "augment_hybrid_many runs it under the engines, one page a task",
    },
)
def augment_hybrid(image: Page, choices: Annotated[HybridChoices, Drawn(HybridChoices, draw, judge)]) -> Page:
    """Photograph a document, then age the print: quarter turn, perspective, light, noise, shadow; ink, paper, scanner.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h and w from 30 (augraphy's own limit) to 8192.
    choices : HybridChoices, as ``draw(seed, index)`` gives them: the seed of what albumentations draws for this image,
        and augraphy's operations with their parameters and a seed each. Two images never share a stream.

    Returns
    -------
    uint8 BGR, C-contiguous, owning its memory: (h, w, 3), or (w, h, 3) where the camera was turned.

    Every generator of the process, the working directory and Numba's switches are afterwards what they were.

    Raises
    ------
    TypeError : image is no NumPy array, or choices are no HybridChoices.
    ValueError : another dtype, shape or size, not C-contiguous, an unknown operation.

    Source: a 2025 blog on augmenting images on all cores, which claims 31 images a second on 8 cores.
    """
