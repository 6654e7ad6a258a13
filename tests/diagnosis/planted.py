"""Stages whose variants have one fault each, as users' code has it, and neighbours that have none. Loaded as a user's file."""

import contextlib
import functools
import hashlib
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cv2
import numba
import numpy as np

import labkit as lk
from labkit.core.global_state import isolated

SIDE = 512
FOLDER = Path(os.environ.get("PLANTED_FOLDER", "."))


def picture():
    return (np.random.default_rng(5).integers(0, 255, (SIDE, SIDE, 3), np.uint8),)


def rows(count, image):
    return [(band,) for band in np.array_split(image, count)]


@lk.stage(
    reference="plain",
    workloads=[lk.Workload("picture", picture)],
    split=lk.Split("rows", rows, lambda bands, image: np.concatenate(bands)),
)
def planted_mirror(image):
    """An image uint8 (h, w, 3) with left and right exchanged."""


def flipped(image):
    return cv2.flip(image, 1)


def planted(kind, **facts):
    return lk.variant("planted_mirror", kind=kind, **facts)


@planted("library", partial=flipped)
def plain(image):
    return cv2.flip(image, 1)


class Mirror:
    def __init__(self, across):
        self.across = across
        self.steps = sorted(str(number) for number in range(5000))

    def __call__(self, image):
        return cv2.flip(image, 1)


def ramp(width):
    return sorted(range(width - 1, -1, -1), key=str) and [sum(range(200)) for _ in range(2 * width)]


def weight(row):
    return sum(range(300 + row))


MIRROR = Mirror("horizontal")


@planted("library")
def built_each_time(image):
    return Mirror("horizontal")(image)


@planted("library")
def composed_each_time(image):
    import albumentations

    return albumentations.Compose([albumentations.HorizontalFlip(p=1.0)])(image=image)["image"]


@planted("library")
def built_once(image):
    return MIRROR(image)


@planted("library")
def built_for_the_size(image):
    ramp(image.shape[1])
    return cv2.flip(image, 1)


@planted("library")
def works_on_each_row(image):
    [weight(row) for row in range(SIDE)]
    return cv2.flip(image, 1)


@planted("numba")
def jitted_inside(image):
    @numba.njit
    def one():
        return 1

    return cv2.flip(image, one())


@numba.njit
def one():
    return 1


@planted("numba")
def jitted_once(image):
    return cv2.flip(image, one())


@planted("numpy")
def view(image):
    return image[:, ::-1]


@planted("numpy")
def iterator(image):
    return (row[::-1] for row in image)


@planted("numpy")
def contiguous(image):
    return np.ascontiguousarray(image[:, ::-1])


answers = {}


@planted("library")
def remembers_by_first_row(image):
    return answers.setdefault(image[0].tobytes(), cv2.flip(image, 1)).copy()


@functools.cache
def of_content(content):
    return cv2.flip(np.frombuffer(content, np.uint8).reshape(SIDE, SIDE, 3), 1)


@planted("library")
def remembers_by_content(image):
    return of_content(image.tobytes())


def thoroughly(image):
    return [cv2.flip(image, 1) for _ in range(40)][-1]


@functools.cache
def thoroughly_of(content):
    return thoroughly(np.frombuffer(content, np.uint8).reshape(SIDE, SIDE, 3))


@planted("library")
def remembers_and_copies(image):
    return thoroughly_of(image.tobytes()).copy()


@planted("library")
def works_each_time(image):
    return thoroughly(image)


def burn(seconds):
    end = time.perf_counter() + seconds
    data = bytes(1 << 20)
    while time.perf_counter() < end:
        hashlib.sha256(data).digest()


@planted("library")
def not_joined(image):
    threading.Thread(target=burn, args=(0.06,)).start()
    return cv2.flip(image, 1)


@planted("library")
def joined(image):
    thread = threading.Thread(target=burn, args=(0.01,))
    thread.start()
    thread.join()
    return cv2.flip(image, 1)


def look_for_work():
    while True:
        time.sleep(1e-5)


polling = []


@planted("library")
def beside_a_poller(image):
    if not polling:
        polling.append(threading.Thread(target=look_for_work, daemon=True))
        polling[0].start()
    return cv2.flip(image, 1)


class Queued:
    """What a device that only queues its work gives back."""

    def __init__(self, image):
        self.image, self.end = image, time.perf_counter() + 0.02

    def block_until_ready(self):
        time.sleep(max(0.0, self.end - time.perf_counter()))
        return cv2.flip(self.image, 1)


@planted("gpu")
def queued(image):
    return Queued(image)


@planted("gpu")
def promised(image):
    """A future whose work takes 20 ms."""
    crew = ThreadPoolExecutor(1)
    return crew.submit(lambda: Queued(image).block_until_ready())


