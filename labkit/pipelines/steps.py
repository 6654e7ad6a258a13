"""A stage as a step of a chain: one of its variants, with parameters, and with what is drawn for each image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.core.contract import Drawn
from labkit.core.draws import generator
from labkit.core.errors import UsageError, listed
from labkit.core.registry import registry
from labkit.core.variant import Variant


@dataclass(frozen=True)
class StageStep:
    """One image through one variant. It travels by its functions, which are found by name where they arrive.

    ``again`` counts the steps of the same stage before it in its chain: each of them draws otherwise.
    """

    stage: str
    variant: str
    contract: Callable[..., None]
    function: Callable[..., Any]
    drawn: Drawn | None
    rest: tuple[Any, ...] = ()
    again: int = 0

    @property
    def words(self) -> str:
        return f"{self.stage} by {self.variant}"

    def __call__(self, image: np.ndarray, seed: int, index: int) -> np.ndarray:
        """The output for an image, in the stage's own words where it does not take it; the input is left as it is."""
        inputs = (image, *self.choices(image, seed, index), *self.rest)
        self.contract(*inputs)
        made: np.ndarray = self.function(*inputs)
        return made

    def choices(self, image: np.ndarray, seed: int, index: int) -> tuple[Any, ...]:
        """What is drawn for this image, where anything is."""
        if self.drawn is None:
            return ()
        if self.again:
            seed = int(generator(seed, self.again, "chain").integers(2**63))
        return (self.drawn(seed, index, image.shape),)


def stage_step(variant: Variant, parameters: Mapping[str, Any] | None = None, again: int = 0) -> StageStep:
    """A step of this variant with the stage's defaults, but for ``parameters``.

    Raises UsageError for a stage that does not take one image, an unknown parameter or one out of range, and a variant that
    can't run here or must be opened first.
    """
    stage = registry.stage(variant.stage)
    terms = stage.terms
    if not terms.of_one_image:
        raise UsageError(
            f"stage {stage.name}{stage.signature} does not take one image, so it can't be a step of a chain"
        )
    unknown = [name for name in parameters or {} if name not in terms.defaults]
    if unknown:
        raise UsageError(f"stage {stage.name} has no parameter {unknown[0]!r}; it has: {listed(terms.defaults)}")
    settings = {**terms.defaults, **(parameters or {})}
    for name, value in settings.items():
        if name in terms.takes:
            terms.takes[name].check(name, value)
    if variant.function is None or variant.unavailable():
        reason = variant.unavailable() or "it must be opened before it is called"
        raise UsageError(f"{stage.name} by {variant.name} can't be a step here: {reason}")
    rest = tuple(settings.values())
    return StageStep(stage.name, variant.name, stage.contract, variant.function, terms.drawn, rest, again)


def likely_quickest(stage: str, wanted: Sequence[str] = ()) -> Variant:
    """Of the variants that are plain functions and can run here: the first of the wanted, else native, else the reference.

    Raises UsageError, with the reason, when there is none.
    """
    known = registry.of(stage)  # the reference first
    order = [known[name] for name in wanted if name in known]
    order += [found for found in known.values() if found.kind == "native" and not found.parallel]
    order += [found for found in known.values() if found.kind != "gpu"]
    for variant in order:
        if variant.function is not None and not variant.unavailable():
            return variant
    reason = next((found.unavailable() for found in order if found.unavailable()), "it has no plain variant")
    raise UsageError(f"stage {stage} can't run here: {reason}")
