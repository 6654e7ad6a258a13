"""Stage crop_boxes: every variant against an oracle of its own, the rule for degenerate boxes, the tolerance, the split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest

from labkit.core import UsageError, Within, registry
from labkit.engines.arm import ArmName, open_arm
from labkit.kinds.device import OnDevice
from labkit.stages.crop_boxes import TOLERANCE, crop_boxes, equal_areas, floor_bytes, sizes, workloads
from labkit.stages.crop_boxes.homography import homographies
from tests.conformance import oracles
from tests.conformance.oracles import FROM_EXACT, crop_size

STAGE = registry.stage("crop_boxes")
VARIANTS = registry.of("crop_boxes")
HERE = [name for name, variant in VARIANTS.items() if variant.unavailable() is None]
SPLITTABLE = [name for name in HERE if VARIANTS[name].partial is not None]
EDGE_CASES = workloads.edge_cases()
SEEDS = range(6)


def random_inputs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A page of noise in few or many steps, and boxes of any angle, slightly warped, some mirrored, some partly outside."""
    draw = np.random.default_rng(seed)
    rows, columns = (int(side) for side in draw.integers(40, 300, 2))
    page = (
        draw.integers(0, 2, (rows, columns, 3)) * 255 if seed % 2 else draw.integers(0, 256, (rows, columns, 3))
    ).astype(np.uint8)
    boxes = []
    for _ in range(25):
        width, height = draw.uniform(4, 90, 2)
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width / 2, height / 2)
        corners += draw.uniform(-0.15, 0.15, (4, 2)) * (width, height)
        angle = draw.choice([0.0, np.pi / 2, draw.uniform(-np.pi, np.pi)])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        mirror = (draw.choice([-1, 1, 1, 1]), 1)
        boxes.append((corners * mirror) @ turn.T + draw.uniform(-10, (columns + 10, rows + 10)))
    return page, np.array(boxes, np.float32)


def steep(rows: int = 90, columns: int = 120) -> np.ndarray:
    """Noise of 0 and 255: the steepest content there is."""
    return (np.random.default_rng(5).integers(0, 2, (rows, columns, 3)) * 255).astype(np.uint8)


@cache
def inputs_of(case: str | int) -> tuple[np.ndarray, np.ndarray]:
    return EDGE_CASES[case] if isinstance(case, str) else random_inputs(case)


@cache
def expected(case: str | int) -> list[np.ndarray]:
    """The oracle's answer to an edge case (by name) or to random boxes (by seed)."""
    return oracles.crop_boxes(*inputs_of(case))


@pytest.fixture(scope="module")
def call() -> Iterator[Callable[..., list[np.ndarray]]]:
    """Calls a variant by name; its arm is opened once and stays open."""
    with ExitStack() as stack:
        opened = cache(lambda name: stack.enter_context(open_arm("crop_boxes", ArmName(name), 2)))
        yield lambda name, page, boxes: opened(name)(page, boxes)


Call = Callable[..., list[np.ndarray]]


# plain Python takes tens of seconds for the others; few is the same page
PAIRS = [(name, load) for name in HERE for load in STAGE.workloads if name != "python" or load == "few"]


@pytest.mark.parametrize(("name", "workload"), PAIRS)
def test_every_variant_agrees_with_the_reference_on_every_workload(name: str, workload: str, call: Call) -> None:
    inputs, answer = reference(workload)
    assert STAGE.agreement.difference(call(name, *inputs), answer) is None


@cache
def reference(workload: str) -> tuple[tuple[Any, ...], list[np.ndarray]]:
    inputs = STAGE.workload(workload).build()
    function = VARIANTS[STAGE.reference].function
    assert function is not None
    return inputs, function(*inputs)


@pytest.mark.parametrize("name", HERE)
def test_a_mirrored_box_gives_a_mirrored_crop(name: str, call: Call) -> None:
    page, boxes = inputs_of("subpixel")
    plain, mirrored = (
        call(name, page, np.ascontiguousarray(boxes[:, order])) for order in ([0, 1, 2, 3], [1, 0, 3, 2])
    )
    assert Within(TOLERANCE).difference([np.ascontiguousarray(crop[:, ::-1]) for crop in mirrored], plain) is None


