"""Stage ocr_preprocess: its workloads and its reference, Otsu's arithmetic, borders, sizes around the vectors."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from labkit.core import Exact, registry
from labkit.kinds.otsu import threshold
from labkit.stages.ocr_preprocess import BLUE, GREEN, RED, SHIFT, ocr_preprocess
from labkit.stages.ocr_preprocess.workloads import of_greys
from tests.conformance.inputs import tie

STAGE = registry.stage("ocr_preprocess")
VARIANTS = registry.of("ocr_preprocess")
HERE = [name for name, variant in VARIANTS.items() if variant.unavailable() is None and variant.function is not None]
SLOW = {"python", "scipy_median", "pillow_median"}
QUICK = [name for name in HERE if name not in SLOW]


def call(name: str, image: np.ndarray) -> np.ndarray:
    function = VARIANTS[name].function
    assert function is not None
    result: np.ndarray = function(image)
    return result


def random_image(seed: int) -> np.ndarray:
    """A picture of random size whose grey levels are spread, bunched, few, or in two heaps."""
    draw = np.random.default_rng(seed)
    height, width = (int(side) for side in draw.integers(1, 300, 2))
    sort = seed % 6
    levels: np.ndarray
    if sort == 0:
        return draw.integers(0, 256, (height, width, 3), np.uint8)
    if sort == 1:
        levels = draw.normal(draw.uniform(30, 220), draw.uniform(1, 40), (height, width))
    elif sort == 2:
        levels = draw.choice(draw.integers(0, 256, int(draw.integers(2, 9))), (height, width))
    elif sort == 3:
        levels = np.where(draw.random((height, width)) < 0.1, 40, 210) + draw.normal(0, 12, (height, width))
    elif sort == 4:
        coarse = draw.integers(0, 256, (-(-height // 9), -(-width // 9)), np.uint8)
        levels = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    else:
        levels = np.linspace(0, 255, height)[:, None] + draw.normal(0, 3, (height, width))
    return of_greys(np.clip(levels, 0, 255))


@pytest.mark.parametrize("workload", STAGE.workloads)
def test_quick_variants_agree_with_the_reference_on_every_workload(workload: str) -> None:
    (image,) = STAGE.workload(workload).build()
    expected = call("opencv", image)
    for name in QUICK:
        assert Exact().difference(call(name, image), expected) is None, name


@pytest.mark.parametrize("workload", STAGE.workloads)
def test_a_workload_is_the_same_at_every_build_and_neither_all_black_nor_all_white(workload: str) -> None:
    first, second = (STAGE.workload(workload).build()[0] for _ in range(2))
    assert np.array_equal(first, second)
    ocr_preprocess(first)
    assert 0.02 < (call("opencv", first) == 255).mean() < 0.98


def test_the_reference_is_what_opencv_s_own_three_calls_give() -> None:
    for seed in range(12):
        image = random_image(seed)
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        cut, white = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
        if cut == threshold(np.bincount(grey.reshape(-1), minlength=256).tolist()):  # IPP differs in ties
            assert np.array_equal(call("opencv", image), cv2.medianBlur(white, 3)), f"seed {seed}"


@pytest.mark.parametrize("with_ipp", [True, False])
def test_the_reference_leaves_opencv_s_use_of_ipp_as_it_was(with_ipp: bool) -> None:
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(with_ipp)
    try:
        asked = cv2.ipp.useIPP()
        call("opencv", random_image(0))
        assert cv2.ipp.useIPP() == asked
    finally:
        cv2.ipp.setUseIPP(before)


def test_the_grey_formula_is_opencv_s_for_every_colour() -> None:
    packed = np.arange(1 << 24, dtype=np.uint32)
    image = packed.view(np.uint8).reshape(4096, 4096, 4)[..., :3].copy()
    blue, green, red = packed & 255, packed >> 8 & 255, packed >> 16
    grey = (blue * np.uint32(BLUE) + green * np.uint32(GREEN) + red * np.uint32(RED) + np.uint32(1 << 14)) >> np.uint32(
        SHIFT
    )
    assert np.array_equal(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).reshape(-1), grey)


def opencv_s_threshold(levels: np.ndarray) -> int:
    with_ipp = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        return int(cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)[0])
    finally:
        cv2.ipp.setUseIPP(with_ipp)


def test_otsu_s_threshold_is_opencv_s_on_histograms_of_all_sorts() -> None:
    for seed in range(1500):
        draw = np.random.default_rng(seed)
        kinds = (
            lambda draw=draw: draw.integers(0, 256, (1, draw.integers(1, 400))),
            lambda draw=draw: draw.choice(draw.integers(0, 256, draw.integers(1, 6)), (1, draw.integers(1, 90))),
            lambda draw=draw: np.clip(draw.normal(128, draw.uniform(0.3, 60), (1, 300)), 0, 255),
            lambda seed=seed: tie(np.random.default_rng(seed)),
        )
        levels = kinds[seed % 4]().astype(np.uint8)
        found = threshold(np.bincount(levels[0], minlength=256).tolist())
        assert found == opencv_s_threshold(levels), f"seed {seed}: {np.unique(levels, return_counts=True)}"


def test_some_ties_are_ties() -> None:
    """Otherwise the tests above would test nothing: with one more rounding step another level wins."""

    def by_parts(histogram: list[int]) -> int:
        counts = np.array(histogram, np.float64)
        below, sums = np.cumsum(counts), np.cumsum(counts * np.arange(256))
        with np.errstate(all="ignore"):
            variance = (sums[-1] * below - sums * below[-1]) ** 2 / (below * (below[-1] - below))
        return int(np.nanargmax(np.where(np.isfinite(variance), variance, -1)))

    histograms = [np.bincount(tie(np.random.default_rng(seed))[0], minlength=256).tolist() for seed in range(200)]
    assert sum(by_parts(histogram) != threshold(histogram) for histogram in histograms) > 10


@pytest.mark.parametrize("name", QUICK)
def test_a_class_too_small_for_opencv_counts_for_nothing(name: str) -> None:
    """One dark pixel in nine million is less than FLT_EPSILON of the picture: no threshold is found, and all is white."""
    image = np.full((3000, 3000, 3), 200, np.uint8)
    image[7, 7] = 3
    found = call(name, image)
    assert np.array_equal(found, call("opencv", image))
    assert (found == 255).all()


@pytest.mark.parametrize("value", [0, 1, 128, 255])
@pytest.mark.parametrize("name", HERE)
def test_a_picture_of_one_level_is_black_only_if_it_was(name: str, value: int) -> None:
    for shape in ((1, 1), (1, 70), (70, 1), (130, 140)):
        assert (call(name, np.full((*shape, 3), value, np.uint8)) == (255 if value else 0)).all()


@pytest.mark.parametrize("name", HERE)
def test_a_speck_goes_and_a_corner_counts_the_border_again(name: str) -> None:
    levels = np.full((9, 70), 220)
    levels[4, 66] = 10  # alone: it goes
    levels[0, 0] = levels[0, 1] = levels[1, 0] = 10  # eight of the nine around the corner, border repeated
    levels[8, 69] = 10  # four of nine
    found = call(name, of_greys(levels))
    assert found[4, 66] == 255
    assert found[0, 0] == 0
    assert found[8, 69] == 255
    assert (found == 0).sum() == 3


@pytest.mark.parametrize("name", [name for name in HERE if VARIANTS[name].kind == "native"])
def test_sizes_around_the_vectors_agree(name: str) -> None:
    """Around 64 pixels, 512 columns, groups of 1024 pixels, and the 16,384 below which every level is counted."""
    draw = np.random.default_rng(11)
    shapes = [(1, n) for n in (1, 2, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 16383, 16384, 16385, 17408, 17409)]
    shapes += [(n, 1) for n in (2, 3, 64, 65, 16384, 20000)]
    shapes += [(16, 1024), (17, 1024), (128, 128), (127, 129), (2, 8192), (3, 5461), (33, 512), (40, 513), (25, 1023)]
    for height, width in shapes:
        image = of_greys(
            np.where(draw.random((height, width)) < 0.4, 60, 190) + draw.integers(-30, 30, (height, width))
        )
        assert np.array_equal(call(name, image), call("opencv", image)), f"{height}×{width}"
