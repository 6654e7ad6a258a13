"""Many images from a one-image stage: its contract, split, workloads and variants, made in three lines.

In ``labkit/pipelines/NAME_many/__init__.py``::

    from labkit.pipelines.many import many_images
    from labkit.stages.NAME.draw import draw

    many_images(__name__, "NAME", draw)          # or without draw, where the stage takes the image alone

That registers the stage ``NAME_many(images: list, seed: int = 0) -> list`` with one variant for each of the one-image
stage's variants, of the same name and kind. Their partial is one image's work, so each of them runs under every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.core import Split, Stage, UsageError, Variant, Workload, registry
from labkit.core.stage import define_stage
from labkit.stages.augment.workloads import photograph

Cut = Callable[[int, int, int], np.ndarray]
# Images, rows, columns. As many as two workers can share evenly: of eight, one of which is blurred as widely as can be, no
# schedule makes more than 1.7 times the pace of one worker.
SIZES = {"64x256": (64, 256, 256), "32x512": (32, 512, 512), "24x1080p": (24, 1080, 1920)}


@dataclass(frozen=True)
class OneImage:
    """One image's work, ``(image, seed, index)``: draw its choices, if there are any, and apply them. Pickles small."""

    function: Callable[..., Any]
    draw: Callable[..., Any] | None = None
    draw_takes_shape: bool = False

    def __call__(self, image: np.ndarray, seed: int, index: int) -> Any:
        return self.function(image, *self.choices(image, seed, index))

    def choices(self, image: np.ndarray, seed: int, index: int) -> tuple[Any, ...]:
        """What comes after the image in the one-image stage's signature: (choices,), or nothing."""
        if self.draw is None:
            return ()
        return (self.draw(seed, index, image.shape) if self.draw_takes_shape else self.draw(seed, index),)


def parts(count: int, images: list[np.ndarray], seed: int = 0) -> list[tuple[Any, ...]]:
    """One part an image, whatever ``count``: what an engine hands over at a time is the engine's to choose."""
    return [(image, seed, index) for index, image in enumerate(images)]


def in_order(results: list[Any], images: list[np.ndarray], seed: int = 0) -> list[Any]:
    """The outputs in the order of the images."""
    return list(results)


def many_images(
    package: str,
    one: str,
    draw: Callable[..., Any] | None = None,
    *,
    draw_takes_shape: bool = False,
    cut: Cut = photograph,
    sizes: Mapping[str, tuple[int, int, int]] = SIZES,
    empty_cells: Mapping[str, str] | None = None,
) -> Stage:
    """Define the stage ``{one}_many`` and its variants, in the package that calls.

    Parameters
    ----------
    package : ``__name__`` of the calling ``labkit/pipelines/{one}_many/__init__.py``.
    one : name of a stage in ``labkit/stages/{one}`` whose signature is ``(image)`` or ``(image, choices)``.
    draw : ``(seed, index) -> choices``, a function at the top of a module; None where the stage takes the image alone.
    draw_takes_shape : call ``draw(seed, index, image.shape)`` instead.
    cut : ``(index, height, width) -> uint8 (height, width, 3)``: the workloads' images, another for each index;
        photographs unless told otherwise.
    sizes : the workloads by name: (images, height, width).
    empty_cells : reasons for kinds without a variant; those of the one-image stage unless given.

    Raises UsageError when the one-image stage does not exist or takes something else.
    """
    registry.import_folder(f"labkit.stages.{one}")
    if one not in registry.stages:
        raise UsageError(f"{package}: there is no stage {one} in labkit/stages/{one}")
    single = registry.stages[one]
    _check_parameters(package, single, draw)
    stage = define_stage(
        _contract(package, single, draw, draw_takes_shape),
        reference=single.reference,
        workloads=[_workload(name, size, cut) for name, size in sizes.items()],
        edge_cases=lambda: _edge_cases(cut),
        agreement=single.agreement,
        floor_bytes=_floor_bytes(single, draw, draw_takes_shape),
        split=Split("images", parts, in_order),
        items=lambda images, seed=0: len(images),
        empty_cells=empty_cells if empty_cells is not None else _without_engines(single.empty_cells),
    )
    registry.add_stage(stage, f"{package}:{stage.name}")
    for variant in registry.variants.get(one, {}).values():
        registry.add_variant(_many_of(package, stage.name, variant, draw, draw_takes_shape))
    return stage


def _check_parameters(package: str, single: Stage, draw: Callable[..., Any] | None) -> None:
    expected = 1 if draw is None else 2
    if len(single.signature.parameters) != expected:
        raise UsageError(
            f"{package}: stage {single.name}{single.signature} takes {len(single.signature.parameters)} inputs; "
            f"with{'out' if draw is None else ''} a draw it must take {expected}"
        )