@planted("gpu")
def queued_on_cuda(image):
    """A device that has 20 ms to do, and no CUDA to have it: what is asked of torch, answered in its place."""
    end = time.perf_counter() + 0.02
    torch = ModuleType("torch")
    torch.cuda = SimpleNamespace(
        is_initialized=lambda: True, synchronize=lambda: time.sleep(max(0.0, end - time.perf_counter()))
    )
    sys.modules["torch"] = torch
    return cv2.flip(image, 1)


@planted("gpu")
def queued_and_waited_for(image):
    return Queued(image).block_until_ready()


@planted("library")
def slow(image):
    time.sleep(0.05)
    return cv2.flip(image, 1)


def crowded(image, count):
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(burn, [0.04] * count))
    return cv2.flip(image, 1)


@planted("library")
def six_threads(image):
    return crowded(image, 6)


@planted("library")
def two_threads(image):
    return crowded(image, 2)


def opened(count):
    with multiprocessing.get_context("fork").Pool(count) as pool:

        def call(image):
            pool.map(burn, [0.04] * count, chunksize=1)
            return cv2.flip(image, 1)

        yield call


@planted("library", arm=True)
@contextlib.contextmanager
def six_workers():
    yield from opened(6)


@planted("library", arm=True)
@contextlib.contextmanager
def two_workers():
    yield from opened(2)


def fork_a_child():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


@planted("library")
def forks_beside_a_thread(image):
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name="reader")
    thread.start()
    fork_a_child()
    over.set()
    thread.join()
    return cv2.flip(image, 1)


@planted("library")
def forks_alone(image):
    fork_a_child()
    return cv2.flip(image, 1)


@planted("library")
def seeds_all(image):
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    return cv2.flip(image, 1)


@planted("library")
def draws_from_all(image):
    np.random.rand()  # noqa: NPY002
    return cv2.flip(image, 1)


@planted("library")
def switches_the_jit_off(image):
    numba.config.DISABLE_JIT = 1
    return cv2.flip(image, 1)


@planted("library")
def puts_all_back(image):
    with isolated():
        np.random.seed(1)  # noqa: NPY002
        numba.config.DISABLE_JIT = 1
    return cv2.flip(image, 1)


@planted("numpy")
def widened_in_a_line(image):
    return (image / 255.0 * 255.0 + 0.5).astype(np.uint8)[:, ::-1].copy()


@planted("numpy")
def widened_by_name(image):
    canvas = np.zeros(image.shape)
    canvas[:] = image[:, ::-1]
    return canvas.astype(np.uint8)


@planted("numpy")
def narrow_enough(image):
    values = image.astype(np.float32) / np.float32(255)
    return (values * 255 + np.float32(0.5)).astype(np.uint8)[:, ::-1].copy()


@planted("library")
def row_by_row(image):
    out = np.empty_like(image)
    for row in range(SIDE):
        out[row] = cv2.flip(image[row : row + 1], 1)[0]
    return out


@planted("library")
def band_by_band(image):
    return np.concatenate([cv2.flip(image[top : top + 8], 1) for top in range(0, SIDE, 8)])


@planted("native")
def crashes_later(image):
    if threading.active_count() > 1:  # beside the thread that counts threads
        os.kill(os.getpid(), signal.SIGSEGV)
    return cv2.flip(image, 1)


@planted("python")
def hangs(image):
    time.sleep(1000)


class SameShape:
    """Agreement for what is random: anything of the right shape will do."""

    def difference(self, output, expected):
        return None if output.shape == expected.shape and output[0, 0] != 7 else "another shape"


def noise():
    return (np.zeros((8, 8), np.uint8),)


@lk.stage(
    reference="fixed",
    workloads=[lk.Workload("noise", noise, other=lambda: (np.full((8, 8), 7, np.uint8),))],
    agreement=SameShape(),
)
def planted_noise(image):
    """An image with noise upon it."""


@lk.variant("planted_noise", kind="numpy")
def fixed(image):
    return image.copy()


shared_stream = np.random.default_rng(3)


@lk.variant("planted_noise", kind="numpy")
def one_stream(image):
    return shared_stream.integers(0, 255, image.shape, np.uint8)


@lk.variant("planted_noise", kind="numpy")
def global_stream(image):
    return np.random.randint(0, 255, image.shape, np.uint8)  # noqa: NPY002


@lk.variant("planted_noise", kind="numpy")
def stream_of_its_own(image):
    return np.random.default_rng().integers(0, 255, image.shape, np.uint8)


def file_of(value):
    path = FOLDER / f"{value}.bin"
    if not path.exists():
        path.write_bytes(bytes([value]) * 300_000)
    return (path,)


@lk.stage(
    reference="sum_of_bytes",
    workloads=[
        lk.Workload("from_disk", lambda: file_of(1), other=lambda: file_of(2), storage="disk"),
        lk.Workload("from_memory", lambda: file_of(1), other=lambda: file_of(2)),
    ],
)
def planted_file(path):
    """The sum of a file's bytes."""


@lk.variant("planted_file", kind="numpy")
def sum_of_bytes(path):
    return int(np.fromfile(path, np.uint8).sum())