def wild_boxes(seed: int) -> np.ndarray:
    """Boxes of every sort: whole numbers, tiny, huge, crossed, with holes."""
    draw = np.random.default_rng(seed)
    scale = draw.choice([1, 3, 10, 100, 3e4, 1e6, 1e30], (3000, 1, 1), p=[0.2, 0.2, 0.2, 0.2, 0.1, 0.05, 0.05])
    boxes = draw.normal(0, 1, (3000, 4, 2)) * scale
    ordered = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * scale + boxes * 0.3
    boxes = np.where(draw.random((3000, 1, 1)) < 0.7, ordered, boxes)
    boxes = np.where(draw.random((3000, 1, 1)) < 0.4, np.rint(boxes), boxes).astype(np.float32)
    boxes[draw.random(boxes.shape) < 0.005] = draw.choice([np.nan, np.inf, -np.inf])
    return boxes + draw.choice([0, 5, 50], (3000, 1, 1)).astype(np.float32)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_vectorised_rule_is_the_contracts_rule(seed: int) -> None:
    boxes = wild_boxes(seed)
    found = sizes(boxes, (70, 90, 3))
    assert found.dtype == np.int64
    assert found.tolist() == [list(crop_size(box, 70, 90)) for box in boxes], f"seed {seed}"
    assert 200 < np.count_nonzero(found[:, 0]) < 2800


def test_the_rule_does_not_touch_the_sizes_of_whole_diagonals() -> None:
    _, boxes = inputs_of("whole_diagonals")
    assert sizes(boxes, (83, 131, 3)).tolist() == [[50, 50], [5, 5], [13, 13]]


@pytest.mark.parametrize("name", HERE)
def test_every_variant_keeps_degenerate_boxes_in_their_places(name: str, call: Call) -> None:
    boxes = wild_boxes(9)
    shapes = sizes(boxes, (30, 40, 3))
    boxes = boxes[shapes.prod(axis=1) < 3000]
    found = call(name, steep(30, 40), boxes)
    assert [crop.shape[1::-1] for crop in found] == [tuple(shape) for shape in sizes(boxes, (30, 40, 3)).tolist()]
    assert 20 < sum(crop.size == 0 for crop in found) < len(found) - 20


@pytest.mark.parametrize("seed", SEEDS)
def test_closed_form_homographies_take_the_crops_corners_to_the_boxes_corners(seed: int) -> None:
    page, boxes = inputs_of(seed)
    shapes = sizes(boxes, page.shape)
    good = shapes[:, 0] > 0
    for box, (width, height), m in zip(boxes[good], shapes[good], homographies(boxes[good], shapes[good]), strict=True):
        corners = np.array([(0, 0, 1), (width - 1, 0, 1), (width - 1, height - 1, 1), (0, height - 1, 1)]) @ m.T
        assert np.abs(corners[:, :2] / corners[:, 2:] - box).max() < 1e-9, f"seed {seed}"


# What the tolerance lets pass, and what not.


def fixed_grid() -> np.ndarray:
    """Boxes whose source positions fall half-way between two of OpenCV's, at multiples of 1/64 pixel."""
    boxes = [[(x, y), (x + 65, y), (x + 65, y + 65), (x, y + 65)] for x, y in ((3, 5), (20, 11), (33.5, 7.25))]
    return np.array(boxes, np.float32)


def test_opencv_stays_within_half_the_tolerance_of_exact_values_on_the_steepest_content() -> None:
    boxes = np.concatenate([fixed_grid(), *(inputs_of(seed)[1] for seed in SEEDS)])
    gaps = gap(VARIANTS["loop"].function(steep(), boxes), oracles.crop_boxes(steep(), boxes))  # type: ignore[misc]
    assert 4 < gaps <= FROM_EXACT <= TOLERANCE / 2


@pytest.mark.parametrize("name", HERE)
def test_two_roundings_of_a_half_way_position_stay_within_the_tolerance(name: str, call: Call) -> None:
    assert gap(call(name, steep(), fixed_grid()), call("loop", steep(), fixed_grid())) <= TOLERANCE


def gap(found: list[np.ndarray], wanted: list[np.ndarray]) -> int:
    pairs = zip(found, wanted, strict=True)
    return max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in pairs if a.size)


def warped(
    page: np.ndarray, box: np.ndarray, size: tuple[int, int], reach: float, move: float, how: int, border: int
) -> np.ndarray:
    width, height = size
    right, bottom = width - reach + move, height - reach + move
    target = np.array([(move, move), (right, move), (right, bottom), (move, bottom)], np.float32)
    return cv2.warpPerspective(page, cv2.getPerspectiveTransform(box, target), size, flags=how, borderMode=border)


WRONG_VARIANTS: dict[str, tuple[float, float, int, int]] = {
    "corners mapped to w instead of w - 1": (0, 0, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT),
    "nearest neighbour": (1, 0, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT),
    "cubic": (1, 0, cv2.INTER_CUBIC, cv2.BORDER_CONSTANT),
    "an eighth of a pixel aside": (1, 0.125, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT),
    "the border repeated": (1, 0, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE),
}