def _contract(package: str, single: Stage, draw: Callable[..., Any] | None, shape: bool) -> Callable[..., None]:
    one_check = OneImage(single.contract, draw, shape)

    def contract(images: list[np.ndarray], seed: int = 0) -> None:
        if not isinstance(images, list):
            raise TypeError(f"images is a {type(images).__name__}; give a list of numpy arrays uint8 (h, w, 3)")
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise TypeError(f"seed is a {type(seed).__name__}; give an integer ≥ 0")
        if seed < 0:
            raise UsageError(f"seed is {seed}; give an integer ≥ 0")
        for index, image in enumerate(images):
            if not isinstance(image, np.ndarray):
                raise TypeError(f"images[{index}] is a {type(image).__name__}; give a numpy array uint8 (h, w, 3)")
            try:
                one_check(image, seed, index)
            except UsageError as error:
                raise UsageError(f"images[{index}]: {error}") from error

    contract.__name__ = contract.__qualname__ = f"{single.name}_many"
    contract.__module__ = package
    contract.__doc__ = f"""{single.name} of many images: {single.summary[:1].lower()}{single.summary[1:]}

    Parameters
    ----------
    images : list of uint8 (h, w, 3), C-contiguous; sizes may differ, and the list may be empty.
    seed : of the run, at least 0. What is random about image i is drawn from (seed, i) alone.

    Returns
    -------
    list : for each image, in order, what ``{single.name}`` gives.

    Raises
    ------
    TypeError, ValueError : what ``{single.name}`` raises for one of the images (the text says which); seed < 0.
    """
    return contract


def _floor_bytes(single: Stage, draw: Callable[..., Any] | None, shape: bool) -> Callable[..., int] | None:
    if single.floor_bytes is None:
        return None
    of_one = OneImage(single.floor_bytes, draw, shape)

    def floor_bytes(images: list[np.ndarray], seed: int = 0) -> int:
        """Bytes that any implementation must move: the sum over the images."""
        return sum(of_one(image, seed, index) for index, image in enumerate(images))

    return floor_bytes


def _without_engines(cells: Mapping[str, str]) -> dict[str, str]:
    """The one-image stage's reasons, less that for engines: many images do run under them."""
    return {cell: reason for cell, reason in cells.items() if cell != "multiprocess"}


def _workload(name: str, size: tuple[int, int, int], cut: Cut) -> Workload:
    count, height, width = size

    def images(first: int) -> list[np.ndarray]:
        return [cut(first + index, height, width) for index in range(count)]

    summary = f"{count} images of {width}×{height}, all different"
    return Workload(name, lambda: (images(0),), summary, other=lambda: (images(count),))


def _edge_cases(cut: Cut) -> dict[str, tuple[Any, ...]]:
    return {
        "no image": ([], 0),
        "one image": ([cut(0, 40, 60)], 0),
        "sizes differ": ([cut(k, 24 + 9 * k, 64 - 7 * k) for k in range(5)], 3),
        "the same image twice": ([cut(0, 33, 47), cut(0, 33, 47)], 1),
        "a large seed": ([cut(1, 30, 30)], 2**63),
    }


def _many_of(package: str, stage: str, variant: Variant, draw: Callable[..., Any] | None, shape: bool) -> Variant:
    """The variant of the many-image stage: a plain loop over a one-image variant."""
    common: dict[str, Any] = {
        "stage": stage,
        "name": variant.name,
        "kind": variant.kind,
        "requires": variant.requires,
        "missing": variant.missing,
        "origin": f"{package}:{variant.name}",
        "summary": f"one after the other: {variant.summary[:1].lower()}{variant.summary[1:]}",
    }
    if variant.function is not None:
        one_image = OneImage(variant.function, draw, shape)
        return Variant(**common, function=_loop(one_image), partial=one_image)
    if variant.arm is not None:
        return Variant(**common, arm=_arm(variant.arm, draw, shape))
    return Variant(**common)  # not importable here: ``missing`` says why


def _loop(one_image: OneImage) -> Callable[..., list[Any]]:
    def loop(images: list[np.ndarray], seed: int = 0) -> list[Any]:
        return [one_image(image, seed, index) for index, image in enumerate(images)]

    return loop


def _arm(
    opened: Callable[[], AbstractContextManager[Callable[..., Any]]], draw: Callable[..., Any] | None, shape: bool
) -> Callable[[], AbstractContextManager[Callable[..., Any]]]:
    @contextmanager
    def arm() -> Iterator[Callable[..., Any]]:
        with opened() as function:
            yield _loop(OneImage(function, draw, shape))

    return arm
