"""albumentations' own transforms as a step of a chain, from the YAML text that ``albumentations.save`` writes."""

from __future__ import annotations

import os
import random
import threading
import warnings
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from labkit.core.draws import generator
from labkit.core.errors import UsageError


@dataclass(frozen=True)
class TransformStep:
    """An albumentations transform in its serialised form (YAML). It sees RGB, as its transforms expect.

    It travels as its text and is rebuilt once a thread: no transform is pickled, none is built for each image, and no two
    threads share one (a transform holds state).
    """

    name: str
    text: str
    _local: threading.local = field(default_factory=threading.local, compare=False, repr=False)

    @property
    def words(self) -> str:
        return f"albumentations' {self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return TransformStep, (self.name, self.text)

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        transform = getattr(self._local, "transform", None)
        if transform is None:
            transform = self._local.transform = rebuilt(self.text, self.name)
        draws = generator(seed, index, "albumentations")
        cv2.setRNGSeed(int(draws.integers(2**31)))  # OpenCV keeps one generator a thread
        transform.set_random_state(draws, random.Random(int(draws.integers(2**63))))
        given = transform(image=cv2.cvtColor(image, cv2.COLOR_BGR2RGB))["image"]
        if isinstance(given, np.ndarray) and given.ndim == 3 and given.shape[2] == 3 and given.dtype == np.uint8:
            given = cv2.cvtColor(given, cv2.COLOR_RGB2BGR)
        return given


def rebuilt(text: str, name: str) -> Any:
    """The transform in an albumentations YAML text; raises UsageError, naming the file, when there is none."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else importing it asks the network for a newer version
    import albumentations
    import yaml

    try:
        held = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise UsageError(f"chain {name} is not valid YAML{where}: {getattr(error, 'problem', error)}") from error
    if not isinstance(held, dict) or not isinstance(held.get("transform"), dict):
        raise UsageError(
            f"chain {name} holds no transform; write it with albumentations.save(chain, {name!r}, data_format='yaml')"
        )
    _check_names(held["transform"], name)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            transform = albumentations.from_dict(held)
        except Exception as error:
            reason = str(error).splitlines()
            raise UsageError(
                f"chain {name} can't be rebuilt: {type(error).__name__}: {', '.join(reason[:3]) or 'no reason given'}"
            ) from error
    for warning in warned:
        if "are not valid for transform" in str(warning.message):  # a misspelt argument would be left out silently
            raise UsageError(f"chain {name}: {warning.message}; correct its spelling")
    return transform


def _check_names(transform: Any, name: str) -> None:
    """Every class that the file names exists and can be rebuilt from it."""
    from albumentations.core import serialization

    serialization.register_additional_transforms()
    if not isinstance(transform, dict) or not isinstance(transform.get("__class_fullname__"), str):
        raise UsageError(f"chain {name}: a transform without __class_fullname__; write it with albumentations.save")
    wanted = transform["__class_fullname__"]
    if serialization.shorten_class_name(wanted) in serialization.NON_SERIALIZABLE_REGISTRY:
        raise UsageError(
            f"chain {name} holds a {wanted} ({transform.get('__name__', 'without name')}), whose function no file can hold; "
            "use a transform of albumentations that does the same, or give your function to labkit.folders.run from Python"
        )
    if serialization.shorten_class_name(wanted) not in serialization.SERIALIZABLE_REGISTRY:
        raise UsageError(f"chain {name}: albumentations has no transform {wanted!r}; see albumentations' list of them")
    inner = transform.get("transforms", [])
    if not isinstance(inner, list):
        raise UsageError(f"chain {name}: transforms of {wanted} is a {type(inner).__name__}; give a list")
    for part in inner:
        _check_names(part, name)
