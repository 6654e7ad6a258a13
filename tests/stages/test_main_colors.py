"""Stage main_colors: every variant against an oracle of its own, the contract's rules, and the facts of the workloads."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import psutil
import pytest

from labkit.core import Exact, UsageError, Variant, registry
from labkit.inputs.drawings import palette
from labkit.kinds.device import OnDevice
from labkit.stages.main_colors import MainColors, main_colors, rows, top_of_parts, workloads

STAGE = registry.stage("main_colors")
VARIANTS = registry.of("main_colors")
HERE = [name for name, variant in VARIANTS.items() if variant.unavailable() is None]
SPLITTABLE = [name for name in HERE if VARIANTS[name].partial is not None]
SLOW_ON_BIG = {"python"}
EDGE_CASES = workloads.edge_cases()
SEEDS = range(5)


def oracle(image: np.ndarray, n: int) -> MainColors:
    """Brute force: a Counter over tuples, sorted in Python, each colour repeated over its band."""
    counted = Counter(map(tuple, image.reshape(-1, 4)[:, :3][image.reshape(-1, 4)[:, 3] != 0].tolist()))
    best = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:n]
    colors = np.array([color for color, _ in best], np.uint8).reshape(-1, 3)
    panel = np.repeat(np.repeat(colors[:, None, :], 512, axis=1), 64, axis=0)
    return MainColors(colors, np.array([count for _, count in best], np.int64), panel)


@cache
def expected(case: str | int, n: int) -> MainColors:
    """The oracle's answer to an edge case (by name) or to a random image (by seed)."""
    return oracle(EDGE_CASES[case][0] if isinstance(case, str) else random_image(case), n)


def call(name: str, image: np.ndarray, n: int) -> MainColors:
    function = VARIANTS[name].function
    assert function is not None
    return function(image, n)


def random_image(seed: int) -> np.ndarray:
    """A picture of random size with runs, few or many colours, and four sorts of alpha."""
    draw = np.random.default_rng(seed)
    height, width = (int(side) for side in draw.integers(1, 260, 2))
    palette = draw.integers(0, 256, (int(draw.choice([2, 40, 3000, 200_000])), 4)).astype(np.uint8)
    palette[:, 3] = draw.choice([0, 1, 254, 255], len(palette))
    picks = draw.integers(0, len(palette), height * width)
    lengths = draw.integers(1, int(draw.choice([2, 5, 400])), height * width)
    return palette[np.repeat(picks, lengths)[: height * width]].reshape(height, width, 4)


@pytest.mark.parametrize("workload", STAGE.workloads)
@pytest.mark.parametrize("name", [name for name in HERE if name not in SLOW_ON_BIG])
def test_every_variant_agrees_with_the_reference_on_every_workload(
    name: str, workload: str, answers: dict[str, Any]
) -> None:
    image = answers["images"].setdefault(workload, STAGE.workload(workload).build()[0])
    if workload not in answers:
        answers[workload] = call(STAGE.reference, image, 6)
    assert Exact().difference(call(name, image, 6), answers[workload]) is None


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    return {"images": {}}


def test_ties_come_in_ascending_order_of_blue_green_red() -> None:
    colors = [(0, 0, 9), (0, 9, 0), (9, 0, 0), (1, 1, 1)]
    image = np.array([[(*color, 255) for color in reversed(colors)]], np.uint8)
    for name in HERE:
        assert call(name, image, 3).colors.tolist() == [[0, 0, 9], [0, 9, 0], [1, 1, 1]], name


def test_an_image_without_opaque_pixels_gives_no_colors() -> None:
    for name in HERE:
        found = call(name, np.zeros((3, 5, 4), np.uint8), 6)
        assert [part.shape for part in found] == [(0, 3), (0,), (0, 512, 3)], name
        assert [part.dtype for part in found] == [np.uint8, np.int64, np.uint8], name


