"""Chains: steps one after the other over one image, by name, or from a YAML file.

A chain is called as ``chain(image, seed, index)``. Everything random comes from (seed, index), so the same image gets the
same output under every engine. A file holds either what ``albumentations.save`` wrote, or steps of labkit's stages::

    steps:
      - stage: grey
      - stage: median
        parameters: {size: 5}
        variant: native
      - albumentations: mine.yaml

``variant`` is the likely quickest where it is not said; the file of an albumentations step lies beside this one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from labkit.core.errors import UsageError, listed
from labkit.core.registry import registry
from labkit.pipelines.steps import StageStep, likely_quickest, stage_step
from labkit.pipelines.transforms import TransformStep, rebuilt

# name: what it is told as, and its steps: the stage, and its variants from the most to the least wanted. What a chain draws
# is the same for each of them.
NAMED: dict[str, tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "photo": ("photo", (("augment", ("native", "cv2")),)),
    "document": ("document", (("augment_documents", ("rewritten", "augraphy_streams")),)),
    "hybrid": ("hybrid", (("augment_hybrid", ("rewritten", "libraries_streams")),)),
    "ocr": ("ocr-dataset", (("degrade_page", ("opencv",)), ("ocr_preprocess", ("native", "opencv")))),
}
SUFFIXES = (".yaml", ".yml")
FILE = "a YAML file of steps, or one that albumentations.save wrote"
LARGEST_SEED = 2**63 - 1
KEYS = {"stage", "variant", "parameters"}

Step = StageStep | TransformStep


class Chain(Protocol):
    """What is applied to images, labkit's or one's own; it can be pickled."""

    @property
    def name(self) -> str:
        """In one word, for people."""

    @property
    def identity(self) -> str:
        """Two chains of the same identity give the same output."""

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        """The output for uint8 (h, w, 3) BGR: uint8 (h', w') or (h', w', 3); the input is left as it is."""


@dataclass(frozen=True)
class StepChain:
    """Steps one after the other. ``name`` is for people; two chains of the same ``identity`` give the same output.

    ``text`` is the YAML that it came from, None where it came by name; ``source`` that name, or the file. It can be pickled.
    """

    name: str
    steps: tuple[Step, ...]
    text: str | None = None
    source: str = field(default="", compare=False)

    @property
    def identity(self) -> str:
        if self.text is None:
            return self.name
        beside = [step.text for step in self.steps if isinstance(step, TransformStep) and step.text != self.text]
        digest = hashlib.sha256("\n".join([self.text, *beside]).encode()).hexdigest()
        return f"{self.name} (sha256 {digest[:16]})"

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        for step in self.steps:
            image = step(image, seed, index)
        return image


def open_chain(name_or_yaml: str) -> StepChain:
    """A chain by name (photo, document, hybrid, ocr), or the one in a YAML file.

    Raises UsageError for an unknown name, a chain that can't run here, and a file that holds none.
    """
    if name_or_yaml in NAMED:
        told, steps = NAMED[name_or_yaml]
        made = tuple(stage_step(likely_quickest(stage, wanted)) for stage, wanted in steps)
        return StepChain(told, made, source=name_or_yaml)
    path = Path(name_or_yaml)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"unknown chain {name_or_yaml!r}; give {listed(NAMED)}, or a FILE.yaml of steps or that albumentations.save wrote"
        )
    text = _read(path)
    return StepChain(path.name, _steps(text, path), text, name_or_yaml)


def _steps(text: str, path: Path) -> tuple[Step, ...]:
    """The steps of a file's text. What is wrong with it is said now, not by each worker."""
    import yaml

    try:
        held = yaml.safe_load(text)
    except yaml.YAMLError:
        held = None  # rebuilt says where
    if not (isinstance(held, dict) and "steps" in held):
        rebuilt(text, path.name)
        return (TransformStep(path.name, text),)
    steps, seen = held["steps"], Counter[str]()
    if not isinstance(steps, list) or not steps:
        raise UsageError(f"chain {path.name}: steps is a {type(steps).__name__}; give a list of at least one step")
    made: list[Step] = []
    for number, step in enumerate(steps, 1):
        try:
            made.append(_step(step, path, seen))
        except (UsageError, TypeError) as error:
            raise UsageError(f"chain {path.name}, step {number}: {error}") from error
    return tuple(made)


def _step(step: Any, path: Path, seen: Counter[str]) -> Step:
    if isinstance(step, Mapping) and set(step) == {"albumentations"}:
        beside = path.parent / str(step["albumentations"])
        text = _read(beside)
        rebuilt(text, beside.name)
        return TransformStep(beside.name, text)
    if not isinstance(step, Mapping) or not isinstance(step.get("stage"), str) or set(step) - KEYS:
        raise UsageError(
            f"it is {step!r}; give stage: NAME, with variant: and parameters: if need be, or albumentations: FILE"
        )
    name, parameters = step["stage"], step.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise UsageError(f"parameters is a {type(parameters).__name__}; give names and values, such as {{size: 5}}")
    variant = registry.variant(name, str(step["variant"])) if "variant" in step else likely_quickest(name)
    seen[name] += 1
    return stage_step(variant, parameters, seen[name] - 1)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"chain {path}: {error.strerror}; give {FILE}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"chain {path} is no text; give {FILE}") from error
