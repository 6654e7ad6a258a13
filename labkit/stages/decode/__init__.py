"""Stage ``decode``: the bytes of a PNG or JPEG file become an image.

How far libraries agree was measured here (tests/stages/test_decode.py holds it): PNG is lossless, so there is one
answer. For JPEG the standard leaves the inverse DCT and the upsampling of colour open, but OpenCV, Pillow, simplejpeg,
imagecodecs and kornia-rs all carry libjpeg-turbo and leave its defaults alone (exact integer DCT, smooth upsampling):
bit for bit the same image, reduced ones too. So agreement is exact. It would not hold for libjpeg-turbo's fast modes
(simplejpeg's ``fastdct`` differs by up to 71 of 255, ``fastupsample`` by up to 76) nor for another decoder (zune-jpeg,
kornia-rs's second one: by up to 4): what these gain, they gain by computing something else.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from labkit.core import FileBytes, OneOf, UsageError, stage
from labkit.stages.decode import workloads
from labkit.stages.decode.header import check_whole, header

REDUCTIONS = (1, 2, 4, 8)
WHEELS = "a file format has many corners: well-kept libraries (compiled, with SIMD) beat own code at it"


def floor_bytes(data: np.ndarray, reduce: int = 1) -> int:
    """Bytes that any implementation must move: the file read once, the image written once."""
    return data.nbytes + math.prod(header(data).shape(reduce))


@stage(
    reference="opencv",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    floor_bytes=floor_bytes,
    empty_cells={
        **dict.fromkeys(("python", "numba", "cython", "native"), WHEELS),
        "numpy": "Huffman codes are read one after another: there is no array operation for it",
        "gpu": "needs nvJPEG (NVIDIA's nvimagecodec or torchvision with CUDA); PNG has no GPU decoder at all",
        "multiprocess": "one file is one serial bit stream; many files are split by the systems that read them",
    },
)
def decode(data: FileBytes, reduce: Annotated[int, OneOf(REDUCTIONS)] = 1) -> None:
    """The image in the bytes of a PNG or JPEG file, in full or reduced size.

    Parameters
    ----------
    data : uint8 (n,), C-contiguous: one PNG or JPEG file as it lies on disk. Bytes after its end are ignored.
        PNG: 8-bit gray, RGB or RGBA, interlaced or not. JPEG: 8-bit, baseline or progressive, gray or colour.
    reduce : 1, 2, 4 or 8, for JPEG only (a PNG has no smaller image inside): the image that libjpeg computes by a
        smaller inverse DCT; each side is divided by ``reduce`` and rounded up.

    Returns
    -------
    uint8 (h, w), (h, w, 3) BGR or (h, w, 4) BGRA, as the file holds it; new, writable, C-contiguous.
        Pixels come as they are stored: an EXIF orientation is not applied, nor a colour profile, nor a gamma.

    Raises
    ------
    TypeError : data is no NumPy array, or reduce is no integer.
    ValueError : another dtype or shape; neither PNG nor JPEG; reduce of a PNG; truncated or damaged (JPEG has no
        checksums: at damage among its pixels a library raises, or gives the image it could read). Refused, not
        converted: a palette, 16 bits, gray with alpha, a transparent colour, an animation, CMYK, lossless or
        arithmetic coding.
    NotOffered : (from a variant) this library can't do this format or reduction.

    Reference: ``cv2.imdecode`` with ``IMREAD_UNCHANGED``, or ``IMREAD_REDUCED_*``.
    """
    if check_whole(data).form == "png" and reduce != 1:
        raise UsageError(f"reduce is {reduce}, but data is a PNG, which holds no smaller image; give 1, or a JPEG")
