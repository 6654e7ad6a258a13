"""Stage ``degrade_page``: a page as a bad scanner or camera would have seen it; what is drawn is an input."""

from __future__ import annotations

from typing import Annotated

from labkit.core import BGR, Drawn, SameShape, stage
from labkit.stages.degrade_page.draw import Choices, draw

OPEN = "not written: four calls of OpenCV's take most of its time, and random numbers the rest"


@stage(
    reference="opencv",
    empty_cells={
        **dict.fromkeys(("python", "numpy", "numba", "cython", "native"), OPEN),
        "gpu": "the grain is drawn by NumPy's generator on the CPU",
        "multiprocess": "degrade_page_many runs it under the engines, one page a task",
    },
)
def degrade_page(image: BGR, choices: Annotated[Choices, Drawn(Choices, draw)]) -> SameShape:
    """Turn by up to 5° and tilt, even out the contrast (CLAHE), sharpen; then uneven light, grain and specks.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.
    choices : Choices, as ``labkit.stages.degrade_page.draw.draw(seed, index)`` gives them.

    Returns
    -------
    uint8 (h, w, 3) BGR, C-contiguous, owning its memory.

    Raises
    ------
    TypeError : image is no NumPy array, or choices are no Choices.
    ValueError : another dtype or shape, an empty image, an image that is not C-contiguous.

    Source: a 2025 blog on augmenting images on all cores (its OCR dataset). CLAHE: K. Zuiderveld, "Contrast Limited Adaptive
    Histogram Equalization", Graphics Gems IV, 1994.
    """
