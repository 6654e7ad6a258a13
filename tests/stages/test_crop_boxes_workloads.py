"""The workloads of crop_boxes: is the page what it says, and is every word where its box says?"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from labkit.core import registry
from labkit.inputs import typesetting
from labkit.inputs.pages import text_page, word_boxes
from labkit.stages.crop_boxes import crop_boxes, sizes, workloads

STAGE = registry.stage("crop_boxes")


@cache
def page() -> np.ndarray:
    return text_page()


@cache
def crops() -> list[np.ndarray]:
    """The words' crops in grey."""
    function = registry.of("crop_boxes")["loop"].function
    assert function is not None
    return [cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY) for crop in function(page(), word_boxes())]


@cache
def blocks() -> list[typesetting.Block]:
    return typesetting.layout()


@cache
def inside() -> np.ndarray:
    """Which boxes lie wholly on the page."""
    boxes = word_boxes()
    last = np.array([page().shape[1] - 1, page().shape[0] - 1])
    return ((boxes >= 0) & (boxes <= last)).all(axis=(1, 2))


def test_the_page_is_a4_and_has_1528_words_in_about_two_megapixels() -> None:
    boxes = word_boxes()
    assert page().shape == (3508, 2480, 3)
    assert (boxes.shape, boxes.dtype) == ((1528, 4, 2), np.float32)
    shapes = sizes(boxes, page().shape)
    assert shapes.min() >= 2
    assert 1.5e6 <= shapes.prod(axis=1).sum() <= 2.5e6


def test_the_file_holds_what_the_layout_draws() -> None:
    assert np.array_equal(page(), typesetting.draw_page())


def test_boxes_are_upright_rotated_and_warped() -> None:
    lt, rt, rb, lb = word_boxes().astype(np.float64).swapaxes(0, 1)
    slope = np.degrees(np.arctan2(rt[:, 1] - lt[:, 1], rt[:, 0] - lt[:, 0]))
    bend = np.abs(lt - rt + rb - lb).max(axis=1)
    upright, turned = np.abs(slope) < 1e-6, (np.abs(slope) >= 0.9) & (bend < 0.01)
    assert 0.5 < upright.mean() < 0.8
    assert turned.sum() > 150
    assert slope[turned].min() < -1
    assert slope[turned].max() > 1
    assert np.abs(slope).max() < 10
    assert (bend > 0.05).sum() > 150


def test_corners_lie_between_the_pixels() -> None:
    assert np.mean(word_boxes() % 1 == 0) < 0.01


def test_some_words_cross_the_border_on_three_sides_and_none_is_outside() -> None:
    boxes = word_boxes()
    x, y = boxes[..., 0], boxes[..., 1]
    assert (x.min(axis=1) < 0).sum() >= 3
    assert (y.min(axis=1) < 0).sum() >= 3
    assert (x.max(axis=1) > 2479).sum() >= 3
    assert 20 < np.count_nonzero(~inside()) < 100
    assert (sizes(boxes, page().shape)[:, 0] > 0).all()


def test_some_words_touch_the_border() -> None:
    boxes = word_boxes()
    bottom = boxes[..., 1].max(axis=1)
    assert ((bottom > 3500) & (bottom <= 3508.5)).sum() > 5


def test_every_crop_holds_ink_and_its_outermost_ring_hardly_any() -> None:
    dirty = []
    for k in np.flatnonzero(inside()):
        grey = crops()[k]
        paper, ink = np.percentile(grey, 95), grey.min()
        assert paper - ink > 90, k
        ring = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        if np.mean(ring < paper - 0.5 * (paper - ink)) > 0.02:
            dirty.append(k)
    assert len(dirty) < 5, dirty


def rendered(block: typesetting.Block, word: typesetting.Word, shape: tuple[int, ...]) -> np.ndarray:
    """A word set anew, upright and alone, and its box brought to the size of a crop."""
    sheet = typesetting.inked(replace(block, words=(word,)))
    x0, y0, x1, y1 = word.box
    right, bottom = shape[1] - 1, shape[0] - 1
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)
    target = np.array([(0, 0), (right, 0), (right, bottom), (0, bottom)], np.float32)
    return cv2.warpPerspective(sheet, cv2.getPerspectiveTransform(corners, target), (shape[1], shape[0]))


def likeness(ink: np.ndarray, grey: np.ndarray) -> float:
    return float(-np.corrcoef(ink.ravel(), grey.ravel())[0, 1])


def test_every_crop_looks_like_its_word_set_anew() -> None:
    words = [(block, word) for block in blocks() for word in block.words]
    for k in np.flatnonzero(inside())[::5]:
        block, word = words[k]
        assert likeness(rendered(block, word, crops()[k].shape), crops()[k]) > 0.85, (k, word.text, block.pose)


def test_a_crop_does_not_look_like_another_word() -> None:
    words = [(block, word) for block in blocks() for word in block.words]
    pairs = [(k, words[k - 700]) for k in range(700, 1500, 25) if words[k - 700][1].text != words[k][1].text]
    found = [likeness(rendered(*other, crops()[k].shape), crops()[k]) for k, other in pairs]
    assert len(found) > 20
    assert max(found) < 0.7
    assert np.median(found) < 0.3


def test_a_blocks_words_are_the_proses() -> None:
    texts = [word.text for block in blocks() for word in block.words]
    known = {word for sentence in typesetting.SENTENCES for word in sentence.split()}
    assert len(texts) == 1528
    assert set(texts) == known


@pytest.mark.parametrize("workload", STAGE.workloads)
def test_a_workload_is_built_alike_every_time_and_its_other_asks_for_another_answer(workload: str) -> None:
    load = STAGE.workload(workload)
    builds = [load.build() for _ in range(2)]
    digests = {hashlib.sha256(b"".join(array.tobytes() for array in inputs)).hexdigest() for inputs in builds}
    assert len(digests) == 1
    assert load.other is not None
    other = load.other()
    for inputs in (builds[0], other):
        crop_boxes(*inputs)
    assert [array.shape for array in other] == [array.shape for array in builds[0]]
    assert not any(np.array_equal(a, b) for a, b in zip(builds[0], other, strict=True))


def test_few_are_24_of_the_pages_words_and_large_are_12_of_700_thousand_pixels() -> None:
    few, large = workloads.few_boxes(), workloads.large_boxes()
    assert (few.shape, large.shape) == ((24, 4, 2), (12, 4, 2))
    words = {box.tobytes() for box in word_boxes()}
    assert all(box.tobytes() in words for box in few)
    shapes = sizes(large, page().shape)
    assert (np.abs(shapes - (1000, 700)) < 100).all()
    assert np.ptp(few[..., 0]) > 1500  # from all over the page
    assert np.ptp(few[..., 1]) > 2500
