"""The C++ variants of crop_boxes: the size rule, how exact positions are, what OpenCV's own interface takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labkit.core import registry
from labkit.core.unbuilt import why_unbuilt
from labkit.stages.crop_boxes import sizes
from tests.conformance import oracles

VARIANTS = registry.of("crop_boxes")
NAMES = ("native_loop", "native", "native_omp", "opencv_api", "opencv_api_omp")
OWN = ("native_loop", "native", "native_omp")  # not OpenCV's arithmetic
HERE = [name for name in NAMES if name in VARIANTS and VARIANTS[name].unavailable() is None]
OWN_HERE = [name for name in OWN if name in HERE]
SEEDS = range(4)
LARGEST_STEP = 255


def call(name: str, page: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    function = VARIANTS[name].function
    assert function is not None
    return function(page, boxes)


def noise(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def convex_boxes(seed: int, count: int, height: int, width: int) -> np.ndarray:
    """Quadrilaterals of all sorts, mirrored and partly outside too: upright, rotated, sheared, in perspective."""
    draw = np.random.default_rng(seed)
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64)
    boxes = np.empty((count, 4, 2))
    for k in range(count):
        corners = square * draw.uniform(1, 60, 2)
        sort = draw.integers(5)
        if sort >= 1:
            angle = draw.uniform(-np.pi, np.pi) if sort == 1 else draw.uniform(-0.1, 0.1)
            corners = corners @ [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        if sort >= 3:
            corners += draw.uniform(-0.4, 0.4, (4, 2)) * np.abs(corners).max(axis=0)
        if sort == 4:
            corners = corners[::-1]
        boxes[k] = corners + draw.uniform(-20, (width + 20, height + 20))
    return boxes.astype(np.float32)


def nasty_boxes(seed: int, count: int) -> np.ndarray:
    """Boxes about the edges of the size rule: whole lengths, turns near 1, corners near the border, NaN, huge values."""
    draw = np.random.default_rng(seed)
    boxes = draw.integers(-4, 70, (count, 4, 2)).astype(np.float32)
    upright = draw.integers(-3, 66, (count, 2, 2)).astype(np.float32)
    for k in range(0, count, 2):
        (left, top), (right, bottom) = np.sort(upright[k], axis=0)
        boxes[k] = [(left, top), (right, top), (right, bottom), (left, bottom)]
    nudge = draw.integers(0, 4, boxes.shape)
    boxes = np.where(nudge == 1, np.nextafter(boxes, np.float32(-1e9)), boxes)
    boxes = np.where(nudge == 2, np.nextafter(boxes, np.float32(1e9)), boxes)
    odd = draw.random(boxes.shape) < 0.01
    values = np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 32768, -32768, 1e-30], np.float32)
    return np.ascontiguousarray(np.where(odd, draw.choice(values, boxes.shape), boxes), np.float32)


def shapes(crops: list[np.ndarray]) -> np.ndarray:
    return np.array([crop.shape[1::-1] for crop in crops], np.int64).reshape(-1, 2)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", HERE)
def test_the_size_rule_is_that_of_sizes(name: str, seed: int) -> None:
    page = noise(seed, 60, 64)
    for boxes in (nasty_boxes(seed, 4000), convex_boxes(seed, 1000, 60, 64)):
        expected = sizes(boxes, page.shape)
        keep = expected.prod(axis=1) < 1 << 20  # a huge crop tells no more about the rule
        found = shapes(call(name, page, np.ascontiguousarray(boxes[keep])))
        wrong = np.flatnonzero((found != expected[keep]).any(axis=1))
        assert not len(wrong), f"seed {seed}: box {boxes[keep][wrong[0]].tolist()}: {found[wrong[0]]}"


def test_nasty_boxes_hold_degenerate_and_good_ones() -> None:
    good = np.concatenate([sizes(nasty_boxes(seed, 4000), (60, 64, 3))[:, 0] > 0 for seed in SEEDS])
    assert 0.1 < good.mean() < 0.9


def exact(page: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The oracle's values (h, w, 3), not rounded."""
    return oracles.crop(page, box, *sizes(box[None], page.shape)[0])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", OWN_HERE)
