"""The libraries that compute the same.

Others compute something else under these names: Pillow's BOX takes pixels as a whole or not at all, and its BILINEAR more
neighbours the smaller a picture gets, as pyvips' resize and kornia-rs' with antialiasing do; pyvips' shrink takes other means
where a factor is no whole number; zignal's BILINEAR is off by up to 6 levels; torch's "area" counts shared pixels twice, and
OpenCV's INTER_AREA, where it makes an axis longer, takes two neighbours and rounds positions that should be whole (30 · 0.9)
down in floating point.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from labkit.core import variant
from labkit.core.errors import NotOffered
from labkit.stages.resize import resized, size


@variant("resize", kind="library")
def opencv(image: np.ndarray, side: int = 224, form: str = "short", interpolation: str = "area") -> np.ndarray:
    """cv2.resize. Raises NotOffered for area where an axis gets longer: INTER_AREA is no mean there."""
    rows, columns = size(image, side, form)
    if (rows, columns) == image.shape[:2]:
        return image.copy()
    if interpolation == "bilinear":
        return cv2.resize(image, (columns, rows), interpolation=cv2.INTER_LINEAR)
    if rows > image.shape[0] or columns > image.shape[1]:
        raise NotOffered("INTER_AREA is no mean where an axis gets longer")
    return cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)


@variant("resize", kind="library")
def opencv_exact(image: np.ndarray, side: int = 224, form: str = "short", interpolation: str = "area") -> np.ndarray:
    """cv2.resize with INTER_LINEAR_EXACT, the same on every machine. Raises NotOffered for area."""
    bilinear_only(interpolation)
    rows, columns = size(image, side, form)
    if (rows, columns) == image.shape[:2]:
        return image.copy()
    return cv2.resize(image, (columns, rows), interpolation=cv2.INTER_LINEAR_EXACT)


@variant("resize", kind="library")
def pillow(image: np.ndarray, side: int = 224, form: str = "short", interpolation: str = "area") -> np.ndarray:
    """Pillow's reduce. Raises NotOffered where a factor is no whole number, and for bilinear."""
    return np.array(Image.fromarray(image).reduce(whole_factors(image, side, form, interpolation)))


@variant("resize", kind="library", requires=("pyvips",))
def pyvips(image: np.ndarray, side: int = 224, form: str = "short", interpolation: str = "area") -> np.ndarray:
    """pyvips' shrink. Raises NotOffered where a factor is no whole number, and for bilinear."""
    import pyvips

    across, down = whole_factors(image, side, form, interpolation)
    channels = 1 if image.ndim == 2 else 3
    picture = pyvips.Image.new_from_memory(image.data, image.shape[1], image.shape[0], channels, "uchar")
    return picture.shrink(across, down).numpy().reshape(resized(image, side, form, interpolation))


@variant("resize", kind="library", requires=("kornia_rs",))
def kornia(image: np.ndarray, side: int = 224, form: str = "short", interpolation: str = "area") -> np.ndarray:
    """kornia-rs, bilinear. Raises NotOffered for area, for grey pictures and for sides of 1, which it can't read."""
    import kornia_rs

    bilinear_only(interpolation)
    rows, columns = size(image, side, form)
    if image.ndim == 2 or min(*image.shape[:2], rows, columns) == 1:
        raise NotOffered("kornia-rs resizes pictures of three channels with sides of 2 and more")
    return np.array(kornia_rs.imgproc.resize(image, (rows, columns), "bilinear"))


@variant("resize", kind="library", requires=("torch",))
def torch_cpu(image: np.ndarray, side: int = 224, form: str = "short", interpolation: str = "area") -> np.ndarray:
    """torch's interpolate of uint8, channels last. Raises NotOffered for area."""
    import torch

    bilinear_only(interpolation)
    planes = torch.from_numpy(image.reshape(*image.shape[:2], -1)).permute(2, 0, 1)[None]
    made = torch.nn.functional.interpolate(planes, size(image, side, form), mode="bilinear", align_corners=False)
    return made[0].permute(1, 2, 0).contiguous().numpy().reshape(*made.shape[2:], *image.shape[2:])


@variant("resize", kind="library", requires=("skimage",))
def scikit_image(image: np.ndarray, side: int = 224, form: str = "short", interpolation: str = "area") -> np.ndarray:
    """scikit-image's resize of order 1, in float64. Raises NotOffered for area."""
    from skimage.transform import resize

    bilinear_only(interpolation)
    shape = size(image, side, form)
    made = resize(image, shape, order=1, mode="edge", anti_aliasing=False, preserve_range=True)
    return np.asarray(np.rint(made)).astype(np.uint8)


def bilinear_only(interpolation: str) -> None:
    """Raises NotOffered for another interpolation."""
    if interpolation != "bilinear":
        raise NotOffered("it has no area mean of parts of pixels")


def whole_factors(image: np.ndarray, side: int, form: str, interpolation: str) -> tuple[int, int]:
    """By which the columns and the rows become fewer. Raises NotOffered where one is no whole number, and for bilinear."""
    rows, columns = size(image, side, form)
    factors = image.shape[1] // columns, image.shape[0] // rows
    if interpolation != "area" or (columns * factors[0], rows * factors[1]) != image.shape[1::-1]:
        raise NotOffered("it takes whole factors, and means only")
    return factors
