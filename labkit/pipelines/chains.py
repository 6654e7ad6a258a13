"""Chains over one image: what the commands and the server apply, by name or from albumentations' own YAML file.

A chain is called as ``chain(image, seed, index)``. Everything random comes from (seed, index), so the same image gets
the same output under every engine. A chain travels to another process as a few words and is rebuilt there, once a
thread: no transform is pickled, none is built for each image, and no two threads share one (a transform holds state).
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import random
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from labkit.core.draws import generator
from labkit.core.errors import UsageError, listed
from labkit.core.registry import registry

# name: the stage, and its variants from the most to the least wanted. What a chain draws is the same for each.
STAGES = {
    "photo": ("augment", ("native", "cv2")),
    "document": ("augment_documents", ("rewritten", "augraphy_streams")),
    "hybrid": ("augment_hybrid", ("rewritten", "libraries_streams")),
}
SUFFIXES = (".yaml", ".yml")
LARGEST_SEED = 2**63 - 1


class Chain(Protocol):
    """What ``open_chain`` gives; it can be pickled."""

    @property
    def name(self) -> str:
        """In one word, for people."""

    @property
    def identity(self) -> str:
        """Two chains of the same identity give the same output."""

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        """The output for uint8 (h, w, 3) BGR: uint8 (h', w') or (h', w', 3); the input is left as it is."""


@dataclass(frozen=True)
class StageChain:
    """A stage of labkit that draws its choices from (seed, index), some from the image's shape too.

    ``function`` and ``draw`` are ``module:name``.
    """

    name: str
    contract: str
    function: str
    draw: str
    draw_takes_shape: bool

    @property
    def identity(self) -> str:
        return self.name

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        draw = named(self.draw)
        choices = draw(seed, index, image.shape) if self.draw_takes_shape else draw(seed, index)
        named(self.contract)(image, choices)  # what the stage does not take is said in its own words
        return named(self.function)(image, choices)


@dataclass(frozen=True)
class SavedChain:
    """An albumentations transform in its serialised form (YAML). It sees RGB, as its transforms expect."""

    name: str
    text: str
    _local: threading.local = field(default_factory=threading.local, compare=False, repr=False)

    @property
    def identity(self) -> str:
        return f"{self.name} (sha256 {hashlib.sha256(self.text.encode()).hexdigest()[:16]})"

    def __reduce__(self) -> tuple[Any, ...]:
        return SavedChain, (self.name, self.text)

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


def open_chain(name_or_yaml: str) -> Chain:
    """The chain ``photo``, ``document`` or ``hybrid``, or the one that ``albumentations.save`` wrote to a YAML file.

    Raises UsageError for an unknown name, a chain that can't run here, and a file that is no such transform.
    """
    if name_or_yaml in STAGES:
        return _stage_chain(name_or_yaml)
    path = Path(name_or_yaml)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"unknown chain {name_or_yaml!r}; give {listed(STAGES)}, or a FILE.yaml that albumentations.save wrote"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"chain {path}: {error.strerror}; give a YAML file that albumentations.save wrote") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"chain {path} is no text; give a YAML file that albumentations.save wrote") from error
    rebuilt(text, path.name)  # what is wrong with it is said now, not by each worker
    return SavedChain(path.name, text)


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


def plain_variant(stage: str, wanted: tuple[str, ...] = ()) -> str:
    """The first of the wanted variants that can run here, else the reference or another on the CPU, as ``module:name``.

    Raises UsageError, with the reason, when there is none.
    """
    known = registry.of(stage)  # the reference first
    order = [known[one] for one in wanted if one in known] + list(known.values())
    for variant in order:
        if variant.function is not None and variant.kind != "gpu" and not variant.unavailable():
            # pybind11 puts a record's name before the function's
            origin = ":".join((variant.origin.partition(":")[0], variant.origin.rpartition(":")[2].rpartition(".")[2]))
            if named(origin) is variant.function:
                return origin
    reason = next((found.unavailable() for found in order if found.unavailable()), "it has no plain variant")
    raise UsageError(f"stage {stage} can't run here: {reason}")


def _stage_chain(name: str) -> StageChain:
    stage, wanted = STAGES[name]
    contract, draw = f"labkit.stages.{stage}:{stage}", f"labkit.stages.{stage}.draw:draw"
    function = plain_variant(stage, wanted)
    return StageChain(name, contract, function, draw, len(inspect.signature(named(draw)).parameters) == 3)


@cache
def named(origin: str) -> Callable[..., Any]:
    """The function of a ``module:name``. Compiled functions can't be pickled: they travel by name."""
    module, _, name = origin.partition(":")
    return getattr(importlib.import_module(module), name)