def test_values_are_nearer_to_the_exact_ones_than_a_hundredth_of_a_pixel(name: str, seed: int) -> None:
    """2 · 255/100 for the position in x and y, 0.5 for rounding."""
    page, boxes = noise(seed, 97, 160), convex_boxes(seed, 200, 97, 160)
    for box, crop in zip(boxes, call(name, page, boxes), strict=True):
        if crop.size:
            error = np.abs(crop - exact(page, box)).max()
            assert error <= 2 * LARGEST_STEP / 100 + 0.5, f"seed {seed}, box {box.tolist()}: off by {error}"


@pytest.mark.parametrize("tilt", [0.0, 0.001, 0.03])
@pytest.mark.parametrize("name", OWN_HERE)
def test_positions_are_as_exact_at_the_far_end_of_a_very_wide_page(name: str, tilt: float) -> None:
    page = noise(7, 40, 32766)
    for left in (0.75, 16000.25, 32600.5):
        x = np.array([left, left + 123.4])
        y = np.array([9.3, 9.3 + 123.4 * tilt])
        box = np.array([(x[0], y[0]), (x[1], y[1]), (x[1], y[1] + 20.6), (x[0], y[0] + 20.6)], np.float32)
        for quadrilateral in (box, box + np.array([(0, 0), (0, 0), (3, 1), (0, 0)], np.float32)):
            found = call(name, page, quadrilateral[None])[0]
            assert np.abs(found - exact(page, quadrilateral)).max() <= 2 * LARGEST_STEP / 100 + 0.5


@pytest.mark.parametrize("name", OWN_HERE)
def test_a_crop_over_the_whole_width_drifts_nowhere(name: str) -> None:
    page = noise(8, 24, 32766)
    box = np.array([(1.25, 2.5), (32760.75, 3.5), (32761.0, 19.5), (1.5, 18.25)], np.float32)
    for quadrilateral in (box, np.array([(1.25, 2.5), (32760.75, 2.5), (32760.75, 19.5), (1.25, 19.5)], np.float32)):
        found = call(name, page, quadrilateral[None])[0]
        assert np.abs(found - exact(page, quadrilateral)).max() <= 2 * LARGEST_STEP / 100 + 0.5


@pytest.mark.parametrize("name", OWN_HERE)
def test_a_long_line_that_climbs_gently_keeps_its_positions(name: str) -> None:
    page = noise(10, 500, 4200)
    rising = np.array([(20.3, 430.6), (4090.2, 20.9), (4092.2, 40.9), (22.3, 450.6)], np.float32)
    falling = np.array([(20.3, 5.6), (4090.2, 420.9), (4100.0, 470.5), (15.25, 28.75)], np.float32)
    for quadrilateral in (rising, falling, rising / 3 + 40):
        found = call(name, page, quadrilateral[None])[0]
        assert np.abs(found - exact(page, quadrilateral)).max() <= 2 * LARGEST_STEP / 100 + 0.5


@pytest.mark.parametrize("name", OWN_HERE)
def test_a_steep_perspective_keeps_its_positions(name: str) -> None:
    """One side is a thousandth of the opposite one."""
    page = noise(9, 400, 400)
    box = np.array([(200.0, 20), (200.3, 20), (390, 380), (5, 370)], np.float32)
    for turn in range(4):
        quadrilateral = np.roll(box, turn, axis=0)
        found = call(name, page, quadrilateral[None])[0]
        assert np.abs(found - exact(page, quadrilateral)).max() <= 2 * LARGEST_STEP / 100 + 0.5


