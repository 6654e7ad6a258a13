"""Where each pixel of a warped picture comes from, as plain numbers; and the same in OpenCV's whole steps."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from labkit.core.draws import uniforms
from labkit.core.errors import UsageError

STEEPEST, FARTHEST = 15, 1 << 20  # with these, 1024ths of a pixel stay within 32 bits
ROUND = 16  # half of a 32nd of a pixel, in 1024ths


class Matrix(NamedTuple):
    """Pixel (x, y) of the output is taken from (xx·x + xy·y + x0, yx·x + yy·y + y0) of the input; the default changes nothing.

    For what ``cv2.getRotationMatrix2D`` gives, which leads the other way: ``Matrix(*cv2.invertAffineTransform(m).ravel())``.
    """

    xx: float = 1.0
    xy: float = 0.0
    x0: float = 0.0
    yx: float = 0.0
    yy: float = 1.0
    y0: float = 0.0


def check_matrix(matrix: Matrix) -> None:
    """Raise UsageError for a number that is out of range or not finite."""
    for name, value in matrix._asdict().items():
        most = FARTHEST if name.endswith("0") else STEEPEST
        if not (isinstance(value, int | float) and abs(value) <= most):
            raise UsageError(f"matrix.{name} is {value!r}; give a number from -{most} to {most}")


def draw(seed: int, index: int, shape: tuple[int, ...]) -> Matrix:
    """Of image ``index`` in the run with ``seed``: a turn of up to 45°, 0.8 to 1.25 times as large, moved by up to a tenth."""
    turn, size, across, down = uniforms(seed, index, "affine", 4)
    return about_centre(90 * turn - 45, 0.8 * 1.5625**size, (across - 0.5) / 5, (down - 0.5) / 5, shape)


def about_centre(angle: float, scale: float, across: float, down: float, shape: tuple[int, ...]) -> Matrix:
    """A picture turned anticlockwise by degrees about its centre, ``scale`` times as large, moved by shares of its sides."""
    height, width = shape[:2]
    x, y = (width - 1) / 2, (height - 1) / 2
    cosine, sine = math.cos(math.radians(angle)) / scale, math.sin(math.radians(angle)) / scale
    to_x, to_y = x + across * width, y + down * height
    return Matrix(cosine, -sine, x - cosine * to_x + sine * to_y, sine, cosine, y - sine * to_x - cosine * to_y)


def steps(matrix: Matrix, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Positions in 1024ths of a pixel: what each column adds to x and to y, what each row does, and half a 32nd: int64."""
    rows, columns = np.arange(shape[0], dtype=np.float64), np.arange(shape[1], dtype=np.float64)
    across, down = (np.rint(part * columns * 1024).astype(np.int64) for part in (matrix.xx, matrix.yx))
    x = np.rint((matrix.xy * rows + matrix.x0) * 1024).astype(np.int64) + ROUND
    y = np.rint((matrix.yy * rows + matrix.y0) * 1024).astype(np.int64) + ROUND
    return across, down, x, y
