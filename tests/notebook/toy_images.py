"""A stage on images with sound, wrong and broken variants, loaded by the tests of the dashboard as a user's file would be."""

import os

import numpy as np

import labkit as lk

HOSTILE = "<script>alert(1)</script> *[a-z]'\"; rm"


def noise(side):
    return np.random.default_rng(side).integers(0, 255, (side, side, 3), dtype=np.uint8)


@lk.stage(
    reference="plain",
    workloads=[
        lk.Workload("small", lambda: (noise(40),), "forty pixels"),
        lk.Workload("large", lambda: (noise(900),)),
        lk.Workload(HOSTILE, lambda: (noise(40),), HOSTILE),
        lk.Workload("broken", lambda: 1 / 0),
    ],
    floor_bytes=lambda image: 2 * image.nbytes,
    split=lk.Split(
        "rows",
        lambda n, image: [(part,) for part in np.array_split(image, n)],
        lambda parts, image: np.concatenate(parts),
    ),
)
def toy_negative(image):
    """The negative of an image. <img src=x onerror=alert(1)>"""


@lk.variant("toy_negative", kind="numpy", partial=lambda image: 255 - image)
def plain(image):
    return 255 - image


@lk.variant("toy_negative", kind="numpy")
def xor(image):
    return image ^ 255


@lk.variant("toy_negative", kind="numpy")
def wrong_pixel(image):
    output = 255 - image
    output[3, 5, 0] ^= 1
    return output


@lk.variant("toy_negative", kind="python")
def other_shape(image):
    return (255 - image)[:-1].copy()


@lk.variant("toy_negative", kind="native")
def leaves(image):
    os._exit(3)


@lk.variant("toy_negative", kind="gpu", missing=lambda: "no CUDA device")
def absent(image):
    return 255 - image
