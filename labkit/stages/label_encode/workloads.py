"""Labels as they come with data sets: few or many classes, a few missing, a few that training has not seen."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from labkit.core import Workload

SIZES = {"10-classes": (100_000, 10), "1000-classes": (100_000, 1000), "few": (100, 10)}


def inputs(count: int, classes: int, form: str, seed: int) -> tuple[Any, ...]:
    """So many labels, of which one in a hundred is missing and one in a hundred unseen."""
    random = np.random.default_rng([seed, 3])
    known = np.array([f"class {k:04d}" for k in range(classes)])
    labels = random.choice(known, count)
    labels[random.random(count) < 0.01] = ""
    labels[random.random(count) < 0.01] = "unseen"
    return labels, known, form


ALL = [
    Workload(
        f"{'one_hot-' * (form == 'one_hot')}{name}",
        partial(inputs, *size, form, 0),
        f"{size[0]} labels of {size[1]} classes, {form}",
        other=partial(inputs, *size, form, 1),
    )
    for form in ("integer", "one_hot")
    for name, size in SIZES.items()
    if size[0] * size[1] <= 10**6 or form == "integer"
]


def edge_cases() -> dict[str, tuple[Any, ...]]:
    """No label, one class, only missing ones, labels longer than any class, all of Unicode's lengths."""
    sorts = {
        "none": ([], ["a"]),
        "one": (["a"], ["a"]),
        "all missing": (["", "", ""], ["a", "b"]),
        "all unseen": (["c", "0"], ["a", "b"]),
        "longer and shorter": (["ab", "a", "abc", "abcd", ""], ["a", "abc"]),
        "before, between and behind": (["0", "a", "b", "c", "z"], ["a", "c"]),
        "of all lengths": (["é", "中", "😀", "e", "É", "ß", "é "], ["e", "ß", "é", "中", "😀"]),
        "spaces and numbers": ([" a", "a ", "1", "01", "nan", "None"], [" a", "01", "None", "nan"]),
    }
    return {
        f"{name}, {form}": (np.array(labels, dtype=str), np.array(classes, dtype=str), form)
        for name, (labels, classes) in sorts.items()
        for form in ("integer", "one_hot")
    }
