"""augraphy itself, one image at a time: it draws from the process's global generators, so it must have them alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np

from labkit.core import variant
from labkit.core.global_state import isolated, seed_globals
from labkit.stages.augment_documents.draw import Choices, Operation
from labkit.stages.augment_documents.operations import BUILDERS, finished, run
from labkit.stages.augment_documents.serial import serial_kernels
from labkit.stages.augment_documents.textures import sheet, tiles_for


@contextmanager
def alone() -> Iterator[ModuleType]:
    """augraphy (imported on first use, 1.6 s), with the global generators to itself."""
    import numba  # noqa: F401  known before isolated() looks, so that its switch and its generators are put back

    with isolated(), np.errstate(over="ignore"):  # its pens subtract from a uint8, which wraps
        import augraphy  # type: ignore[import-untyped]

        with serial_kernels():
            yield augraphy


@variant("augment_documents", kind="library", requires=("augraphy",))
def augraphy(image: np.ndarray, choices: Choices) -> np.ndarray:
    """augraphy 8.2.6: its operations in turn, textures held in memory, global generators seeded and put back."""
    with alone() as library:
        return run(image, choices, library, seed_globals)


class _Seeded:
    """One of augraphy's operations that always runs, from its own seed; the pipeline takes it for one of its own."""

    def __init__(self, augmentation: Any, seed: int) -> None:
        self.augmentation, self.seed = augmentation, seed

    def should_run(self) -> bool:
        return True

    def __call__(self, image: np.ndarray, **others: Any) -> np.ndarray:
        seed_globals(self.seed)
        return self.augmentation(image, force=True)


def textures_in(folder: Path) -> Callable[[int, tuple[int, ...]], str]:
    """Where the paper ``number`` for a page of a shape lies as the only file of a folder, written there on first use."""

    def place(number: int, shape: tuple[int, ...]) -> str:
        tiles = tiles_for(shape)
        found = folder / f"paper{number}x{tiles}"
        if not found.exists():
            found.mkdir()
            cv2.imwrite(str(found / "paper.png"), sheet(number, tiles))
        return str(found)

    return place


def as_pipeline(
    image: np.ndarray, choices: Choices, library: Any, texture: Callable[[int, tuple[int, ...]], str]
) -> np.ndarray:
    """Build ``AugraphyPipeline`` with all its operations, and send one image through it."""

    def built(operations: tuple[Operation, ...]) -> list[_Seeded]:
        found = []
        for name, seed, parameters in operations:
            more = {"folder": texture(int(parameters["texture"]), image.shape)} if name == "paper_factory" else {}
            found.append(_Seeded(BUILDERS[name](library, parameters, image.shape, **more), seed))
        return found

    phases = {f"{name}_phase": built(operations) for name, operations in choices._asdict().items()}
    return finished(library.AugraphyPipeline(**phases)(image))


@contextmanager
def cache_in(folder: Path) -> Iterator[None]:
    """Let ``AugraphyPipeline`` keep its cache in ``folder``: it writes every input as PNG into the working directory.

    Its names are ``augraphy_cache/image_0.png`` to ``image_29.png``, the same for every process. The working directory
    belongs to all threads and is not changed; the pipeline's module is told of another one.
    """
    from augraphy.base import augmentationpipeline  # type: ignore[import-untyped]

    elsewhere = SimpleNamespace(path=os.path, makedirs=os.makedirs, getcwd=lambda: str(folder))
    augmentationpipeline.os = elsewhere
    try:
        yield
    finally:
        augmentationpipeline.os = os


@variant("augment_documents", kind="library", requires=("augraphy",), arm=True)
@contextmanager
def augraphy_naive() -> Iterator[Callable[..., np.ndarray]]:
    """The way of the blog: a new AugraphyPipeline per image, which reads its textures from disk and writes a PNG cache."""
    with TemporaryDirectory(prefix="labkit-augraphy-") as folder:
        texture = textures_in(Path(folder))

        def call(image: np.ndarray, choices: Choices) -> np.ndarray:
            with alone() as library, cache_in(Path(folder)):
                return as_pipeline(image, choices, library, texture)

        yield call
