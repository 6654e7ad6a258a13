"""What is label_encode's own: what it refuses, and labels that training has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labkit.core import registry
from labkit.stages.label_encode import classes_of, one_hot

registry.discover()
GOOD = np.array(["a", "b"])


def test_classes_learnt_from_one_set_of_labels_number_another() -> None:
    classes = classes_of(np.array(["cat", "", "dog", "cat"]))
    function = registry.variant("label_encode", "python").function
    assert function is not None
    assert classes.tolist() == ["cat", "dog"]
    assert function(np.array(["dog", "cow", "", "cat"]), classes).tolist() == [1, -1, -2, 0]
    assert one_hot(np.array([1, -1, -2, 0]), 2).tolist() == [[0, 1], [0, 0], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("labels", "classes", "error", "text"),
    [
        (["a"], GOOD, TypeError, "^labels is a list; give"),
        (GOOD.astype("S"), GOOD, ValueError, "^labels is .S1 .*; give"),
        (GOOD.astype(object), GOOD, ValueError, "^labels is object .*; give"),
        (GOOD[None], GOOD, ValueError, "^labels is .*; give"),
        (GOOD[::-1], GOOD, ValueError, "^labels is not C-contiguous; give"),
        (GOOD, GOOD[:0], ValueError, "^classes is empty.*; give"),
        (GOOD, GOOD[::-1].copy(), ValueError, "^classes is .*out of order.*; give"),
        (GOOD, np.array(["a", "a"]), ValueError, "^classes is .*repeated.*; give"),
        (GOOD, np.array(["", "a"]), ValueError, "^classes is .*empty.*; give"),
    ],
)
def test_what_it_does_not_take_is_refused(labels: Any, classes: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        registry.stage("label_encode").contract(labels, classes)
