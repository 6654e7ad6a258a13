"""The libraries that blend with black where a pixel lies on the border.

Pillow's transform and kornia-rs' warp_affine don't: the outermost pixels of the picture are others by up to 255.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.affine.matrix import Matrix


@variant("affine", kind="library")
def opencv(image: np.ndarray, matrix: Matrix) -> np.ndarray:
    """cv2.warpAffine."""
    flags, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, image.shape[1::-1]
    made: Any = cv2.warpAffine(image, np.array(matrix).reshape(2, 3), size, flags=flags)
    return made.reshape(image.shape)  # type: ignore[no-any-return]


@variant("affine", kind="library", requires=("scipy",))
def scipy(image: np.ndarray, matrix: Matrix) -> np.ndarray:
    """scipy.ndimage.affine_transform, of each channel by itself."""
    from scipy.ndimage import affine_transform

    xx, xy, x0, yx, yy, y0 = matrix
    out = np.empty_like(image)
    for channel in range(image.shape[2]) if image.ndim == 3 else (slice(None),):
        at = (..., channel) if image.ndim == 3 else ...
        levels = affine_transform(
            image[at], [[yy, yx], [xy, xx]], (y0, x0), output=np.float32, order=1, mode="grid-constant"
        )
        np.rint(levels, out=levels)
        out[at] = levels
    return out


@variant("affine", kind="library", requires=("skimage",))
def skimage(image: np.ndarray, matrix: Matrix) -> np.ndarray:
    """skimage.transform.warp; clip would lift what is blended with black to the picture's darkest level."""
    from skimage.transform import warp

    whole = np.vstack([np.array(matrix).reshape(2, 3), (0, 0, 1)])
    levels = warp(image, whole, order=1, mode="constant", clip=False, preserve_range=True)
    return np.rint(levels).astype(np.uint8)


@variant("affine", kind="library", requires=("pyvips",))
def vips(image: np.ndarray, matrix: Matrix) -> np.ndarray:
    """pyvips' affine, which takes the matrix that leads the other way; a flat one it does not have."""
    import pyvips

    from labkit.core.errors import NotOffered

    forward = np.array(matrix).reshape(2, 3)
    if abs(np.linalg.det(forward[:, :2])) < 1e-3:
        raise NotOffered("pyvips takes no matrix that can't be inverted")
    forward = cv2.invertAffineTransform(forward)
    height, width = image.shape[:2]
    picture = pyvips.Image.new_from_array(image).affine(
        forward[:, :2].ravel().tolist(),
        interpolate=pyvips.Interpolate.new("bilinear"),
        oarea=[0, 0, width, height],
        odx=forward[0, 2],
        ody=forward[1, 2],
        extend="black",
    )
    made: np.ndarray = picture.numpy().reshape(image.shape)
    return made
