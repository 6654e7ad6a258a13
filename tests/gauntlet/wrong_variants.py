"""Variants that are wrong in ways that make one look fast. None of them may ever be timed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

import labkit as lk

Image = np.ndarray


def photo() -> tuple[Image]:
    return (np.random.default_rng(5).integers(0, 256, (120, 160, 3), np.uint8),)


def edges() -> dict[str, tuple[Image]]:
    return {"one pixel": (np.full((1, 1, 3), 200, np.uint8),), "odd sizes": (photo()[0][:7, :5].copy(),)}


@lk.stage(reference="right", workloads=[lk.Workload("photo", photo)], edge_cases=edges)
def gauntlet_invert(image: Image) -> None:
    """The negative of a uint8 (h, w, 3) image, of the same shape and dtype."""


@lk.variant("gauntlet_invert", kind="numpy")
def right(image: Image) -> Image:
    return 255 - image


@lk.variant("gauntlet_invert", kind="numpy")
def also_right(image: Image) -> Image:
    return np.bitwise_not(image)


@lk.variant("gauntlet_invert", kind="numpy")
def another_order(image: Image) -> Image:
    return np.asfortranarray(255 - image)


def wrong(function: Callable[[Image], Image]) -> Callable[[Image], Image]:
    return lk.variant("gauntlet_invert", kind="numpy")(function)


@wrong
def one_pixel_off(image: Image) -> Image:
    output = 255 - image
    output[-1, -1, -1] ^= 1
    return output


@wrong
def last_row_left_out(image: Image) -> Image:
    output = np.zeros_like(image)
    output[:-1] = 255 - image[:-1]
    return output


@wrong
def every_second_row(image: Image) -> Image:
    return np.repeat((255 - image)[::2], 2, axis=0)[: len(image)]


@wrong
def channels_swapped(image: Image) -> Image:
    return np.ascontiguousarray((255 - image)[..., ::-1])


@wrong
def transposed(image: Image) -> Image:
    return np.ascontiguousarray((255 - image).transpose(1, 0, 2))


@wrong
def widened(image: Image) -> Image:
    return 255.0 - image


@wrong
def signed(image: Image) -> Image:
    return (255 - image).view(np.int8)


@wrong
def not_a_number(image: Image) -> Image:
    output = (255 - image).astype(np.float32)
    output[0, 0, 0] = np.nan
    return output


@wrong
def in_place(image: Image) -> Image:
    np.subtract(255, image, out=image)
    return image.copy()


@wrong
def view_of_the_input(image: Image) -> Image:
    np.subtract(255, image, out=image)
    return image


@wrong
def part_of_something_larger(image: Image) -> Image:
    room = np.empty((100, *image.shape), np.uint8)
    return np.subtract(255, image, out=room[0])


@wrong
def empty(image: Image) -> Image:
    return np.empty_like(image)


@wrong
def nothing(image: Image) -> Image:
    return None  # type: ignore[return-value]


memory: dict[tuple[int, ...], Image] = {}


@wrong
def remembers_the_shape(image: Image) -> Image:
    if image.shape not in memory:
        memory[image.shape] = 255 - image
    return memory[image.shape].copy()


@wrong
def remembers_the_address(image: Image) -> Image:
    key = (image.ctypes.data, image.size)
    if key not in memory:
        memory[key] = 255 - image
    return memory[key].copy()


@wrong
def remembers_the_first_row(image: Image) -> Image:
    return of_first_row(image[0].tobytes(), image.shape, [image]).copy()


@lru_cache
def _first(row: bytes, shape: tuple[int, ...]) -> list[Image]:
    return []


def of_first_row(row: bytes, shape: tuple[int, ...], image: list[Image]) -> Image:
    kept = _first(row, shape)
    if not kept:
        kept.append(255 - image[0])
    return kept[0]


buffers: dict[tuple[int, ...], Image] = {}


@wrong
def same_output_again(image: Image) -> Image:
    output = buffers.setdefault(image.shape, np.empty_like(image))
    return np.subtract(255, image, out=output)


@wrong
def fails_on_one_pixel(image: Image) -> Image:
    return 255 - image if image.size > 3 else image.copy()


@wrong
def raises_on_odd_sizes(image: Image) -> Image:
    if image.shape[1] % 2:
        raise ValueError("width must be even")
    return 255 - image


ring = [np.empty(0, np.uint8)] * 37


@wrong
def buffers_in_a_ring(image: Image) -> Image:
    ring.append(ring.pop(0))
    if ring[0].shape != image.shape:
        ring[0] = np.empty_like(image)
    return np.subtract(255, image, out=ring[0])


@wrong
def wrong_once_in_200_calls(image: Image, count: Iterator[int] = itertools.count(1)) -> Image:  # noqa: B008 (it counts)
    return np.bitwise_xor(255 - image, next(count) % 200 == 0, dtype=np.uint8)


@wrong
def wrong_after_500_calls(image: Image, count: Iterator[int] = itertools.count(1)) -> Image:  # noqa: B008 (it counts)
    return np.bitwise_xor(255 - image, next(count) > 500, dtype=np.uint8)


@wrong
def inverts_and_restores(image: Image) -> Image:
    np.invert(image, out=image)
    output = image.copy()
    np.invert(image, out=image)
    return output


calls: list[int] = []


@wrong
def right_once(image: Image) -> Image:
    calls.append(1)
    return 255 - image if len(calls) == 1 else image.copy()


@wrong
def crashes(image: Image) -> Image:
    import ctypes

    ctypes.string_at(0)
    return image


@contextmanager
def _answered_at_set_up() -> Iterator[Callable[[Image], Image]]:
    answer = 255 - photo()[0]
    yield lambda image: answer.copy() if image.shape == answer.shape else 255 - image


lk.variant("gauntlet_invert", kind="numpy", name="answered_at_set_up", arm=True)(_answered_at_set_up)
