"""A chain as a stage: so it is checked, timed, profiled step by step and run under every engine like any other.

Its variants: ``chosen``, with the steps as the chain names them; ``reference``, each step by its stage's reference; and for each
kind of which every step has a variant, one named by the kind. What is random is drawn from (seed, index), as in the chain.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple

from labkit.core.agreement import Agreement, Difference, Exact, Psnr, Share
from labkit.core.contract import BGR, Drawn
from labkit.core.registry import registry
from labkit.core.stage import KINDS, define_stage
from labkit.core.variant import Variant
from labkit.pipelines.chains import Step, StepChain
from labkit.pipelines.steps import StageStep, stage_step
from labkit.pipelines.transforms import TransformStep

ALIKE_DB = 30.0
OTHERWISE = 0.1


class Place(NamedTuple):
    """Where an image stands: the run's ``seed`` and the image's ``position`` in it; with them every step draws."""

    seed: int
    position: int


@dataclass(frozen=True)
class Alike:
    """How answers of steps agree that need not agree exactly each: by 30 dB, or in all but a tenth of the elements.

    A later step may make more of a small difference. Behind an ``augment`` that is off by one, some pixels of a small noisy
    picture fall on the other side of Otsu's threshold: in 365 of 3000 drawn, more than a tenth of them in 2.
    """

    def difference(self, output: Any, expected: Any) -> Difference | None:
        return Psnr(ALIKE_DB).difference(output, expected) and Share(OTHERWISE).difference(output, expected)


def chain_stage(chain: StepChain) -> str:
    """Register the chain as the stage ``NAME_chain``, and with it ``NAME_chain_many``; returns the name.

    Raises UsageError when a stage of that name exists already.
    """
    name = re.sub(r"\W", "_", chain.name.rpartition(".yaml")[0] or chain.name) + "_chain"

    def contract(image: BGR, place: Annotated[Place, Drawn(Place, Place)]) -> None:
        pass

    contract.__name__ = contract.__qualname__ = name
    contract.__annotations__ = {"image": BGR, "place": Annotated[Place, Drawn(Place, Place)]}
    contract.__doc__ = f"The chain {chain.name}: {', then '.join(step.words for step in chain.steps)}."
    made = define_stage(contract, reference="reference", agreement=_agreement(chain))
    origin = f"labkit.pipelines.chain_stage:{name}"
    registry.add_stage(made, origin)
    registry.chains |= dict.fromkeys((name, f"{name}_many"), chain.source)
    for variant, kind, steps in _ways(chain):
        function = _written(name, variant, steps)
        words = ", then ".join(step.words for step in steps)
        registry.add_variant(Variant(name, variant, kind, function, origin=f"{origin}.{variant}", summary=words))
    return name


def _ways(chain: StepChain) -> list[tuple[str, str, list[Step]]]:
    """Name, kind and steps of each variant; a way that is another's under a second name is left out."""
    ways = [
        (
            "reference",
            "library",
            [_as(step, lambda v: v.name == registry.stage(v.stage).reference) for step in chain.steps],
        )
    ]
    ways.append(("chosen", _kind(chain.steps[-1]), list(chain.steps)))
    ways += [(kind, kind, [_as(step, lambda v, kind=kind: v.kind == kind) for step in chain.steps]) for kind in KINDS]
    found: list[tuple[str, str, list[Step]]] = []
    for name, kind, steps in ways:
        whole = [step for step in steps if step is not None]
        if len(whole) == len(chain.steps) and whole not in [known for _, _, known in found]:
            found.append((name, kind, whole))
    return found


def _as(step: Step, fits: Callable[..., bool]) -> Step | None:
    """The step by the first variant of its stage that fits and is a plain function on one thread; None where there is none."""
    if isinstance(step, TransformStep):
        return step
    for variant in registry.of(step.stage).values():
        if fits(variant) and variant.function is not None and not variant.parallel and not variant.unavailable():
            plain = stage_step(variant, None, step.again)
            return replace(plain, rest=step.rest)
    return None


def _kind(step: Step) -> str:
    return registry.variant(step.stage, step.variant).kind if isinstance(step, StageStep) else "library"


def _agreement(chain: StepChain) -> Agreement:
    rules = [registry.stage(step.stage).agreement if isinstance(step, StageStep) else Exact() for step in chain.steps]
    if len(rules) == 1 or all(isinstance(rule, Exact) for rule in rules):
        return rules[0]
    return Alike()


def _written(chain: str, variant: str, steps: list[Step]) -> Callable[..., Any]:
    """A function that calls the steps in a row, a marked block each: what a profile by line shows."""
    lines = [f"def {chain}(image, place):"]
    for number, step in enumerate(steps):
        word = step.stage if isinstance(step, StageStep) else step.name
        lines += [f"    # block: {word}", f"    image = step_{number}(image, *place)"]
    text = "\n".join([*lines, "    return image", ""])
    file = f"<{chain} {variant}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {f"step_{number}": step for number, step in enumerate(steps)}
    exec(compile(text, file, "exec"), scope)
    function: Callable[..., Any] = scope[chain]
    function.__doc__ = f"{', then '.join(step.words for step in steps)}."
    return function