GOOD = np.zeros((2, 3, 4), np.uint8)
WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "a list": (([[0]], 6), TypeError, "image is a list"),
    "float image": ((GOOD.astype(np.float32), 6), ValueError, "float32"),
    "no alpha": ((GOOD[:, :, :3].copy(), 6), ValueError, "(2, 3, 3)"),
    "grey": ((GOOD[:, :, 0].copy(), 6), ValueError, "(2, 3)"),
    "no rows": ((GOOD[:0], 6), ValueError, "empty"),
    "no columns": ((GOOD[:, :0].copy(), 6), ValueError, "empty"),
    "not contiguous": ((np.zeros((2, 6, 4), np.uint8)[:, ::2], 6), ValueError, "ascontiguousarray"),
    "n as a float": ((GOOD, 6.0), TypeError, "n is a float"),
    "n as a bool": ((GOOD, True), TypeError, "n is a bool"),
    "n is zero": ((GOOD, 0), ValueError, "n is 0"),
    "n is negative": ((GOOD, -1), ValueError, "n is -1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_boundary_refuses_wrong_input_and_says_what_came(case: str) -> None:
    inputs, error, text = WRONG[case]
    with pytest.raises(error, match=text.replace("(", r"\(").replace(")", r"\)")):
        main_colors(*inputs)


def test_the_boundary_takes_right_input() -> None:
    main_colors(GOOD, 6)
    main_colors(GOOD, n=np.int64(1))  # type: ignore[arg-type]
    assert issubclass(UsageError, ValueError)


@pytest.mark.parametrize("count", [1, 2, 3, 64])
@pytest.mark.parametrize("name", SPLITTABLE)
def test_parts_combined_equal_the_whole(name: str, count: int) -> None:
    for image, n in (EDGE_CASES["n_40"], EDGE_CASES["1x1_transparent"], (random_image(2), 6)):
        parts = [VARIANTS[name].partial(*part) for part in rows(count, image, n)]  # type: ignore[misc]
        assert all(colors.dtype == np.uint32 and counts.dtype == np.int64 for colors, counts in parts)
        assert Exact().difference(top_of_parts(parts, image, n), oracle(image, n)) is None


def test_the_variants_meant_for_engines_bring_a_partial() -> None:
    assert {"faster", "numba_loop"} <= set(SPLITTABLE)
    assert all(VARIANTS[name].partial for name in ("native", "cython_loop") if name in HERE)


def resident() -> int:
    return psutil.Process().memory_info().rss


def bucket_of_native(colors: np.ndarray) -> np.ndarray:
    return (colors ^ ((colors >> 8) * 0x9E35 & 0xFFFF) >> 4) & 0xFFF


def bucket_of_numba(colors: np.ndarray) -> np.ndarray:
    return (colors ^ (colors >> 12) * 0x9E5) & 0xFFF


@pytest.mark.parametrize("bucket", [bucket_of_native, bucket_of_numba])
@pytest.mark.parametrize("name", [name for name in HERE if VARIANTS[name].kind in ("native", "numba")])
def test_winners_are_found_where_the_first_bound_did_not_look(name: str, bucket: Callable[..., np.ndarray]) -> None:
    """Four buckets crowded with rare colours have the largest totals, and none of the winners."""
    colors = np.arange(1 << 24)
    buckets = bucket(colors)
    rare = np.concatenate([colors[buckets == k][:1500] for k in (5, 6, 7, 8)])
    winners = np.array([next(c for c in colors[buckets == k]) for k in (100, 101, 102, 103, 104, 105)])
    pixels = np.concatenate([rare, np.repeat(winners, np.arange(20, 26))])
    blue, green, red = pixels >> 16, pixels >> 8 & 255, pixels & 255
    image = np.stack([blue, green, red, np.full_like(blue, 255)], axis=1).astype(np.uint8)[None]
    for n in (1, 4, 6, 9):
        found = call(name, image, n)
        assert Exact().difference(found, oracle(image, n)) is None, n
        assert found.counts[0] == 25


def test_the_gpu_variant_agrees_on_the_cpu_device_of_torch() -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install labkit[gpu]")
    from labkit.stages.main_colors.gpu import packed, unpacked, winning_keys

    for image, n in (*EDGE_CASES.values(), *((random_image(seed), 6) for seed in SEEDS)):
        assert Exact().difference(OnDevice(winning_keys, "cpu", packed, unpacked)(image, n), oracle(image, n)) is None


def test_the_gpu_variant_says_why_it_cannot_run() -> None:
    gpu: Variant = VARIANTS["torch_sort"]
    reason = gpu.unavailable()
    assert reason is None or "not installed" in reason or "checked on cpu only" in reason


def facts(image: np.ndarray) -> dict[str, float]:
    pixels = image.view(np.uint32)[..., 0]
    opaque = pixels >> 24 != 0
    ends = np.ones(pixels.shape, bool)
    ends[:, :-1] = pixels[:, 1:] != pixels[:, :-1]
    return {
        "opaque": opaque.sum(),
        "run": opaque.sum() / (ends & opaque).sum(),
        "colors": len(np.unique(pixels[opaque])),
    }


def test_the_logo_is_what_the_talk_describes() -> None:
    image = workloads.logo()
    assert image.shape == (958, 1254, 4)
    found = facts(image)
    assert found["opaque"] == pytest.approx(788_348, rel=0.01)
    assert 5 < found["run"] <= 40
    flat = {tuple(color[:3]) for color in palette()}
    opaque = image[image[:, :, 3] != 0][:, :3]
    counts = Counter(map(tuple, opaque.tolist()))
    assert 24 <= sum(color in flat for color in counts) <= 60
    antialiased = sum(count for color, count in counts.items() if color not in flat) / len(opaque)
    assert 0.05 <= antialiased < 0.2
    assert {color for color, _ in counts.most_common(6)} <= flat


def test_the_photo_is_real_large_enough_and_has_a_round_aperture() -> None:
    image = workloads.photo()
    assert image.shape == (1411, 1411, 4)
    assert set(np.unique(image[:, :, 3])) == {0, 255}
    found = facts(image)
    assert 0.7 < found["opaque"] / image[:, :, 0].size < 0.8  # a disc in its square: pi / 4 = 0.785
    assert found["colors"] > 30_000
    assert image[700, 700, 3] == 255
    assert not image[[0, 0, -1, -1], [0, -1, 0, -1], 3].any()


def test_in_noise_every_pixel_has_another_color() -> None:
    image = workloads.noise()
    found = facts(image)
    assert found["opaque"] == found["colors"] == image[:, :, 0].size >= 1 << 20


def test_4k_and_tiny_have_the_sizes_their_names_say() -> None:
    assert workloads.mosaic().shape == (2160, 3840, 4)
    assert facts(workloads.mosaic())["colors"] > 100_000
    assert workloads.icon().shape == (32, 32, 4)


@pytest.mark.parametrize("workload", STAGE.workloads)
def test_a_workload_is_built_alike_every_time_and_its_other_asks_for_another_answer(workload: str) -> None:
    load = STAGE.workload(workload)
    digests = {hashlib.sha256(load.build()[0].tobytes()).hexdigest() for _ in range(2)}
    assert len(digests) == 1
    assert load.other is not None
    image, other = load.build()[0], load.other()[0]
    assert (image.shape, image.dtype, other.flags.c_contiguous) == (other.shape, other.dtype, True)
    main_colors(image)
    main_colors(other)
    assert Exact().difference(call("np_sort", other, 6), call("np_sort", image, 6)) is not None


def test_the_panel_shows_the_colors_in_their_order() -> None:
    found = call("naive", workloads.icon(), 3)
    assert found.panel.shape == (192, 512, 3)
    for k, color in enumerate(found.colors):
        assert (found.panel[k * 64 : (k + 1) * 64] == color).all()
    assert all(a >= b for a, b in pairwise(found.counts))
