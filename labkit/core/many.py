"""Many images from a one-image stage: ``STAGE_many(images, …, seed=0)``, with one variant for each of the stage's own.

Its split is by images, so each of its variants runs under every engine. What is random about image i is drawn from (seed, i).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labkit.core.agreement import Agreement, Difference, Exact, rule_for
from labkit.core.contract import Image, Terms, Whole
from labkit.core.derived import Many
from labkit.core.errors import UsageError
from labkit.core.split import Split
from labkit.core.stage import Stage
from labkit.core.variant import Variant
from labkit.core.workload import Workload


@dataclass(frozen=True)
class OneImage:
    """One image's work: draw its choices, where there are any, and apply them. Pickles with its function."""

    function: Callable[..., Any]
    draw: Callable[[int, int, tuple[int, ...]], Any] | None

    def __call__(self, image: np.ndarray, seed: int, index: int, *rest: Any) -> Any:
        if self.draw is None:
            return self.function(image, *rest)
        return self.function(image, self.draw(seed, index, image.shape), *rest)


@dataclass(frozen=True)
class OneByOne:
    """All images' work, one after the other, with the signature of the many-image stage: images, parameters, seed."""

    one: OneImage
    __signature__: inspect.Signature

    def __call__(self, *inputs: Any, **named: Any) -> list[Any]:
        images, rest, seed = _sorted_out(self.__signature__, *inputs, **named)
        return [self.one(image, seed, index, *rest) for index, image in enumerate(images)]


@dataclass(frozen=True)
class OfEach:
    """The agreement of many images: image by image, where that of one looks at its inputs."""

    of_one: Agreement
    draw: Callable[[int, int, tuple[int, ...]], Any] | None
    signature: inspect.Signature

    def difference(self, output: Any, expected: Any) -> Difference | None:
        """Without inputs: as the agreement of one image compares lists."""
        return self.of_one.difference(output, expected)

    def given(self, *inputs: Any) -> Agreement:
        """The rules for these images."""
        images, rest, seed = _sorted_out(self.signature, *inputs)
        one = OneImage(lambda *given: rule_for(self.of_one, given), self.draw)
        return _Each(tuple(one(image, seed, index, *rest) for index, image in enumerate(images)))


@dataclass(frozen=True)
class _Each:
    rules: tuple[Agreement, ...]

    def difference(self, output: Any, expected: Any) -> Difference | None:
        if type(output) is not list or len(output) != len(self.rules):
            return Exact().difference(output, expected)
        for index, (rule, made, wanted) in enumerate(zip(self.rules, output, expected, strict=True)):
            found = rule.difference(made, wanted)
            if found is not None:
                return replace(found, where=f"[{index}]{found.where}")
        return None


def _sorted_out(
    signature: inspect.Signature, *inputs: Any, **named: Any
) -> tuple[list[np.ndarray], tuple[Any, ...], int]:
    bound = signature.bind(*inputs, **named)
    bound.apply_defaults()
    images, *rest, seed = bound.args
    return images, tuple(rest), seed


def many_of_stage(single: Stage) -> Stage:
    """The stage ``{single.name}_many`` of a stage that takes one image, what is drawn for it, and parameters with defaults."""
    terms, many = single.terms, single.many
    assert many is not None
    signature = _signature(terms)
    image = max(terms.images, key=lambda image: image.channels)

    def parts(count: int, *inputs: Any) -> list[tuple[Any, ...]]:
        """One part an image, whatever ``count``: what an engine hands over at a time is the engine's to choose."""
        images, rest, seed = _sorted_out(signature, *inputs)
        return [(image, seed, index, *rest) for index, image in enumerate(images)]

    floor = None if single.floor_bytes is None else OneByOne(OneImage(single.floor_bytes, terms.drawn), signature)
    contract = _contract(single, signature)
    return Stage(
        contract.__name__,
        contract,
        single.reference,
        {name: _workload(name, size, image, many) for name, size in many.sizes.items()},
        edge_cases=lambda: _edge_cases(image, many, tuple(terms.defaults.values())),
        agreement=OfEach(single.agreement, terms.drawn, signature)
        if hasattr(single.agreement, "given")
        else single.agreement,
        floor_bytes=None if floor is None else lambda *inputs: sum(floor(*inputs)),
        split=Split("images", parts, lambda results, *inputs: list(results)),
        items=lambda images, *rest: len(images),
        # the one-image stage's reasons, less that for engines: many images do run under them
        empty_cells={cell: reason for cell, reason in single.empty_cells.items() if cell != "multiprocess"},
    )


