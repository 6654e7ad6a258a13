"""A stage with sound and with broken variants, loaded by the tests of measuring as a user's file would be."""

import ctypes
import gc
import hashlib
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

import labkit as lk
from labkit.core.errors import NotOffered


def pixels(side):
    return (np.random.default_rng(side).integers(0, 255, (side, side), dtype=np.uint8),)


def rows(count, image):
    return [(band,) for band in np.array_split(image, count)]


@lk.stage(
    reference="plain",
    workloads=[lk.Workload("small", lambda: pixels(64)), lk.Workload("big", lambda: pixels(500))],
    edge_cases=lambda: {"one pixel": (np.ones((1, 1), np.uint8),)},
    floor_bytes=lambda image: image.nbytes,
    items=len,
    split=lk.Split("rows", rows, lambda sums, image: sum(sums)),
)
def toy_sum(image):
    """Sum of all pixels."""


@lk.variant("toy_sum", kind="numpy", partial=lambda image: int(image.sum()))
def plain(image):
    return int(image.sum())


@lk.variant("toy_sum", kind="numpy")
def twice(image):
    image.sum()
    return int(image.sum())


@lk.variant("toy_sum", kind="numpy")
def wrong(image):
    return int(image.sum()) + 1


@lk.variant("toy_sum", kind="numpy")
def wrong_on_one_pixel(image):
    return int(image.sum()) + (image.size == 1)


def sleeps_if_large(image):
    time.sleep(1.1 * (image.size > 4096))
    return int(image.sum())


@lk.variant("toy_sum", kind="python")
def takes_long(image):
    return sleeps_if_large(image)


remembered = {}


@lk.variant("toy_sum", kind="python")
def takes_long_and_remembers(image):
    return remembered.setdefault(image.shape, sleeps_if_large(image))


@lk.variant("toy_sum", kind="native")
def segfaults(image):
    ctypes.string_at(0)


@lk.variant("toy_sum", kind="python")
def hangs(image):
    time.sleep(1000)


@lk.variant("toy_sum", kind="python")
def raises(image):
    raise KeyError("no such colour")


@lk.variant("toy_sum", kind="python")
def hoards(image):
    return len([np.ones(1 << 22) for _ in range(10_000)])


@lk.variant("toy_sum", kind="python")
def leaves(image):
    os._exit(3)


@lk.variant("toy_sum", kind="library")
def refuses(image):
    raise NotOffered("reads JPEG only")


@lk.variant("toy_sum", kind="gpu", missing=lambda: "no CUDA device")
def absent(image):
    return int(image.sum())


@lk.variant("toy_sum", kind="library", requires=("a_module_nobody_has",))
def unmet(image):
    return int(image.sum())


@lk.variant("toy_sum", kind="python")
def slow(image):
    time.sleep(0.3)
    return int(image.sum())


@lk.variant("toy_sum", kind="native")
def segfaults_late(image):
    if not gc.isenabled():  # only in the timed rounds of a launch
        os.kill(os.getpid(), signal.SIGSEGV)
    return int(image.sum())


@lk.variant("toy_sum", kind="python")
def hangs_late(image):
    if not gc.isenabled():
        time.sleep(1000)
    return int(image.sum())


@lk.variant("toy_sum", kind="python")
def leaves_a_thread_spinning(image):
    end = time.perf_counter() + 0.004

    def spin():
        while time.perf_counter() < end:
            pass

    threading.Thread(target=spin).start()
    return int(image.sum())


@lk.variant("toy_sum", kind="numba", arm=True)
def slow_to_set_up():
    import contextlib

    @contextlib.contextmanager
    def opened():
        time.sleep(0.05)
        yield lambda image: int(image.sum())

    return opened()


@lk.variant("toy_sum", kind="python", arm=True)
def faster_or_slower():
    """Which of the two is drawn anew in each launch, which seeds this generator: no number of launches decides it."""
    import contextlib

    import cv2

    @contextlib.contextmanager
    def opened():
        faster = random.choice([False, True])
        yield lambda image: int(cv2.sumElems(image)[0]) if faster else max(int(image.sum()), int(image.sum()))

    return opened()


@lk.variant("toy_sum", kind="python")
def leaves_a_trace(image):
    sys.settrace(lambda *event: None)
    return int(image.sum())


@lk.variant("toy_sum", kind="python")
def leaves_a_trace_late(image):
    if not gc.isenabled():  # only in the timed rounds of a launch
        sys.settrace(lambda *event: None)
    return int(image.sum())


sampled = {}


@lk.variant("toy_sum", kind="python")
def remembers_a_sample(image):
    key = image[::9, ::9].tobytes()
    if key not in sampled:
        sampled[key] = (int(image.sum()), time.sleep(0.001))[0]
    return sampled[key]


@lk.variant("toy_sum", kind="python")
def remembers_in_files(image):
    """What the check has asked, launches find answered already."""
    file = Path(os.environ["TOY_ANSWERS"]) / hashlib.md5(image.tobytes()).hexdigest()
    if not file.exists():
        time.sleep(0.03)
        file.write_text(str(int(image.sum())))
    return int(file.read_text())


@lk.variant("toy_sum", kind="python")
def honest_while_probed(image):
    frame = sys._getframe()
    while frame := frame.f_back:
        if "probe" in frame.f_code.co_filename:
            return int(image.sum())
    return 0


@lk.variant("toy_sum", kind="python")
def honest_for_a_while(image):
    global calls
    calls += not gc.isenabled()  # only in the timed rounds of a launch
    return int(image.sum()) + (calls > 20)


@lk.variant("toy_sum", kind="python")
def writes_late(image):
    if not gc.isenabled():  # as in launches alone
        image[-1, -1] ^= 1
    return int(image.sum())


calls = 0


@lk.variant("toy_sum", kind="numba")
def compiles_for_long(image):
    global calls
    calls += 1
    if calls == 1:
        time.sleep(0.4)
    return int(image.sum())


@lk.variant("toy_sum", kind="numba")
def slow_at_first(image):
    global calls
    calls += 1
    if calls == 1:
        time.sleep(0.05)
    return int(image.sum())


@lk.stage(
    reference="by_halves",
    workloads=[lk.Workload("small", lambda: pixels(64), other=lambda: (pixels(64)[0] // 2,))],
    split=lk.Split("rows", rows, lambda parts, image: max(parts)),
)
def toy_max(image):
    """The brightest pixel."""


def brightest(image):
    return int(image.max())


@lk.variant("toy_max", kind="numpy")
def by_halves(image):
    return max(brightest(image[:32]), brightest(image[32:]))


@lk.variant("toy_max", kind="numpy", partial=brightest)
def at_once(image):
    return brightest(image)


@lk.variant("toy_max", kind="python", partial=brightest)
def leisurely(image):
    time.sleep(0.002)
    return brightest(image)


@lk.variant("toy_max", kind="python", partial=brightest)
def guessed(image):
    return 300


@lk.stage(
    reference="patient",
    workloads=[lk.Workload("long", lambda: pixels(500)), lk.Workload("short", lambda: pixels(64))],
)
def toy_wait(image):
    """Sum of all pixels, after a while."""


@lk.variant("toy_wait", kind="python")
def patient(image):
    return sleeps_if_large(image)


@lk.variant("toy_wait", kind="python")
def patient_and_remembers(image):
    return remembered.setdefault(image.shape, sleeps_if_large(image))
