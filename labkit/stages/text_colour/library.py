"""The libraries that have k-means, all from the contract's start. Pillow's quantize(kmeans=) starts from its own palette."""

from __future__ import annotations

import warnings

import cv2
import numpy as np

from labkit.core import variant
from labkit.stages.text_colour import ROUNDS, colours_of

UNTIL = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, ROUNDS, 0.0)


def start(image: np.ndarray) -> np.ndarray | None:
    """Which pixels are above the mean of the channel that varies most: bool (n,); None if all are equal."""
    mean, deviation = cv2.meanStdDev(image)
    if not deviation.any():
        return None
    channel = int(np.argmax(deviation))
    above: np.ndarray = image.reshape(-1, 3)[:, channel] > mean[channel, 0]
    return above


def rounded(image: np.ndarray, means: np.ndarray, above: int) -> np.ndarray:
    """The answer for both means, where the second is of so many pixels."""
    order = [0, 1] if 2 * above >= image.size // 3 else [1, 0]
    return np.floor(means[order] + 0.5).astype(np.uint8)


def one_colour(image: np.ndarray) -> np.ndarray:
    """The answer where all pixels are equal."""
    return colours_of(1, image[0, 0].tolist(), 0, [0, 0, 0])


@variant("text_colour", kind="library")
def opencv(image: np.ndarray) -> np.ndarray:
    """cv2.kmeans of all pixels as float32."""
    above = start(image)
    if above is None:
        return one_colour(image)
    pixels, labels = image.reshape(-1, 3).astype(np.float32), above.astype(np.int32)[:, None]
    _, found, means = cv2.kmeans(pixels, 2, labels, UNTIL, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    return rounded(image, means, cv2.countNonZero(found))


def clusters(image: np.ndarray, pixels: np.ndarray, above: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """scikit-learn's Lloyd, of pixels with weights."""
    from sklearn.cluster import KMeans

    means = np.array([np.average(pixels[side], axis=0, weights=weights[side]) for side in (~above, above)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not converge in so many rounds
        made = KMeans(2, init=means, n_init=1, max_iter=ROUNDS, tol=0).fit(pixels, sample_weight=weights)
    return rounded(image, made.cluster_centers_, int(weights[made.labels_ == 1].sum()))


@variant("text_colour", kind="library", requires=("sklearn",))
def sklearn_colours(image: np.ndarray) -> np.ndarray:
    """scikit-learn's KMeans of the distinct colours, weighed by how often they come."""
    above = start(image)
    if above is None:
        return one_colour(image)
    packed = image.reshape(-1, 3).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    _, first, counts = np.unique(packed, return_index=True, return_counts=True)
    return clusters(image, image.reshape(-1, 3)[first].astype(np.float64), above[first], counts.astype(np.float64))


@variant("text_colour", kind="library", requires=("sklearn",))
def sklearn(image: np.ndarray) -> np.ndarray:
    """scikit-learn's KMeans of all pixels as float64."""
    above = start(image)
    if above is None:
        return one_colour(image)
    pixels = image.reshape(-1, 3).astype(np.float64)
    return clusters(image, pixels, above, np.ones(len(pixels)))


@variant("text_colour", kind="library", requires=("scipy",))
def scipy(image: np.ndarray) -> np.ndarray:
    """scipy.cluster.vq.kmeans2, which always makes all its rounds."""
    from scipy.cluster.vq import kmeans2

    above = start(image)
    if above is None:
        return one_colour(image)
    pixels = image.reshape(-1, 3).astype(np.float64)
    means = np.array([pixels[~above].mean(axis=0), pixels[above].mean(axis=0)])
    means, labels = kmeans2(pixels, means, ROUNDS - 1, minit="matrix")
    return rounded(image, means, int(np.count_nonzero(labels)))