@pytest.mark.parametrize("value", [0, 1, 127, 128, 254, 255])
@pytest.mark.parametrize("name", OWN_HERE)
def test_a_page_of_one_colour_gives_crops_of_that_colour(name: str, value: int) -> None:
    boxes = convex_boxes(5, 200, 60, 60) + np.float32(200)
    for crop in call(name, np.full((500, 500, 3), value, np.uint8), boxes):
        assert (crop == value).all()


PAGE, BOXES = np.zeros((4, 5, 3), np.uint8), np.zeros((2, 4, 2), np.float32)
WRONG: dict[str, tuple[tuple[Any, ...], type[Exception]]] = {
    "no argument": ((), TypeError),
    "three arguments": ((PAGE, BOXES, 1), TypeError),
    "a list": (([[0]], BOXES), TypeError),
    "boxes as a list": ((PAGE, [[0]]), TypeError),
    "a grey page": ((PAGE[..., 0].copy(), BOXES), ValueError),
    "four channels": ((np.zeros((4, 5, 4), np.uint8), BOXES), ValueError),
    "an empty page": ((PAGE[:0], BOXES), ValueError),
    "a page of floats": ((PAGE.astype(np.float32), BOXES), ValueError),
    "a page with gaps": ((PAGE[:, ::2], BOXES), ValueError),
    "too many columns": ((np.zeros((1, 32767, 3), np.uint8), BOXES), ValueError),
    "boxes of float64": ((PAGE, BOXES.astype(np.float64)), ValueError),
    "boxes with three corners": ((PAGE, BOXES[:, :3].copy()), ValueError),
    "boxes with gaps": ((PAGE, BOXES[::-1]), ValueError),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("name", [name for name in HERE if name.startswith("opencv_api")])
def test_the_raw_api_refuses_wrong_arguments_and_leaks_nothing(name: str, case: str) -> None:
    arguments, error = WRONG[case]
    function = VARIANTS[name].function
    assert function is not None

    def refused() -> None:
        with pytest.raises(error):
            function(*arguments)

    refused()
    references = [sys.getrefcount(argument) for argument in arguments]
    for _ in range(200):
        refused()
    assert [sys.getrefcount(argument) for argument in arguments] == references


BOTH = """
import ctypes, importlib.util, sys
from pathlib import Path
import numpy as np
if sys.argv[1] == "the system's first":
    folder = Path(importlib.util.find_spec("labkit").origin).parent / "stages" / "crop_boxes"
    ctypes.CDLL(str(next(folder.glob("opencv_api.*.so"))))  # and with it OpenCV's own libraries
    assert "cv2" not in sys.modules
import cv2
from labkit.core import registry
from tests.stages.test_crop_boxes_native import convex_boxes, noise

page, boxes = noise(3, 200, 300), convex_boxes(3, 50, 200, 300)
threads = cv2.getNumThreads()
blurred = cv2.GaussianBlur(page, (5, 5), 0)
found = registry.variant("crop_boxes", "opencv_api_omp").function(page, boxes)
expected = registry.variant("crop_boxes", "loop").function(page, boxes)
worst = max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(found, expected) if a.size)
same = np.array_equal(blurred, cv2.GaussianBlur(page, (5, 5), 0))
print(worst <= 16, same, cv2.getNumThreads() == threads)
"""


@pytest.mark.skipif(sys.platform != "linux" or "opencv_api" not in HERE, reason="needs the built opencv_api")
@pytest.mark.parametrize("order", ["cv2's first", "the system's first"])
def test_two_opencvs_live_in_one_process(order: str) -> None:
    done = subprocess.run([sys.executable, "-c", BOTH, order], capture_output=True, text=True)
    assert done.stdout.split() == ["True"] * 3, done.stderr[-500:]


def test_a_source_that_was_not_built_names_the_package_it_needs() -> None:
    folder = Path(sys.modules["labkit.stages.crop_boxes"].__file__ or "").parent
    assert "pkg-config" not in why_unbuilt(folder / "native.cpp")
    assert "it needs opencv4 for C++, known to pkg-config; with it, run make setup" in why_unbuilt(
        folder / "opencv_api.cpp"
    )
