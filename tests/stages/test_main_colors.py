"""Stage main_colors: every variant against an oracle of its own, the contract's rules, and the facts of the workloads."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from labkit.core import Exact, UsageError, Variant, registry
from labkit.inputs.drawings import palette
from labkit.stages.main_colors import MainColors, main_colors, workloads
from tests.conformance import oracles

STAGE = registry.stage("main_colors")
VARIANTS = registry.of("main_colors")
HERE = [name for name, variant in VARIANTS.items() if variant.unavailable() is None]
SPLITTABLE = [name for name in HERE if VARIANTS[name].partial is not None]
SLOW_ON_BIG = {"python"}


def call(name: str, image: np.ndarray, n: int) -> MainColors:
    function = VARIANTS[name].function
    assert function is not None
    return function(image, n)


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


def test_the_boundary_takes_right_input() -> None:
    main_colors(np.zeros((2, 3, 4), np.uint8), 6)
    main_colors(np.zeros((2, 3, 4), np.uint8), n=np.int64(1))  # type: ignore[arg-type]
    assert issubclass(UsageError, ValueError)


def test_the_variants_meant_for_engines_bring_a_partial() -> None:
    assert {"faster", "numba_loop"} <= set(SPLITTABLE)
    assert all(VARIANTS[name].partial for name in ("native", "cython_loop") if name in HERE)


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
        assert Exact().difference(found, oracles.main_colors(image, n)) is None, n
        assert found.counts[0] == 25


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
