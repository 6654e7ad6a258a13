"""Stage ``label_encode``: names of classes to numbers, as training takes them.

Read the files in this order: python, numpy_search, library (the peers).
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import OneOf, UsageError, stage
from labkit.stages.label_encode import workloads

UNSEEN, MISSING = -1, -2


@stage(
    reference="python",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    items=lambda labels: len(labels),
    empty_cells={
        "gpu": "torch has no arrays of text",
        "multiprocess": "to look a label up is quicker than to send it",
    },
)
def label_encode(
    labels: np.ndarray, classes: np.ndarray, form: Annotated[str, OneOf(("integer", "one_hot"))] = "integer"
) -> None:
    """Give each label the number of its class, or a row with a 1 at its class.

    Parameters
    ----------
    labels : str_ (n,), C-contiguous; an empty text is a missing label.
    classes : str_ (k,), C-contiguous, k ≥ 1, sorted, each once, none empty: what :func:`classes_of` makes of the labels that one
        trains with, and keeps for all others.
    form : ``integer`` or ``one_hot``.

    Returns
    -------
    int64 (n,): the place among the classes, -1 for a label that is none of them, -2 for a missing one. ``one_hot``: uint8
        (n, k), of those two a row of zeros.

    Raises
    ------
    TypeError : labels or classes are no NumPy array, form no text.
    ValueError : another dtype or shape, arrays that are not C-contiguous, classes out of order, another form.

    Source: scikit-learn, OrdinalEncoder and OneHotEncoder, for what is done with unseen labels.
    """
    for name, value in (("labels", labels), ("classes", classes)):
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{name} is a {type(value).__name__}; give a numpy array str_ (n,)")
        if value.dtype.kind != "U" or value.ndim != 1:
            raise UsageError(f"{name} is {value.dtype} {value.shape}; give str_ (n,)")
        if not value.flags.c_contiguous:
            raise UsageError(f"{name} is not C-contiguous; give numpy.ascontiguousarray({name})")
    if not len(classes) or classes[0] == "" or not (classes[:-1] < classes[1:]).all():
        raise UsageError("classes is empty, out of order or has an empty or repeated text; give classes_of(labels)")


def classes_of(labels: np.ndarray) -> np.ndarray:
    """The classes that come among labels, sorted, without the missing one: str_ (k,)."""
    found = np.unique(labels)
    return found[found != ""]


def one_hot(numbers: np.ndarray, count: int) -> np.ndarray:
    """Rows of zeros with a 1 at each number that is not negative: uint8 (n, count)."""
    made = np.zeros((len(numbers), count), np.uint8)
    known = np.flatnonzero(numbers >= 0)
    made[known, numbers[known]] = 1
    return made
