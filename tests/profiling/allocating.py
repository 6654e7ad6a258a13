"""A stage whose variants allocate known sizes on known lines, loaded by the tests of memory as a user's file would be."""

import contextlib
import multiprocessing
import os
import signal
import time

import cv2
import numpy as np

import labkit as lk
from labkit.core.errors import NotOffered

MIB = 1 << 20


@lk.stage(
    reference="arrays",
    workloads=[
        lk.Workload("square", lambda: (np.ones((1024, 1024), np.uint8),)),
        lk.Workload("other", lambda: (np.ones((512, 512), np.uint8),)),
    ],
    split=lk.Split(
        "rows", lambda n, image: [(band,) for band in np.array_split(image, n)], lambda parts, image: sum(parts)
    ),
)
def allocating(image):
    """Takes memory."""


def banded(image):
    wide = image.astype(np.float64)  # 8 MiB in all bands together
    return float(wide.sum())


@lk.variant("allocating", kind="numpy", partial=banded)
def arrays(image):
    kept = np.ones(8 * MIB, np.uint8)  # 8 MiB
    freed = np.ones(4 * MIB, np.uint8)  # 4 MiB
    del freed
    large = cv2.copyMakeBorder(image, 0, 1024, 0, 2048, cv2.BORDER_CONSTANT)  # 6 MiB
    return float((kept + 1).sum() + large[0, 0])  # 8 MiB


@lk.variant("allocating", kind="numpy")
def temporaries(image):
    return float(np.multiply(image.astype(np.float64), 2).sum())  # 8 MiB, twice


@lk.variant("allocating", kind="python")
def objects(image):
    pairs = [(number, -number) for number in range(1000, 101_000)]
    return float(len(pairs))


@lk.variant("allocating", kind="numpy")
def forks(image):
    child = multiprocessing.get_context("fork").Process(target=in_child)
    child.start()
    child.join()
    return 0.0


def in_child():
    held = np.ones(32 * MIB, np.uint8)
    time.sleep(0.1)
    return held


@lk.variant("allocating", kind="native", arm=True)
def ufunc():
    return contextlib.nullcontext(np.negative)


@lk.variant("allocating", kind="library", arm=True)
def borrowed():
    return contextlib.nullcontext(np.ones_like.__wrapped__)  # plain Python, but not of ours


@lk.variant("allocating", kind="python")
def raises(image):
    raise KeyError("no such colour")


@lk.variant("allocating", kind="native")
def crashes(image):
    os.kill(os.getpid(), signal.SIGSEGV)


@lk.variant("allocating", kind="python")
def hangs(image):
    time.sleep(1000)


@lk.variant("allocating", kind="python")
def hoards(image):
    return len([np.ones(1 << 22) for _ in range(10_000)])


@lk.variant("allocating", kind="library")
def refuses(image):
    raise NotOffered("reads JPEG only")


@lk.variant("allocating", kind="gpu", missing=lambda: "no CUDA device")
def absent(image):
    return 0.0