@pytest.mark.parametrize("wrong", WRONG_VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_variant_is_found_out(seed: int, wrong: str) -> None:
    page, boxes = inputs_of(seed)
    found = [
        warped(page, box, (width, height), *WRONG_VARIANTS[wrong]) if width else np.empty((0, 0, 3), np.uint8)
        for box, (width, height) in zip(boxes, sizes(boxes, page.shape).tolist(), strict=True)
    ]
    right = VARIANTS["loop"].function(page, boxes)  # type: ignore[misc]
    assert STAGE.agreement.difference(found, right) is not None, f"seed {seed}"


def test_the_same_warp_without_a_fault_agrees() -> None:
    page, boxes = inputs_of(1)
    shapes = sizes(boxes, page.shape).tolist()
    found = [
        warped(page, box, (w, h), 1, 0, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)
        for box, (w, h) in zip(boxes, shapes, strict=True)
        if w
    ]
    right = [crop for crop in VARIANTS["loop"].function(page, boxes) if crop.size]  # type: ignore[misc]
    assert STAGE.agreement.difference(found, right) is None


# The split.


@pytest.mark.parametrize("count", [1, 2, 3, 8, 5000])
@pytest.mark.parametrize("case", ["no_boxes", "wholly_outside", "between_all", "widest", 2])
def test_the_split_covers_all_boxes_in_order(case: str | int, count: int) -> None:
    page, boxes = inputs_of(case)
    parts = equal_areas(count, page, boxes)
    assert 1 <= len(parts) <= count
    assert all(part[0] is page and part[1].flags.c_contiguous for part in parts)
    assert np.array_equal(np.concatenate([part[1] for part in parts]), boxes, equal_nan=True)
    assert all(len(part[1]) for part in parts) or not len(boxes)


@pytest.mark.parametrize("count", [2, 3, 16])
def test_parts_have_about_the_same_area(count: int) -> None:
    inputs, _ = reference("page")
    areas = [sizes(boxes, page.shape).prod(axis=1).sum() for page, boxes in equal_areas(count, *inputs)]
    largest = sizes(inputs[1], inputs[0].shape).prod(axis=1).max()
    assert len(areas) == count
    assert max(areas) - min(areas) <= 2 * largest


def test_the_variants_meant_for_engines_bring_a_partial() -> None:
    assert {"loop", "hoisted", "affine", "numpy_homographies", "numba_loop"} <= set(SPLITTABLE)
    assert all(VARIANTS[name].partial for name in ("native", "cython_loop") if name in HERE)


def test_the_floor_is_the_boxes_and_twice_the_crops() -> None:
    page, boxes = inputs_of("between_all")
    assert floor_bytes(page, boxes) == 5 * 32 + 2 * 2 * 3 * 41 * 20
    assert registry.stage("crop_boxes").items(page, boxes) == 5  # type: ignore[misc]


# The boundary.

PAGE, BOXES = np.zeros((2, 3, 3), np.uint8), np.zeros((5, 4, 2), np.float32)


def test_the_boundary_takes_right_input() -> None:
    crop_boxes(PAGE, BOXES)
    crop_boxes(np.zeros((32766, 1, 3), np.uint8), BOXES[:0])
    assert issubclass(UsageError, ValueError)
    for page, boxes in EDGE_CASES.values():
        crop_boxes(page, boxes)


# Compiled variants, threads, the graphics card.


def test_threads_use_no_other_global_settings() -> None:
    before = cv2.getNumThreads()
    with open_arm("crop_boxes", ArmName("threads"), 2) as threads:
        threads(*inputs_of(1))
    for name in ("loop", "hoisted", "affine"):
        VARIANTS[name].function(*inputs_of(1))  # type: ignore[misc]
    assert cv2.getNumThreads() == before


def test_chunks_of_the_gpu_variant_may_cut_boxes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install labkit[gpu]")
    from labkit.stages.crop_boxes import gpu

    monkeypatch.setattr(gpu, "CHUNK", 1000)
    small = [case for case in EDGE_CASES if sum(crop.size for crop in expected(case)) < 100_000]
    assert len(small) > 10
    for case in small:
        found = OnDevice(gpu.sampled, "cpu", gpu.mapped, gpu.cut_up)(*inputs_of(case))
        assert oracles.rule("crop_boxes").difference(found, expected(case)) is None, case
        assert all(crop.flags.owndata for crop in found)


def test_the_gpu_variant_says_why_it_cannot_run() -> None:
    reason = VARIANTS["torch_gather"].unavailable()
    assert reason is None or "not installed" in reason or "checked on cpu only" in reason
