"""A dictionary, and a look-up a label."""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.stages.label_encode import MISSING, UNSEEN, one_hot


@variant("label_encode", kind="python")
def python(labels: np.ndarray, classes: np.ndarray, form: str = "integer") -> np.ndarray:
    """A dict of the classes; NumPy makes Python's texts of its own in one call."""
    numbers = {name: number for number, name in enumerate(classes.tolist())} | {"": MISSING}
    found = np.array([numbers.get(label, UNSEEN) for label in labels.tolist()], np.int64)
    return found if form == "integer" else one_hot(found, len(classes))
