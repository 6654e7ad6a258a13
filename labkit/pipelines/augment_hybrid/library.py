"""albumentations, then augraphy: pipelines kept, pipelines rebuilt for each image, and augraphy on streams of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from labkit.core import variant
from labkit.core.global_state import seed_globals
from labkit.pipelines.augment_hybrid.camera import built, photographed
from labkit.pipelines.augment_hybrid.draw import HybridChoices
from labkit.stages.augment_documents.library import alone, as_pipeline, cache_in, textures_in
from labkit.stages.augment_documents.operations import run
from labkit.stages.augment_documents.streams import own_streams, private_augraphy

NEEDS = ("albumentations", "augraphy")


@variant("augment_hybrid", kind="library", requires=NEEDS)
def libraries(image: np.ndarray, choices: HybridChoices) -> np.ndarray:
    """albumentations' Compose, built once and seeded for each image, then augraphy alone with the global generators."""
    photo = photographed(image, choices.camera)
    with alone() as augraphy:
        return run(photo, choices.document, augraphy, seed_globals)


@variant("augment_hybrid", kind="library", requires=NEEDS, arm=True)
@contextmanager
def libraries_naive() -> Iterator[Callable[..., np.ndarray]]:
    """The way of the blog: both pipelines built anew for each image, textures and cache on disk."""
    with TemporaryDirectory(prefix="labkit-augraphy-") as folder:
        texture = textures_in(Path(folder))

        def call(image: np.ndarray, choices: HybridChoices) -> np.ndarray:
            photo = np.ascontiguousarray(built(choices.camera)(image=image)["image"])
            with alone() as augraphy, cache_in(Path(folder)):
                return as_pipeline(photo, choices.document, augraphy, texture)

        yield call


@variant("augment_hybrid", kind="library", requires=NEEDS)
def libraries_streams(image: np.ndarray, choices: HybridChoices) -> np.ndarray:
    """albumentations' Compose of this thread, then augraphy on streams of its own: no lock."""
    photo, augraphy = photographed(image, choices.camera), private_augraphy()
    with own_streams() as seed:
        return run(photo, choices.document, augraphy, seed)