def many_of_variant(variant: Variant, single: Stage) -> Variant:
    """The variant of the many-image stage: a plain loop over a one-image variant."""
    draw, signature = single.terms.drawn, _signature(single.terms)
    common: dict[str, Any] = {
        "stage": f"{single.name}_many",
        "name": variant.name,
        "kind": variant.kind,
        "requires": variant.requires,
        "missing": variant.missing,
        "origin": variant.origin,
        "summary": f"one after the other: {variant.summary[:1].lower()}{variant.summary[1:]}",
        "host": variant.host,
    }
    if variant.function is not None:
        one = OneImage(variant.function, draw)
        return Variant(**common, function=OneByOne(one, signature), partial=one)
    if variant.arm is not None:
        return Variant(**common, arm=_arm(variant.arm, draw, signature))
    return Variant(**common)  # not importable here: ``missing`` says why


def _signature(terms: Terms) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    rest = [inspect.Parameter(name, kind, default=default) for name, default in terms.defaults.items()]
    return inspect.Signature([inspect.Parameter("images", kind), *rest, inspect.Parameter("seed", kind, default=0)])


def _contract(single: Stage, signature: inspect.Signature) -> Callable[..., None]:
    one_check = OneImage(single.contract, single.terms.drawn)
    wanted = single.terms.images[0].wanted

    def contract(*inputs: Any, **named: Any) -> None:
        images, rest, seed = _sorted_out(signature, *inputs, **named)
        if not isinstance(images, list):
            raise TypeError(f"images is a {type(images).__name__}; give a list of numpy arrays {wanted}")
        Whole(0).check("seed", seed)
        for index, image in enumerate(images):
            if not isinstance(image, np.ndarray):
                raise TypeError(f"images[{index}] is a {type(image).__name__}; give a numpy array {wanted}")
            try:
                one_check(image, seed, index, *rest)
            except UsageError as error:
                raise UsageError(f"images[{index}]: {error}") from error

    contract.__signature__ = signature  # type: ignore[attr-defined]
    contract.__name__ = contract.__qualname__ = f"{single.name}_many"
    contract.__module__ = single.contract.__module__
    contract.__doc__ = f"""{single.name} of many images: {single.summary[:1].lower()}{single.summary[1:]}

    Parameters
    ----------
    images : list of {wanted}, C-contiguous; sizes may differ, and the list may be empty.
    {"".join(f"{name} : as in ``{single.name}``.{chr(10)}    " for name in single.terms.defaults)}\
seed : of the run, at least 0. What is random about image i is drawn from (seed, i) alone.

    Returns
    -------
    list : for each image, in order, what ``{single.name}`` gives.

    Raises
    ------
    TypeError, ValueError : what ``{single.name}`` raises for one of the images (the text says which); seed < 0.
    """
    return contract


def _workload(name: str, size: tuple[int, int, int], image: Image, many: Many) -> Workload:
    count, height, width = size

    def build(first: int) -> tuple[list[np.ndarray]]:
        return (many.images(image, first, count, height, width),)

    summary = f"{count} images of {width}×{height}, all different"
    return Workload(name, lambda: build(0), summary, other=lambda: build(count))


def _edge_cases(image: Image, many: Many, rest: tuple[Any, ...]) -> dict[str, tuple[Any, ...]]:
    def cut(index: int, height: int, width: int) -> np.ndarray:
        return many.images(image, index, 1, height, width)[0]

    return {
        "no image": ([], *rest, 0),
        "one image": ([cut(0, 40, 60)], *rest, 0),
        "sizes differ": ([cut(k, 24 + 9 * k, 64 - 7 * k) for k in range(5)], *rest, 3),
        "the same image twice": ([cut(0, 33, 47), cut(0, 33, 47)], *rest, 1),
        "a large seed": ([cut(1, 30, 30)], *rest, 2**63),
    }


def _arm(
    opened: Callable[[], AbstractContextManager[Callable[..., Any]]],
    draw: Callable[[int, int, tuple[int, ...]], Any] | None,
    signature: inspect.Signature,
) -> Callable[[], AbstractContextManager[Callable[..., Any]]]:
    @contextmanager
    def arm() -> Iterator[Callable[..., Any]]:
        with opened() as function:
            yield OneByOne(OneImage(function, draw), signature)

    return arm
