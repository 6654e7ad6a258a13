"""What a contract's annotations do not take is refused: in one line that names the argument."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from labkit.core import UsageError, registry
from labkit.core.contract import Array, Drawn, Either, Image, Odd, OneOf, Real, Whole
from tests.conformance.trials import STAGES, copied, given, some_cases

Wrong = dict[str, tuple[Any, type[Exception]]]


def wrong(taken: Any) -> Wrong:
    """Values that a parameter does not take, each with the error that says so."""
    found: Wrong
    if isinstance(taken, Image | Either):
        return wrong_images(taken.images if isinstance(taken, Either) else (taken,))
    if isinstance(taken, Array):
        shape = [side or 2 for side in taken.shape]
        good = np.zeros(shape, taken.dtype)
        other = [
            np.zeros([*shape[:k], shape[k] + 1, *shape[k + 1 :]], taken.dtype) for k, n in enumerate(taken.shape) if n
        ]
        return {
            "a list": (good.tolist(), TypeError),
            "bytes": (good.tobytes(), TypeError),
            "another dtype": (good.astype(np.float64), ValueError),
            "one dimension more": (good[None], ValueError),
            "one dimension less": (good[0], TypeError if good.ndim == 1 else ValueError),
            "every other one": (np.repeat(good, 2, axis=0)[::2], ValueError),
            **{f"another length {k}": (one, ValueError) for k, one in enumerate(other)},
        }
    if isinstance(taken, Drawn):
        if taken.kind is int:
            return {"nothing": (None, TypeError), "a float": (7.0, TypeError), "a negative number": (-1, ValueError)}
        return {"nothing": (None, TypeError), "a number": (7, TypeError), "a plain tuple": ((0, 0), TypeError)}
    if isinstance(taken, OneOf):
        words = any(isinstance(value, str) for value in taken.values)
        found = {
            "none of them": (-977, TypeError if words else ValueError),
            "text": ("no such", ValueError if words else TypeError),
        }
        if all(type(value) is int for value in taken.values):
            found |= {"a float": (float(taken.values[0]), TypeError), "a bool": (True, TypeError)}
        return found
    found = {"text": ("9", TypeError), "a bool": (True, TypeError)}
    if isinstance(taken, Whole):
        found |= {"a float": (float(taken.low), TypeError), "too small": (taken.low - 2, ValueError)}
        if isinstance(taken, Odd):
            found["even"] = taken.low + 1, ValueError
        if taken.high is not None:
            found["too large"] = taken.high + 2, ValueError
        return found
    if isinstance(taken, Real):
        return found | {"no number": (math.nan, ValueError), "infinite": (math.inf, ValueError)}
    raise AssertionError(f"say what {type(taken).__name__} does not take")


def wrong_images(images: tuple[Image, ...]) -> Wrong:
    image, channels = images[0], {image.channels for image in images}
    side = image.least + 3
    good = np.zeros(image.shape(side, 2 * side), np.uint8)
    found: Wrong = {
        "a list": ([[0]], TypeError),
        "nothing": (None, TypeError),
        "floats": (good.astype(np.float32), ValueError),
        "signed": (good.astype(np.int8), ValueError),
        "a row": (np.zeros(side, np.uint8), ValueError),
        "two channels": (np.zeros((side, side, 2), np.uint8), ValueError),
        "no rows": (good[:0], ValueError),
        "no columns": (good[:, :0].copy(), ValueError),
        "every other column": (good[:, ::2], ValueError),
        "mirrored": (good[:, ::-1], ValueError),
        "Fortran's order": (np.asfortranarray(good), ValueError),
    }
    others = {1, 3, 4} - channels
    found |= {f"{n} channels": (np.zeros(Image(n).shape(side, side), np.uint8), ValueError) for n in others}
    if image.least > 1:
        found["too low"] = np.zeros(image.shape(image.least - 1, side), np.uint8), ValueError
        found["too narrow"] = np.zeros(image.shape(side, image.least - 1), np.uint8), ValueError
    if image.most is not None:
        found["too high"] = np.zeros(image.shape(image.most + 1, image.least), np.uint8), ValueError
        found["too wide"] = np.zeros(image.shape(image.least, image.most + 1), np.uint8), ValueError
    return found


CASES = [
    pytest.param(stage, parameter, value, error, id=f"{stage} {parameter} {name}")
    for stage in STAGES
    for parameter, taken in registry.stage(stage).terms.takes.items()
    for name, (value, error) in wrong(taken).items()
]


@pytest.mark.parametrize(("stage", "parameter", "value", "error"), CASES)
def test_it_is_refused_in_one_line(stage: str, parameter: str, value: Any, error: type[Exception]) -> None:
    names = registry.stage(stage).terms.parameters
    (case,) = some_cases(stage, 1)
    right = dict(zip(names, copied(given(stage, case)), strict=False))
    registry.stage(stage).contract(**right)
    with pytest.raises(error, match=rf"^{parameter}\b") as caught:
        registry.stage(stage).contract(**right | {parameter: value})
    assert "\n" not in str(caught.value)
    assert "give" in str(caught.value)
    assert not isinstance(caught.value, ValueError) or isinstance(caught.value, UsageError)


@pytest.mark.parametrize("stage", [name for name in STAGES if name.endswith("_many")])
@pytest.mark.parametrize(
    ("images", "error", "text"),
    [
        ((), TypeError, "^images is a tuple"),
        ([None], TypeError, r"^images\[0\] is a NoneType"),
        ([np.zeros((40, 40, 7), np.uint8)], UsageError, r"^images\[0\]: \w+ is uint8 \(40, 40, 7\)"),
    ],
    ids=["a tuple", "nothing", "seven channels"],
)
def test_a_wrong_image_among_many_is_named(stage: str, images: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        registry.stage(stage).contract(images)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("stage", [name for name in STAGES if name.endswith("_many")])
@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (1.0, TypeError), (True, TypeError)])
def test_a_wrong_seed_of_many_is_refused(stage: str, seed: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^seed is"):
        registry.stage(stage).contract([], seed=seed)
