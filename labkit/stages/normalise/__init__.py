"""Stage ``normalise``: what a network takes: one plane of float32 a channel, shifted and scaled.

Read the files in this order: library (the peers), arrays, loops, native.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import BGR, OneOf, Shaped, Within, stage

# v·scale + shift rounds twice in float32, (v/255 - mean)/std three times: values are below 2.65, and each rounding is off by
# 1.2e-7 at most.
TOLERANCE = 1e-6


def planes(image: np.ndarray, to: str) -> tuple[int, ...]:
    """The shape of the output."""
    return (3, *image.shape[:2])


@stage(
    reference="opencv",
    agreement=Within(TOLERANCE),
    try_also={"to": ("unit",)},
    empty_cells={
        "multiprocess": "it moves 15 bytes a pixel and computes next to nothing: sending them would take longer"
    },
)
def normalise(
    image: BGR, to: Annotated[str, OneOf(("mean_std", "unit"))] = "mean_std"
) -> Annotated[np.ndarray, Shaped(planes, "float32")]:
    """Turn a picture into planes of float32: red, green, blue, as networks take them.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h ≥ 1 and w ≥ 1.
    to : ``mean_std``: (v/255 - mean) / std with ImageNet's means and deviations; ``unit``: v/255.

    Returns
    -------
    float32 (3, h, w), C-contiguous: float32(v)·scale + shift, each rounded to float32, with scale = 1 / (255·std) and
        shift = -mean / std.

    Raises
    ------
    TypeError : the image is no NumPy array, ``to`` no text.
    ValueError : another dtype or shape, an empty image, one that is not C-contiguous, another ``to``.

    Source: a guide to preprocessing images for training (0..1, mean/std, CHW); torchvision, Normalize, for the constants.
    """
