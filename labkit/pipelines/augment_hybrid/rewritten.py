"""albumentations, then augraphy's slowest operations written anew."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.pipelines.augment_hybrid.camera import photographed
from labkit.pipelines.augment_hybrid.draw import HybridChoices
from labkit.stages.augment_documents.operations import run
from labkit.stages.augment_documents.rewritten import library
from labkit.stages.augment_documents.streams import own_streams


@variant("augment_hybrid", kind="numba", requires=("albumentations", "augraphy"))
def rewritten(image: np.ndarray, choices: HybridChoices) -> np.ndarray:
    """albumentations' Compose of this thread, then augraphy's slowest steps by Numba loops on the same random numbers."""
    photo, operations = photographed(image, choices.camera), library()
    with own_streams() as seed:
        return run(photo, choices.document, operations, seed)
