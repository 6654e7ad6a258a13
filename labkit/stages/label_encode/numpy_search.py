"""A binary search for all labels at once."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.stages.label_encode import MISSING, UNSEEN, one_hot


@variant("label_encode", kind="numpy")
def numpy_search(labels: np.ndarray, classes: np.ndarray, form: str = "integer") -> np.ndarray:
    """searchsorted among the classes, then a comparison with what was found."""
    places = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    found = np.where(classes[places] == labels, places, np.where(labels == "", MISSING, UNSEEN)).astype(np.int64)
    return found if form == "integer" else one_hot(found, len(classes))
