"""A pass over all pixels a step."""

from __future__ import annotations

import cython
import numpy as np

from labkit.kinds import loops
from labkit.stages.text_colour import ROUNDS, colours_of


def sums(image: np.ndarray) -> np.ndarray:
    """What is filled: the number of all pixels and the sums of their channels, then of the second cluster."""
    return np.zeros(8, np.int64)


def rounds(image: np.ndarray) -> tuple[int]:
    """How often new means are taken at most."""
    return (ROUNDS,)


def colours(filled: np.ndarray) -> np.ndarray:
    """Both colours of the sums."""
    count, blue, green, red, above, *parts = filled.tolist()
    return colours_of(count, [blue, green, red], above, parts)


@loops("text_colour", scratch=rounds, output=sums, result=colours)
def text_colour(image: cython.const[cython.uchar][:, :, ::1], out: cython.longlong[::1], most: cython.int) -> None:
    """Sums are whole numbers, the plane between the means float64."""
    y: cython.Py_ssize_t
    x: cython.Py_ssize_t
    _step: cython.int
    level: cython.longlong
    count: cython.longlong
    above: cython.longlong
    blues: cython.longlong
    greens: cython.longlong
    reds: cython.longlong
    blue_squares: cython.longlong
    green_squares: cython.longlong
    red_squares: cython.longlong
    blue: cython.double
    green: cython.double
    red: cython.double
    place: cython.double
    first_blue: cython.double
    first_green: cython.double
    first_red: cython.double
    second_blue: cython.double
    second_green: cython.double
    second_red: cython.double
    blues = 0
    greens = 0
    reds = 0
    blue_squares = 0
    green_squares = 0
    red_squares = 0
    count = image.shape[0] * image.shape[1]
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            level = image[y, x, 0]
            blues += level
            blue_squares += level * level
            level = image[y, x, 1]
            greens += level
            green_squares += level * level
            level = image[y, x, 2]
            reds += level
            red_squares += level * level
    out[0] = count
    out[1] = blues
    out[2] = greens
    out[3] = reds
    first_blue = blue_squares - 1.0 * blues * (1.0 * blues / count)  # how much each channel varies
    first_green = green_squares - 1.0 * greens * (1.0 * greens / count)
    first_red = red_squares - 1.0 * reds * (1.0 * reds / count)
    blue = 0.0
    green = 0.0
    red = 0.0
    if first_blue >= first_green and first_blue >= first_red:
        blue = 1.0
        place = 1.0 * blues / count
    elif first_green >= first_red:
        green = 1.0
        place = 1.0 * greens / count
    else:
        red = 1.0
        place = 1.0 * reds / count
    for _step in range(most):
        above = 0
        blues = 0
        greens = 0
        reds = 0
        for y in range(image.shape[0]):
            for x in range(image.shape[1]):
                if (image[y, x, 0] * blue + image[y, x, 1] * green) + image[y, x, 2] * red > place:
                    above += 1
                    blues += image[y, x, 0]
                    greens += image[y, x, 1]
                    reds += image[y, x, 2]
        if above == out[4] and blues == out[5] and greens == out[6] and reds == out[7]:
            break
        out[4] = above
        out[5] = blues
        out[6] = greens
        out[7] = reds
        if above == 0 or above == count:
            break
        second_blue = 1.0 * blues / above
        second_green = 1.0 * greens / above
        second_red = 1.0 * reds / above
        first_blue = 1.0 * (out[1] - blues) / (count - above)
        first_green = 1.0 * (out[2] - greens) / (count - above)
        first_red = 1.0 * (out[3] - reds) / (count - above)
        blue = second_blue - first_blue
        green = second_green - first_green
        red = second_red - first_red
        place = ((first_blue + second_blue) * 0.5 * blue + (first_green + second_green) * 0.5 * green) + (
            first_red + second_red
        ) * 0.5 * red
